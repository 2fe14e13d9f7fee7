"""Reads of organisations and of who belongs to them."""

from apps.accounts.models import Membership, Organization
from apps.accounts.roles import Role


def owners_of(organization: Organization) -> list[str]:
    """The mail addresses of its owners who may sign in, in the order in which they joined."""
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER, user__is_active=True)
    addresses = owners.order_by("created_at", "pk").values_list("user__email", flat=True)
    return [address for address in addresses if address]
