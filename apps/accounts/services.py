"""Every write to an organisation."""

from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError


class OrganizationRefused(AppError):
    code = "organization_refused"


def organization_on_tier(*, name: str, tier: str) -> Organization:
    """The organisation of this name, made if there is none, moved to the tier if it is on another.

    OrganizationRefused for a name that is not 1 to 120 printable characters, or an unknown tier.
    """
    name = name.strip()
    if not (0 < len(name) <= 120 and name.isprintable()):
        raise OrganizationRefused("An organisation's name has 1 to 120 printable characters.")
    if tier not in TIERS:
        raise OrganizationRefused(f"There is no tier {tier}: choose one of {', '.join(TIERS)}.")
    organization, _ = Organization.objects.update_or_create(name=name, defaults={"tier": tier})
    return organization
