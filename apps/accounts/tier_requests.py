"""Every write to an organisation's wish for another tier: asked, withdrawn, granted, declined."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from apps.accounts.audit import Actor, record
from apps.accounts.members import refuse_without
from apps.accounts.models import Organization, TierRequest
from apps.accounts.queries import owners_of, waiting_request
from apps.accounts.roles import Deed
from apps.accounts.services import a_tier, hold, move
from apps.core.errors import AppError

LONGEST = 2_000  # characters of a note or an answer
Status = TierRequest.Status


class TierRequestRefused(AppError):
    code = "tier_request_refused"


@transaction.atomic
def request_tier(*, organization: Organization, tier: str, note: str, by: Actor, now: datetime) -> TierRequest:
    """Ask staff for another tier; asking again for the one that is waited for changes nothing.

    TierRequestRefused for the tier it is on, while another request waits, and for a note that is too long;
    OrganizationRefused for a tier that there is not; MemberRefused for who may not ask any more.
    """
    held, tier = hold(organization), a_tier(tier)
    refuse_without(held, Deed.PLAN, by=by)
    if held.tier == tier:
        raise TierRequestRefused(f"{held.name} is on the {tier.title()} tier already.")
    waiting = waiting_request(held)
    if waiting is not None and waiting.tier == tier:
        return waiting
    if waiting is not None:
        raise TierRequestRefused(f"A request for {waiting.tier.title()} waits already: withdraw it first.")
    asked = TierRequest.objects.create(
        organization=held, tier=tier, note=_a_text(note), asked_by_id=by.user_id, asked_at=now
    )
    record(held, "tier.requested", by=by, now=now, subject=tier, before=held.tier)
    return asked


@transaction.atomic
def withdraw_request(*, organization: Organization, by: Actor, now: datetime) -> TierRequest:
    """Take back what waits. TierRequestRefused where nothing waits (any more)."""
    hold(organization)
    refuse_without(organization, Deed.PLAN, by=by)
    waiting = waiting_request(organization)
    if waiting is None:
        raise TierRequestRefused("No request waits any more: it was answered or withdrawn.")
    waiting.status, waiting.decided_at = Status.WITHDRAWN, now
    waiting.save(update_fields=["status", "decided_at"])
    record(organization, "tier.request_withdrawn", by=by, now=now, subject=waiting.tier)
    return waiting


@transaction.atomic
def grant(*, request_id: int, answer: str, by: Actor, now: datetime) -> TierRequest:
    """Put the organisation on the tier it asked for, at once, and tell its owners. TierRequestRefused: answered."""
    asked = _hold_waiting(request_id)
    _decide(asked, Status.GRANTED, answer, by=by, now=now)
    before = move(asked.organization, asked.tier)
    record(asked.organization, "tier.granted", by=by, now=now, subject=asked.tier, before=before)
    _tell_owners(asked)
    return asked


@transaction.atomic
def decline(*, request_id: int, answer: str, by: Actor, now: datetime) -> TierRequest:
    """Leave the organisation where it is, and tell its owners why. TierRequestRefused: answered, or no answer given."""
    asked = _hold_waiting(request_id)
    if not answer.strip():
        raise TierRequestRefused("Say why it is declined: the customer reads the answer.")
    _decide(asked, Status.DECLINED, answer, by=by, now=now)
    record(asked.organization, "tier.declined", by=by, now=now, subject=asked.tier)
    _tell_owners(asked)
    return asked


def _hold_waiting(request_id: int) -> TierRequest:
    organization = hold(TierRequest.objects.select_related("organization").get(pk=request_id).organization)
    asked = TierRequest.objects.get(pk=request_id)
    if asked.status != Status.WAITING:
        raise TierRequestRefused(f"This request was {asked.status} meanwhile; nothing was changed.")
    asked.organization = organization
    return asked


def _decide(asked: TierRequest, status: TierRequest.Status, answer: str, *, by: Actor, now: datetime) -> None:
    asked.status, asked.answer = status, _a_text(answer)
    asked.decided_by_id, asked.decided_at = by.user_id, now
    asked.save(update_fields=["status", "answer", "decided_by", "decided_at"])


def _a_text(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST or "\x00" in text:
        raise TierRequestRefused(f"Write at most {LONGEST:,} characters.")
    return text


def _tell_owners(asked: TierRequest) -> None:
    """A part of the transaction: pages only queue their mail."""
    owners = owners_of(asked.organization)
    if owners:
        plan = f"{settings.BETEDGE_PUBLIC_URL}/dashboard/{asked.organization.pk}/plan"
        words = {"asked": asked, "organization": asked.organization, "plan": plan}
        text = render_to_string("accounts/tier_request.txt", words)
        name = " ".join(asked.organization.name.split())
        EmailMessage(f"{name}: your request was {asked.status}", text, to=owners).send()
