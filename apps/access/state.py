"""What Redis holds of a key: where it lies, how PostgreSQL's word gets there, and that it does before a change returns.

Every name carries the organisation in braces: all keys of an organisation live in one slot of a cluster, so that one
script can touch them. The state's name carries the run of the server too: what an old file brings back is never read.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import redis
import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.db.models.signals import post_save
from django.dispatch import receiver

from apps.access.decisions import TURNS
from apps.access.models import ApiKey, ApiSecret
from apps.access.queries import month_used, recent_usage, usage_drain
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.postgres import POSTGRES
from apps.core.redis import Link, Script, Word, link

log = structlog.get_logger(__name__)

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
SETTLE_MS = 2_000  # after its birth, in which every web process counts again what it admitted before
PAUSE_SECONDS = 0.05
HOLD_MS = 10_000  # for so long a state is believed; then it is read again, while PostgreSQL answers


def script(name: str) -> Script:
    return Script(files("apps.access").joinpath(f"{name}.lua").read_text())


PUBLISH = script("publish")
BIRTH = script("birth")


def tag_of(organization_id: UUID) -> str:
    """How every name of an organisation begins."""
    return f"{{{organization_id.hex}}}:"


def counters_of(organization_id: UUID) -> str:
    """The set of an organisation's usage counters that hold something to drain."""
    return f"{tag_of(organization_id)}u"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose key it is. A secret's never changes, so a process may keep it; all else about a key it may not."""

    organization_id: UUID
    key_id: UUID
    tag: str  # tag_of the organisation
    key: str  # the key, as names and fields carry it
    window: str
    usages: str  # counters_of the organisation

    @classmethod
    def of(cls, organization_id: UUID, key_id: UUID) -> "Identity":
        tag, key = tag_of(organization_id), key_id.hex
        return cls(organization_id, key_id, tag, key, f"{tag}w:{key}", counters_of(organization_id))

    def state(self, run: str) -> str:
        return f"{self.tag}{run}:key:{self.key}"

    def counted(self, endpoint: str) -> str:
        """The field of a usage counter that says how many requests to the endpoint were admitted."""
        return f"{self.key}|{endpoint}|counted"

    def month(self, name: str) -> str:
        return f"{self.tag}m:{name}"


