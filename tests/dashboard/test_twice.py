"""Forms that arrive twice at the same moment, as after a double click: what they ask for is done once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core import mail

from apps.access.models import ApiKey, ApiSecret
from apps.accounts.models import AuditEntry, Invitation, Membership, Organization, TierRequest
from apps.webhooks.models import Subscription
from apps.webhooks.queries import delivery_state, secret_state, settings_state
from tests.dashboard.people import signed_in
from tests.dashboard.test_tenants import Things
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]


@dataclass(frozen=True)
class Form:
    """Where it is sent to, what it holds, what it makes, and what must be true afterwards."""

    address: str
    fields: dict[str, Any]
    made: Callable[[], int]
    by: User | None = None


def forms_of(things: Things) -> dict[str, Form]:
    here, key, hook = f"/dashboard/{things.organization.pk}", things.key, things.subscription
    of_key, of_hook = f"{here}/api-keys/{key.pk}", f"{here}/webhooks/{hook.pk}"
    member = f"{here}/team/{things.member.memberships.get().pk}"
    mine = Membership.objects.filter(organization=things.organization)
    return {
        "a new organisation": Form(
            "/dashboard/new", {"id": uuid4(), "name": "Twice"}, Organization.objects.filter(name="Twice").count
        ),
        "a new key": Form(
            f"{here}/api-keys/new", {"id": uuid4(), "name": "twice"}, ApiKey.objects.filter(name="twice").count
        ),
        "a rotation": Form(
            f"{of_key}/rotate",
            {"replacing": key.prefix, "grace": "24h"},
            ApiSecret.objects.filter(key=key, works_until=None).count,
        ),
        "a revocation": Form(f"{of_key}/revoke", {"name": key.name}, ApiKey.objects.exclude(revoked_at=None).count),
        "a key's name": Form(
            f"{of_key}/rename", {"name": "twice", "was": key.name}, ApiKey.objects.filter(name="twice").count
        ),
        "a key's end": Form(
            f"{of_key}/expiry", {"expiry": "30", "was": "never"}, ApiKey.objects.exclude(expires_at=None).count
        ),
        "a new webhook": Form(
            f"{here}/webhooks/new",
            {"id": uuid4(), "key": key.pk, "url": "https://93.184.215.14/twice", "events": "pick.published"},
            Subscription.objects.filter(url__endswith="twice").count,
        ),
        "a webhook's settings": Form(
            f"{of_hook}/settings",
            {"url": "https://93.184.215.14/twice", "events": "pick.settled", "seen": settings_state(hook)},
            Subscription.objects.filter(url__endswith="twice").count,
        ),
        "a webhook's secret": Form(
            f"{of_hook}/rotate-secret",
            {"seen": secret_state(hook)},
            Subscription.objects.exclude(previous_until=None).count,
        ),
        "a webhook's end": Form(
            f"{of_hook}/delete",
            {"host": urlsplit(hook.compared_url).hostname},
            Subscription.objects.exclude(deleted_at=None).count,
        ),
        "a webhook's pause": Form(f"{of_hook}/pause", {}, Subscription.objects.filter(status="paused").count),
        "a delivery": Form(
            f"{of_hook}/deliveries/{things.delivery.pk}/redeliver",
            {"seen": delivery_state(things.delivery)},
            AuditEntry.objects.filter(action="webhook.redelivered").count,
        ),
        "an invitation": Form(
            f"{here}/team/invitations", {"email": "twice@example.com", "role": "viewer"}, lambda: len(mail.outbox)
        ),
        "a withdrawal": Form(
            f"{here}/team/invitations/{things.invitation.pk}/withdraw",
            {},
            Invitation.objects.exclude(withdrawn_at=None).count,
        ),
        "a role": Form(f"{member}/role", {"role": "admin"}, mine.filter(role="admin").count),
        "a removal": Form(f"{member}/remove", {}, mine.count),
        "a transfer": Form(
            f"{here}/team/transfer",
            {"member": mine.get(user=things.member).pk, "name": things.organization.name},
            mine.filter(role="owner").count,
        ),
        "a departure": Form(f"{here}/team/leave", {}, mine.count, by=things.member),
        "another name": Form(f"{here}/team/rename", {"name": "Twice"}, Organization.objects.filter(name="Twice").count),
        "a wish for a tier": Form(f"{here}/plan/enterprise", {"note": ""}, TierRequest.objects.count),
    }


NAMES = [
    "a new organisation", "a new key", "a rotation", "a revocation", "a key's name", "a key's end", "a new webhook",
    "a webhook's settings", "a webhook's secret", "a webhook's end", "a webhook's pause", "a delivery",
    "an invitation", "a withdrawal", "a role", "a removal", "a transfer", "a departure", "another name",
    "a wish for a tier",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_form_that_arrives_twice_at_once_does_it_once(name: str) -> None:
    things = Things()
    Organization.objects.update(tier="growth")
    before = AuditEntry.objects.count()
    form = forms_of(things)[name]
    clients = [signed_in(form.by or things.owner) for _ in range(2)]
    answers = at_once(*(lambda each=each: each.post(form.address, form.fields) for each in clients))
    assert [answer.status_code for answer in answers if answer.status_code not in (200, 302, 404, 409)] == []
    assert form.made() == 1
    assert AuditEntry.objects.count() - before == 1, "one line of the log, too"
