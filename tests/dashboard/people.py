"""People for tests of the dashboard: in an organisation or in none, their address confirmed, signed in or not."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import Membership, Organization


def person(email: str, organization: Organization | None = None, role: str = "owner") -> User:
    """The person of this address, made if need be; in the organisation with this role, if one is given."""
    user, made = User.objects.get_or_create(username=email, defaults={"email": email})
    if made:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if organization is not None:
        Membership.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    return user


def signed_in(user: User) -> Client:
    """A browser in which they are signed in."""
    client = Client()
    client.force_login(user)
    return client


def address(organization: Organization, path: str) -> str:
    """Of a page below the organisation's: `address(acme, "team")`."""
    return f"/dashboard/{organization.pk}/{path}"
