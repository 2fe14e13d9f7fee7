"""Every write to an organisation itself: made, renamed, moved to another tier."""

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from apps.accounts.audit import SYSTEM, Actor, record
from apps.accounts.models import Membership, Organization
from apps.accounts.queries import owned_by
from apps.accounts.roles import Role
from apps.accounts.tiers import STARTER, TIERS
from apps.core.errors import AppError

MOST_OWNED = 10  # organisations of one person
WEB_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)  # our invitations carry the name to strangers


class OrganizationRefused(AppError):
    code = "organization_refused"


@transaction.atomic
def create_organization(
    *, name: str, owner: User, by: Actor, now: datetime, organization_id: UUID | None = None
) -> Organization:
    """Create an organisation on the Starter tier, owned by this person; with the id of one that they own, it is that.

    OrganizationRefused for a name that is not 1 to 120 printable characters or that is taken, for an id that somebody
    else's has, and where the person owns ten already. Their row is locked meanwhile, so that two calls at once cannot
    both make the tenth.
    """
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    made = owned_by(owner).filter(pk=organization_id).first() if organization_id else None
    if made is not None:
        return made
    refuse_owning_more(owner)
    name = free_name(name)
    organization = Organization(pk=organization_id or uuid4(), name=name, tier=STARTER.slug)
    _save_named(organization, force_insert=True)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    record(organization, "organization.created", by=by, now=now, subject=name, tier=organization.tier)
    return organization


@transaction.atomic
def rename_organization(*, organization: Organization, name: str, by: Actor, now: datetime) -> Organization:
    """Call it something else. OrganizationRefused for a name that is not 1 to 120 printable characters, or taken."""
    held = hold(organization)
    before, held.name = held.name, free_name(name, but_for=held)
    if held.name != before:
        _save_named(held, update_fields=["name"])
        record(held, "organization.renamed", by=by, now=now, subject=held.name, before=before)
    return held


@transaction.atomic
def change_tier(*, organization: Organization, tier: str, by: Actor, now: datetime) -> Organization:
    """Move it to the tier, for the next request on; one that is on it stays as it is. OrganizationRefused: no tier."""
    held, tier = hold(organization), a_tier(tier)
    if held.tier != tier:
        before = move(held, tier)
        record(held, "organization.tier_changed", by=by, now=now, subject=tier, before=before)
    return held


@transaction.atomic
def organization_on_tier(*, name: str, tier: str, now: datetime) -> Organization:
    """The organisation of this name, made if there is none, moved to the tier if it is on another.

    OrganizationRefused for a name that is not 1 to 120 printable characters, or an unknown tier.
    """
    organization, made = Organization.objects.get_or_create(name=a_name(name), defaults={"tier": a_tier(tier)})
    if made:
        record(organization, "organization.created", by=SYSTEM, now=now, subject=organization.name, tier=tier)
    return change_tier(organization=organization, tier=tier, by=SYSTEM, now=now)


def hold(organization: Organization) -> Organization:
    """It, read afresh and locked until the transaction ends: whoever changes its people or its tier waits here."""
    return Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def a_name(name: str) -> str:
    """The name as it is kept: composed characters, single spaces. OrganizationRefused."""
    name = unicodedata.normalize("NFC", name).strip()
    if not (0 < len(name) <= 120 and name.isprintable()):
        raise OrganizationRefused("An organisation's name has 1 to 120 printable characters.")
    if WEB_ADDRESS.search(name):
        raise OrganizationRefused("An organisation's name holds no web address.")
    return " ".join(name.split())


def a_tier(slug: str) -> str:
    """The tier's slug, if there is such a tier. OrganizationRefused."""
    if slug not in TIERS:
        raise OrganizationRefused(f"There is no tier {slug}: choose one of {', '.join(TIERS)}.")
    return slug


def move(held: Organization, tier: str) -> str:
    """Put one that is locked on the tier, which every key of it follows; the tier that it was on."""
    before, held.tier = held.tier, tier
    held.save(update_fields=["tier"])
    return before


def refuse_owning_more(owner: User) -> None:
    if owned_by(owner).count() >= MOST_OWNED:
        raise OrganizationRefused(
            f"{owner.email} owns {MOST_OWNED} organisations, as many as one person may: transfer one of them first."
        )


def free_name(name: str, but_for: Organization | None = None) -> str:
    """The name as it is kept, unless it is none or taken: OrganizationRefused.

    Upper and lower case are the same here, so that none passes for another.
    """
    name = a_name(name)
    same = Organization.objects.filter(name__iexact=name)
    if but_for is not None:
        same = same.exclude(pk=but_for.pk)
    if same.exists():
        raise OrganizationRefused(f"There is an organisation called {name} already: choose another name.")
    return name


def _save_named(organization: Organization, **how: Any) -> None:
    """Save it, unless somebody took its name, or its id, since we looked. OrganizationRefused."""
    try:
        with transaction.atomic():
            organization.save(**how)
    except IntegrityError as error:
        raise OrganizationRefused(
            "This was taken a moment ago: open the page again, and choose another name."
        ) from error
