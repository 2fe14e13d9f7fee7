"""What state a key is in, in the words of its pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import Http404

from apps.access.models import ApiKey
from apps.access.queries import with_uses
from apps.dashboard.doors import Visit

SOON = timedelta(days=14)  # an end so near is worth a mark


@dataclass(frozen=True, slots=True)
class State:
    """`word` and, where it has one, the instant behind it. kind: good, notice or bad, as badges are; else plain."""

    word: str
    kind: str
    at: datetime | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A key of the organisation, when it was used last (some seconds late), and its state."""

    key: ApiKey
    last_used_at: datetime | None
    old_until: datetime | None
    state: State

    @classmethod
    def of(cls, key: ApiKey, *, now: datetime) -> "Shown":
        """Of a key as `with_uses` reads it."""
        last_used_at, old_until = getattr(key, "last_used_at", None), getattr(key, "old_until", None)
        return cls(key, last_used_at, old_until, state_of(key, last_used_at, old_until, now=now))


def state_of(key: ApiKey, last_used_at: datetime | None, old_until: datetime | None, *, now: datetime) -> State:
    if key.revoked_at is not None:
        return State("revoked", "bad", key.revoked_at, ended=True)
    if key.expires_at is not None and key.expires_at <= now:
        return State("expired", "bad", key.expires_at, ended=True)
    if old_until is not None:
        return State("rotating until", "notice", old_until)
    if key.expires_at is not None and key.expires_at - now < SOON:
        return State("expires", "notice", key.expires_at)
    return State("works", "good") if last_used_at else State("never used", "")


def key_shown(visit: Visit, key_id: UUID, *, now: datetime) -> Shown:
    """The visited organisation's key of this id; Http404 where it has none."""
    key = with_uses(ApiKey.objects.filter(organization=visit.organization, pk=key_id), now=now).first()
    if key is None:
        raise Http404("This organisation has no such key.")
    return Shown.of(key, now=now)
