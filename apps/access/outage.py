"""Redis is away: keys are checked in PostgreSQL, and this process serves each key a little, which is counted later.

The little is the key's share of one minute, divided by the web processes, once an outage: there is more when Redis is
back and has counted what was served.
"""

from datetime import datetime

from django.conf import settings

from apps.access.decisions import CAPPED, OK, SPENT
from apps.access.ledger import LEDGERS
from apps.access.limiter import Admission, Held
from apps.access.queries import month_used, working_key
from apps.access.state import Identity, Month, milliseconds
from apps.accounts.tiers import TIERS, Tier
from apps.core.postgres import POSTGRES

RETRY_SECONDS = 5  # after which an outage is worth another look


def share(tier: Tier) -> int:
    """What one web process may serve of a key in an outage."""
    return -(-tier.hourly // (60 * settings.WEB_WORKERS))


def decide_alone(*, secret: str, who: Identity, endpoint: str, count: bool, now: datetime) -> Admission | None:
    """What limiter.decide says, without Redis; None for a key that does not work. DatabaseError with no PostgreSQL."""
    POSTGRES.demand()
    key = working_key(secret=secret, now=now)
    if key is None:
        return None
    tier = TIERS[key.organization.tier]
    moment = milliseconds(now)
    month = Month.at(moment)
    used = month_used(who.organization_id, now)
    ledger = LEDGERS.open(who)
    decision = OK
    if count and used >= tier.monthly:
        decision = CAPPED
    elif count and not ledger.spend(endpoint, share(tier)):
        decision = SPENT
    again = {CAPPED: -((moment - month.end) // 1000), SPENT: RETRY_SECONDS}.get(decision, 0)
    left = max(0, share(tier) - ledger.spent)
    return Admission(
        decision,
        who,
        endpoint,
        0,
        tier.slug,
        tier.hourly,
        left,
        moment // 1000 + RETRY_SECONDS,
        tier.monthly,
        used,
        month.end // 1000,
        again,
        Held(tier.hourly - left, 0, 0),
    )
