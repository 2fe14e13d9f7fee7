"""Every write to an API key."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.access.keys import hash_secret, hex_digits, new_secret
from apps.access.models import ApiKey
from apps.access.queries import working
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError


class KeyLimitReached(AppError):
    code = "key_limit_reached"


class KeyNameRefused(AppError):
    code = "key_name_refused"


@transaction.atomic
def create_key(
    *, organization: Organization, name: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which nothing can show again.

    KeyNameRefused for a name that is not 1 to 80 printable characters.
    KeyLimitReached if the organisation holds as many working keys as its tier allows. Its row is locked meanwhile,
    so that two calls at once cannot both take the last place.
    """
    if not (0 < len(name) <= 80 and name.isprintable()):
        raise KeyNameRefused("A key's name has 1 to 80 printable characters.")
    tier = TIERS[Organization.objects.select_for_update().get(pk=organization.pk).tier]
    if working(now=now).filter(organization=organization).count() >= tier.active_keys:
        raise KeyLimitReached(
            f"{organization.name} holds {tier.active_keys} working keys, all that {tier.slug} allows: revoke one first."
        )
    secret = new_secret()
    digits = hex_digits(secret)
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        secret_hash=hash_secret(secret),
        prefix=digits[:8],
        last_four=digits[-4:],
        created_at=now,
        expires_at=expires_at,
    )
    return key, secret


def revoke_key(*, key_id: UUID, now: datetime) -> ApiKey:
    """End a key for every request that begins after this returns; again changes nothing. ApiKey.DoesNotExist."""
    ApiKey.objects.filter(pk=key_id, revoked_at__isnull=True).update(revoked_at=now)
    return ApiKey.objects.get(pk=key_id)
