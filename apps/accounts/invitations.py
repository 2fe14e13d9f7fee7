"""Every write to an invitation: sent, sent again, withdrawn, accepted. Its link holds a token that we do not keep."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string

from apps.accounts.audit import Actor, record
from apps.accounts.members import refuse_more_people, refuse_without
from apps.accounts.models import AuditEntry, Invitation, Membership, Organization
from apps.accounts.queries import confirmed_addresses, hash_token, open_invitations
from apps.accounts.roles import GIVEN, Deed
from apps.accounts.services import hold
from apps.core.errors import AppError

VALID = timedelta(days=7)
TWICE = timedelta(seconds=10)  # one form sent twice: a second mail would end the link of the first
MOST_OPEN = 50  # of one organisation, expired ones too
MOST_MAILS = 100  # of one organisation in 24 hours


class InvitationRefused(AppError):
    code = "invitation_refused"


@transaction.atomic
def invite(*, organization: Organization, email: str, role: str, by: Actor, now: datetime) -> Invitation:
    """Offer an address a place by mail, for seven days. One that is open already is renewed: its old link ends.
    Asked for once more within ten seconds, it is left as it is.

    InvitationRefused for what is no address, a role that one may not give, a member's address, the 51st open one and
    the 101st mail of 24 hours. MemberRefused for who may not invite any more, and where the organisation is full.
    """
    held = hold(organization)
    refuse_without(held, Deed.TEAM, by=by)
    email = _an_address(email)
    if role not in GIVEN:
        raise InvitationRefused(f"One is invited as {', '.join(GIVEN)}; ownership is transferred.")
    _refuse_member(held, email)
    refuse_more_people(held)
    there = open_invitations(held).filter(email=email).first()
    if there is not None and there.role == role and now < there.created_at + TWICE:
        return there
    _refuse_too_many_mails(held, now=now)
    invitation = there or _another(held, email)
    token = secrets.token_urlsafe(32)
    invitation.role, invitation.token_hash, invitation.invited_by_id = role, hash_token(token), by.user_id
    invitation.created_at, invitation.expires_at = now, now + VALID
    invitation.save()
    record(held, "member.invited", by=by, now=now, subject=email, role=role)
    _send(invitation, token, by=by)
    return invitation


@transaction.atomic
def withdraw_invitation(*, organization: Organization, invitation_id: UUID, by: Actor, now: datetime) -> Invitation:
    """Let its link open nothing any more. InvitationRefused where it is not open."""
    hold(organization)
    refuse_without(organization, Deed.TEAM, by=by)
    invitation = open_invitations(organization).filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationRefused("This invitation is not open any more: it was accepted or withdrawn.")
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    record(organization, "member.invitation_withdrawn", by=by, now=now, subject=invitation.email)
    return invitation


@transaction.atomic
def accept_invitation(*, invitation_id: UUID, user: User, by: Actor, now: datetime) -> Membership:
    """Take the place. Who is in the organisation keeps the role they have; accepting again changes nothing.

    InvitationRefused where it is not open, or is not for a confirmed address of this person; Invitation.DoesNotExist.
    """
    organization = hold(Invitation.objects.select_related("organization").get(pk=invitation_id).organization)
    invitation = Invitation.objects.get(pk=invitation_id)
    if invitation.email not in confirmed_addresses(user):
        raise InvitationRefused(f"The invitation is for {masked(invitation.email)}, not for an address of yours.")
    mine = Membership.objects.filter(organization=organization, user=user).first()
    if mine is not None and invitation.accepted_at is not None:
        return mine
    if why := why_closed(invitation, now=now):
        raise InvitationRefused(why)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    if mine is None:
        refuse_more_people(organization)
        mine = Membership.objects.create(organization=organization, user=user, role=invitation.role)
        record(organization, "member.joined", by=by, now=now, subject=invitation.email, role=invitation.role)
    return mine


def why_closed(invitation: Invitation, *, now: datetime) -> str:
    """Why it cannot be accepted, as a sentence; empty where it can."""
    if invitation.accepted_at is not None:
        return "This invitation was accepted already: it opens once."
    if invitation.withdrawn_at is not None:
        return "This invitation was withdrawn: ask whoever invited you for another one."
    if invitation.expires_at <= now:
        return "This invitation has expired: ask whoever invited you for another one."
    return ""


def masked(email: str) -> str:
    """An address that its owner knows and others cannot read: `a…@example.com`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _an_address(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvitationRefused("This is no e-mail address: check it, as in name@example.com.") from None
    if len(email) > 254:
        raise InvitationRefused("An e-mail address has at most 254 characters.")
    return email


def _refuse_member(organization: Organization, email: str) -> None:
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise InvitationRefused(f"{email} is in {organization.name} already; change the role in the list of people.")


def _refuse_too_many_mails(organization: Organization, *, now: datetime) -> None:
    sent = AuditEntry.objects.filter(organization=organization, at__gt=now - timedelta(days=1), action="member.invited")
    if sent.count() >= MOST_MAILS:
        raise InvitationRefused(f"{MOST_MAILS} invitations were sent in the last 24 hours; go on tomorrow.")


def _another(organization: Organization, email: str) -> Invitation:
    if open_invitations(organization).count() >= MOST_OPEN:
        raise InvitationRefused(f"{MOST_OPEN} invitations are open, as many as may be: withdraw some first.")
    return Invitation(organization=organization, email=email)


def _send(invitation: Invitation, token: str, *, by: Actor) -> None:
    """A part of the transaction: pages only queue their mail."""
    words = {
        "invitation": invitation,
        "organization": invitation.organization,
        "by": by.name,
        "link": f"{settings.BETEDGE_PUBLIC_URL}/dashboard/invitations/{token}",
    }
    text = render_to_string("accounts/invitation.txt", words)
    subject = f"Join {' '.join(invitation.organization.name.split())} on BetEdge"
    EmailMessage(subject, text, to=[invitation.email]).send()