@dataclass(frozen=True, slots=True)
class Month:
    """A UTC calendar month: `202605`, its first millisecond, and the next one's."""

    name: str
    start: int
    end: int

    @classmethod
    def at(cls, now: int) -> "Month":
        """The month in which this millisecond lies."""
        first = instant(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return cls(f"{first:%Y%m}", milliseconds(first), milliseconds(following))


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def identity_of(secret_hash: str) -> Identity | None:
    """Whose secret it is, whether it works or not."""
    POSTGRES.demand()
    found = ApiSecret.objects.filter(secret_hash=secret_hash).values_list("key__organization_id", "key_id").first()
    return Identity.of(*found) if found else None


def load_state(connection: Link, who: Identity, *, run: str, now: int, renew: bool = False) -> None:
    """Write a key's state, month and window from PostgreSQL, as Redis's clock says `now` (ms); `renew`: state alone.

    What was read here must not outlive the server it was read for: `run` is the run that asked for it, and where the
    link has reached another one since, nothing is written: redis.ConnectionError, to be tried again. Else
    ApiKey.DoesNotExist; redis.RedisError; DatabaseError.
    """
    POSTGRES.demand()
    key = ApiKey.objects.select_related("organization").get(pk=who.key_id)
    month = Month.at(now)
    fields = state_fields(key, now)
    words: list[Word] = [version_of(key)]
    minutes: list[tuple[int, int]] = []
    if renew:
        words += ["", 0, 0, 0]
    else:
        words += [month_used(who.organization_id, instant(now)), month.end + 7 * DAY]
        words += [known_before(life(connection)), birth(connection) + SETTLE_MS]
        minutes = recent_usage(who.key_id, instant(now))
    words += [len(fields), *fields]
    words += [word for minute in minutes for word in seed(*minute, now=now)]
    if connection.run != run:
        raise redis.ConnectionError("Redis was started again meanwhile.")
    connection.call(PUBLISH, [who.state(run), who.window, who.month(month.name)], words)


def birth(connection: Link) -> int:
    """When the server's data was born, in its own milliseconds: another number, and all before it is lost.

    0 for a cluster's node, most of which keep no such name: there it is noticed by the next request of a key only.
    """
    try:
        return int(connection.call(BIRTH, [f"birth:{connection.run}"], []))
    except redis.exceptions.MovedError:
        return 0


def life(connection: Link) -> str:
    """Names the server's data: another name, and what it held may be lost, all of it or the newest."""
    return f"{connection.run}:{birth(connection)}"


def known_before(life: str) -> int:
    """Redis's millisecond up to which PostgreSQL had every count when this life of the server began; 0: none.

    What was drained in this life says nothing of what was lost before it.
    """
    drain = usage_drain()
    at = drain and (drain.lost_since if drain.life == life else drain.known_until)
    return milliseconds(at) if at else 0


def drained_until(life: str) -> int:
    """Redis's millisecond up to which PostgreSQL has every count of this life; 0: none."""
    drain = usage_drain()
    return milliseconds(drain.known_until) if drain and drain.life == life else 0


def epoch_of(connection: Link, who: Identity) -> tuple[str, int]:
    """The epoch of a key's state, and since when what was admitted before it is lost (ms); loaded if need be.

    redis.RedisError, DatabaseError, ApiKey.DoesNotExist.
    """
    for _ in range(TURNS):
        run = connection.run
        epoch, since = connection.send("HMGET", who.state(run), "epoch", "since")
        if epoch is not None:
            return epoch, int(since)
        load_state(connection, who, run=run, now=now_of(connection))
    raise redis.RedisError("Redis forgets faster than it is told.")


def now_of(connection: Link) -> int:
    """Redis's millisecond."""
    seconds, microseconds = connection.send("TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000


def seed(minute: int, counted: int, *, now: int) -> tuple[int, int]:
    """A minute of PostgreSQL's as the window takes it: every request as late in it as can be."""
    return min((minute + 1) * MINUTE - 1, now), counted


def version_of(key: ApiKey) -> int:
    """Microseconds of its last change: of two states the one with the higher number holds."""
    return round(key.changed_at.timestamp() * 1_000_000)


def state_fields(key: ApiKey, now: int) -> list[Word]:
    """Names and values of the state's hash that are PostgreSQL's: the limits, and until when each secret works."""
    tier = TIERS[key.organization.tier]
    fields: list[Word] = ["read", now, "tier", tier.slug, "hourly", tier.hourly, "monthly", tier.monthly]
    if key.revoked_at is None:
        for secret in key.secrets.filter(Q(works_until__isnull=True) | Q(works_until__gt=instant(now))):
            ends = [milliseconds(at) for at in (key.expires_at, secret.works_until) if at is not None]
            fields += [f"s:{short(secret.secret_hash)}", min(ends, default=0)]  # 0: for ever
    return fields


def short(secret_hash: str) -> str:
    """As much of a secret's hash as tells the few secrets of one key apart."""
    return secret_hash[:16]


def publish_state(*key_ids: UUID) -> None:
    """Put the state of keys where every web process reads it: when the transaction commits, or now if there is none.

    If Redis does not answer, this waits until nothing that was read before the change is believed any more. Where
    the connection is refused, no server listens, and the change holds at once: keys are then checked in PostgreSQL, and
    a server that comes back is another run, without any state. Only what is saved row by row comes here: never change
    an organisation's tier by a bulk update.
    """
    transaction.on_commit(lambda: _publish(list(key_ids)))


@receiver(post_save, sender=Organization)
def follow_tier(instance: Organization, **_signal: Any) -> None:
    """A change of tier is a change of every key: in force before the call that made it returns."""
    keys = ApiKey.objects.filter(organization=instance)
    keys.update(changed_at=Greatest(Now(), F("changed_at") + timedelta(microseconds=1)))
    publish_state(*keys.values_list("pk", flat=True))


def _publish(waiting: list[UUID]) -> None:
    deadline, refusals = time.monotonic() + HOLD_MS / 1000 + 1, 0
    while waiting:
        try:
            _publish_once(waiting[-1])
            waiting.pop()
        except redis.RedisError as error:
            refusals += nobody_listens(error)
            if refusals == 2 or time.monotonic() > deadline:  # the first may be an old connection's
                log.warning("key state not published", keys=len(waiting), error=type(error).__name__)
                return
            time.sleep(PAUSE_SECONDS)


def nobody_listens(error: BaseException) -> bool:
    """Whether the machine at Redis's address refused the connection: then no web process has one either."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, ConnectionRefusedError) or (cause is not None and nobody_listens(cause))


def _publish_once(key_id: UUID) -> None:
    mine = link()
    run = mine.run
    organization_id = ApiKey.objects.values_list("organization_id", flat=True).get(pk=key_id)
    load_state(mine, Identity.of(organization_id, key_id), run=run, now=now_of(mine))
