"""Who acts in tests of organisations, and when."""

from datetime import UTC, datetime

from django.contrib.auth.models import User

from apps.accounts.audit import Actor, Kind
from apps.accounts.models import AuditEntry, Organization

NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
STAFF = Actor(Kind.STAFF, "BetEdge staff", address="192.0.2.9")


def by(user: User) -> Actor:
    return Actor(Kind.PERSON, user.email, user_id=user.pk, address="198.51.100.7")


def logged(organization: Organization) -> list[tuple[str, str]]:
    """What its audit log says, oldest first: action and subject."""
    entries = AuditEntry.objects.filter(organization=organization).order_by("id")
    return list(entries.values_list("action", "subject"))
