"""Every write to an API key."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.keys import hash_secret, hex_digits, new_secret
from apps.access.models import ApiKey, ApiSecret
from apps.access.queries import working
from apps.access.state import publish_state
from apps.accounts.audit import SYSTEM, Actor, record
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError
from apps.core.times import rfc3339

GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=7)
USED = "This form has been used before: open it again."


class KeyLimitReached(AppError):
    code = "key_limit_reached"


class KeyRefused(AppError):
    code = "key_refused"


class KeyNotWorking(AppError):
    code = "key_not_working"


class DoneAlready(AppError):
    """The same form arrived a second time. The secret was shown when it arrived first."""

    code = "done_already"


@transaction.atomic
def create_key(
    *,
    organization: Organization,
    name: str,
    now: datetime,
    expires_at: datetime | None = None,
    key_id: UUID | None = None,
    by: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its secret, which nothing can show again.

    key_id: of the key to be made, so that who asks twice makes one: DoneAlready if the organisation has it.
    KeyRefused for a name that is not 1 to 80 printable characters, or an end that is not ahead.
    KeyLimitReached if the organisation holds as many working keys as its tier allows. Its row is locked meanwhile,
    so that two calls at once cannot both take the last place.
    """
    tier = TIERS[Organization.objects.select_for_update().get(pk=organization.pk).tier]
    key = ApiKey(organization=organization, name=a_name(name), created_at=now, changed_at=now, expires_at=expires_at)
    if key_id is not None:
        key.pk = unused(key_id, organization)
    if expires_at is not None and expires_at <= now:
        raise KeyRefused("A new key must expire in the future, or never.")
    if working(now=now).filter(organization=organization).count() >= tier.active_keys:
        raise KeyLimitReached(
            f"{organization.name} holds {tier.active_keys} working keys, all that {tier.slug} allows: revoke one first."
        )
    try:
        secret = give_secret(key, now=now)
    except IntegrityError as error:  # another organisation's form of the same id, at the same moment
        raise KeyRefused(USED) from error
    tell(key, "key.created", by=by, now=now, expires_at=expires_at and rfc3339(expires_at))
    return key, secret


@transaction.atomic
def rotate_key(
    *, key_id: UUID, now: datetime, grace: timedelta = GRACE, replacing: str | None = None, by: Actor = SYSTEM
) -> tuple[ApiKey, str]:
    """Give a key a new secret, which works at once; what it had before works until the grace ends, or sooner.

    The key keeps its id, name, window and usage. `grace`: 0 to 7 days, else KeyRefused. `replacing`: the prefix of the
    newest secret as the caller knows it; DoneAlready if there is a newer one. KeyNotWorking for a key that is revoked
    or expired, ApiKey.DoesNotExist for none.
    """
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        raise KeyRefused("An old secret may go on working for 0 to 7 days.")
    key = hold_working(key_id, now=now)
    if replacing not in (None, key.prefix):
        raise DoneAlready(f"{key.name} has been rotated already: its newest secret is betedge_{key.prefix}…")
    old = f"betedge_{key.prefix}…{key.last_four}"
    unending = key.secrets.filter(works_until__isnull=True)
    outlasting = key.secrets.filter(works_until__gt=now + grace)
    (unending | outlasting).update(works_until=now + grace)
    secret = give_secret(key, now=now)
    tell(key, "key.rotated", by=by, now=now, replaced=old, works_until=rfc3339(now + grace))
    return key, secret


@transaction.atomic
def end_old_secrets(*, key_id: UUID, now: datetime, by: Actor = SYSTEM) -> int:
    """End a rotation's grace now: how many secrets stop working with it. KeyNotWorking, ApiKey.DoesNotExist."""
    key = hold_working(key_id, now=now)
    ended = key.secrets.filter(works_until__gt=now).update(works_until=now)
    if ended:
        save_change(key, now=now)
        tell(key, "key.old_secrets_ended", by=by, now=now, secrets=ended)
    return ended


@transaction.atomic
def expire_key(*, key_id: UUID, at: datetime | None, now: datetime, by: Actor = SYSTEM) -> ApiKey:
    """Let a key end at this time, at once if it is past, or never. KeyNotWorking if it has ended already."""
    key = hold_working(key_id, now=now)
    before, key.expires_at = key.expires_at, at
    if before != at:
        save_change(key, now=now)
        ends = {"before": before and rfc3339(before), "expires_at": at and rfc3339(at)}
        tell(key, "key.expiry_changed", by=by, now=now, **ends)
    return key


@transaction.atomic
def rename_key(*, key_id: UUID, name: str, now: datetime, by: Actor = SYSTEM) -> ApiKey:
    """Call a key something else. KeyRefused unless the name has 1 to 80 printable characters."""
    key = hold(key_id)
    before, key.name = key.name, a_name(name)
    if before != key.name:
        save_change(key, now=now)
        tell(key, "key.renamed", by=by, now=now, before=before)
    return key


@transaction.atomic
def revoke_key(*, key_id: UUID, now: datetime, by: Actor = SYSTEM) -> ApiKey:
    """End a key for every request that begins after this returns; again changes nothing. ApiKey.DoesNotExist."""
    key = hold(key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        save_change(key, now=now)
        tell(key, "key.revoked", by=by, now=now)
    return key


def hold(key_id: UUID) -> ApiKey:
    """The key with its organisation, locked until the transaction ends. ApiKey.DoesNotExist."""
    return ApiKey.objects.select_for_update(of=("self",)).select_related("organization").get(pk=key_id)


def hold_working(key_id: UUID, *, now: datetime) -> ApiKey:
    """A key that works, locked until the transaction ends. KeyNotWorking, ApiKey.DoesNotExist."""
    key = hold(key_id)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyNotWorking(f"{key} works no longer: create a new one.")
    return key


def unused(key_id: UUID, organization: Organization) -> UUID:
    """This id, if no key has it. DoneAlready if a key of the organisation has, KeyRefused if another's."""
    there = ApiKey.objects.filter(pk=key_id).first()
    if there is not None and there.organization_id == organization.pk:
        raise DoneAlready(f"{there.name} has been created already.")
    if there is not None:
        raise KeyRefused(USED)
    return key_id


def tell(key: ApiKey, action: str, *, by: Actor, now: datetime, **details: Any) -> None:
    """Write a change of the key into the audit log; never a secret."""
    record(key.organization, action, by=by, now=now, subject=str(key), key=str(key.pk), **details)


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
