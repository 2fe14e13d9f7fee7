"""Reads of organisations: who belongs to them, who is invited, what was changed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import AuditEntry, Invitation, Membership, Organization, TierRequest
from apps.accounts.roles import Role

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class Place(NamedTuple):
    """Where a page of the audit log ends: the next one begins behind it."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the audit log is wanted. who, text: a part of the actor's name, or of what was changed.

    since, until: the first and the last UTC day.
    """

    who: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


def owners_of(organization: Organization) -> list[str]:
    """The mail addresses of its owners who may sign in, in the order in which they joined."""
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER, user__is_active=True)
    addresses = owners.order_by("created_at", "pk").values_list("user__email", flat=True)
    return [address for address in addresses if address]


def owned_by(user: User) -> QuerySet[Organization]:
    return Organization.objects.filter(memberships__user=user, memberships__role=Role.OWNER)


def people_of(organization: Organization) -> QuerySet[Membership]:
    """Its memberships in the order in which they began; `two_factors`: whether the person signs in with two."""
    seconds = Authenticator.objects.filter(user=OuterRef("user"), type__in=SECOND_FACTORS)
    people = Membership.objects.filter(organization=organization).select_related("user")
    return people.annotate(two_factors=Exists(seconds)).order_by("created_at", "pk")


def has_two_factors(user_id: int) -> bool:
    """Whether they have an authenticator app or a passkey; recovery codes alone do not count."""
    return bool(Authenticator.objects.filter(user=user_id, type__in=SECOND_FACTORS).exists())


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Neither accepted nor withdrawn, newest first; those that have expired too."""
    invitations = Invitation.objects.filter(
        organization=organization, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    return invitations.select_related("invited_by")


def invitation_of(token: str) -> Invitation | None:
    """The invitation whose link carries this token, whatever became of it."""
    invitations = Invitation.objects.select_related("organization", "invited_by")
    return invitations.filter(token_hash=hash_token(token)).first()


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def confirmed_addresses(user: User) -> list[str]:
    """The mail addresses that surely are this person's, in lower case."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return [address.lower() for address in confirmed]


def waiting_for(user: User, *, now: datetime) -> QuerySet[Invitation]:
    """The invitations that this person may accept, newest first."""
    invitations = Invitation.objects.filter(
        email__in=confirmed_addresses(user), accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now
    )
    return invitations.select_related("organization", "invited_by")


def waiting_request(organization: Organization) -> TierRequest | None:
    """What it asked for and staff have not answered."""
    return TierRequest.objects.filter(organization=organization, status=TierRequest.Status.WAITING).first()


def answered_requests(organization: Organization) -> QuerySet[TierRequest]:
    """What staff granted or declined, newest first."""
    answered = [TierRequest.Status.GRANTED, TierRequest.Status.DECLINED]
    return TierRequest.objects.filter(organization=organization, status__in=answered)


def audit_entries(organization: Organization, asked: Asked, *, after: Place | None = None) -> QuerySet[AuditEntry]:
    """Its changes that fit what is asked, newest first, behind `after`."""
    fits = Q(organization=organization)
    if asked.who:
        fits &= Q(actor__icontains=asked.who)
    if asked.action:
        fits &= Q(action=asked.action)
    if asked.since:
        fits &= Q(at__gte=datetime.combine(asked.since, time.min, UTC))
    if asked.until:
        fits &= Q(at__lte=datetime.combine(asked.until, time.max, UTC))
    if asked.text:
        fits &= Q(subject__icontains=asked.text) | Q(address__icontains=asked.text) & ~Q(actor_kind="staff")
    if after is not None:
        fits &= Q(at__lte=after.at) & (Q(at__lt=after.at) | Q(id__lt=after.id))
    return AuditEntry.objects.filter(fits).order_by("-at", "-id")
