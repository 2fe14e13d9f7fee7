"""Who tries many keys that do not work: at most 300 a minute from one address are answered as such."""

from ipaddress import IPv6Address, ip_address

import redis

from apps.access.state import script
from apps.core.away import REDIS_AWAY
from apps.core.redis import link

FAILED = script("failed")
MOST_A_MINUTE = 300


def failed_from(address: str) -> int:
    """Count a key that failed; 0, or the seconds until the address may fail again (1 to 60).

    0 too while Redis is away: then nothing is counted.
    """
    if REDIS_AWAY:
        return 0
    try:
        failed, left = link().call(FAILED, [f"{{{whole_network(address)}}}:failed:"], [])
    except redis.RedisError:
        return 0
    return -(-int(left) // 1000) if failed > MOST_A_MINUTE else 0


def whole_network(address: str) -> str:
    """An IPv4 address as it is; of IPv6 the /64, all of which one subscriber has. What is no address stays as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(getattr(found, "ipv4_mapped", None) or found)
