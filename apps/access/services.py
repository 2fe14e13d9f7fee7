"""Every write to an API key."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.access.keys import hash_secret, hex_digits, new_secret
from apps.access.models import ApiKey, ApiSecret
from apps.access.queries import working
from apps.access.state import publish_state
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError

GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=7)


class KeyLimitReached(AppError):
    code = "key_limit_reached"


class KeyRefused(AppError):
    code = "key_refused"


class KeyNotWorking(AppError):
    code = "key_not_working"


@transaction.atomic
def create_key(
    *, organization: Organization, name: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which nothing can show again.

    KeyRefused for a name that is not 1 to 80 printable characters.
    KeyLimitReached if the organisation holds as many working keys as its tier allows. Its row is locked meanwhile,
    so that two calls at once cannot both take the last place.
    """
    tier = TIERS[Organization.objects.select_for_update().get(pk=organization.pk).tier]
    if working(now=now).filter(organization=organization).count() >= tier.active_keys:
        raise KeyLimitReached(
            f"{organization.name} holds {tier.active_keys} working keys, all that {tier.slug} allows: revoke one first."
        )
    key = ApiKey(organization=organization, name=a_name(name), created_at=now, changed_at=now, expires_at=expires_at)
    return key, give_secret(key, now=now)


@transaction.atomic
def rotate_key(*, key_id: UUID, now: datetime, grace: timedelta = GRACE) -> tuple[ApiKey, str]:
    """Give a key a new secret, which works at once; what it had before works until the grace ends, or sooner.

    The key keeps its id, name, window and usage. `grace`: 0 to 7 days, else KeyRefused. KeyNotWorking for one that is
    revoked or expired, ApiKey.DoesNotExist for none.
    """
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        raise KeyRefused("An old secret may go on working for 0 to 7 days.")
    key = hold_working(key_id, now=now)
    unending = key.secrets.filter(works_until__isnull=True)
    outlasting = key.secrets.filter(works_until__gt=now + grace)
    (unending | outlasting).update(works_until=now + grace)
    return key, give_secret(key, now=now)


@transaction.atomic
def expire_key(*, key_id: UUID, at: datetime | None, now: datetime) -> ApiKey:
    """Let a key end at this time, at once if it is past, or never. KeyNotWorking if it has ended already."""
    key = hold_working(key_id, now=now)
    key.expires_at = at
    return save_change(key, now=now)


@transaction.atomic
def rename_key(*, key_id: UUID, name: str, now: datetime) -> ApiKey:
    """Call a key something else. KeyRefused unless the name has 1 to 80 printable characters."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    key.name = a_name(name)
    return save_change(key, now=now)


@transaction.atomic
def revoke_key(*, key_id: UUID, now: datetime) -> ApiKey:
    """End a key for every request that begins after this returns; again changes nothing. ApiKey.DoesNotExist."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        save_change(key, now=now)
    return key


def hold_working(key_id: UUID, *, now: datetime) -> ApiKey:
    """A key that works, locked until the transaction ends. KeyNotWorking, ApiKey.DoesNotExist."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyNotWorking(f"{key} works no longer: make a new one.")
    return key


def give_secret(key: ApiKey, *, now: datetime) -> str:
    """A new secret for the key, whose row shows its ends from now on."""
    secret = new_secret()
    digits = hex_digits(secret)
    key.prefix, key.last_four = digits[:8], digits[-4:]
    save_change(key, now=now)
    ApiSecret.objects.create(
        key=key, secret_hash=hash_secret(secret), prefix=key.prefix, last_four=key.last_four, created_at=now
    )
    return secret


def save_change(key: ApiKey, *, now: datetime) -> ApiKey:
    """Write the key as a younger one than it was, whatever the clocks of those who change it say, and publish it."""
    key.changed_at = max(now, key.changed_at + timedelta(microseconds=1))
    key.save()
    publish_state(key.pk)
    return key


def a_name(name: str) -> str:
    name = name.strip()
    if not (0 < len(name) <= 80 and name.isprintable()):
        raise KeyRefused("A key's name has 1 to 80 printable characters.")
    return name
