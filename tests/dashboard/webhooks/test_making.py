"""A webhook is made with a form: every mistake is told at its field, and its secret is shown once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiKey
from apps.accounts.models import AuditEntry, Organization
from apps.core.sealing import unseal
from apps.docs.catalogue import BY_SLUG
from apps.webhooks import services
from apps.webhooks.models import Subscription
from tests.dashboard.people import address
from tests.dashboard.webhooks.reading import page_of, text_of, value_in
from tests.factories import ApiKeyFactory

URL = "https://93.184.215.14/hook"  # nothing to look up


def form(of: ApiKey, **fields: object) -> dict[str, object]:
    return {"id": str(uuid4()), "key": str(of.pk), "url": URL, "events": ["pick.published"], **fields}


def test_without_a_working_key_the_page_leads_to_one(acme: Organization, owner: Client) -> None:
    ApiKeyFactory(organization=acme, revoked_at=timezone.now())
    page = owner.get(address(acme, "webhooks/new"))
    assert "A webhook needs an API key that works" in text_of(page)
    assert address(acme, "api-keys") in page.content.decode()


def test_the_only_key_is_chosen(acme: Organization, owner: Client, key: ApiKey) -> None:
    assert "Choose a key" not in text_of(owner.get(address(acme, "webhooks/new")))
    ApiKeyFactory(organization=acme)
    assert "Choose a key" in text_of(owner.get(address(acme, "webhooks/new")))


def test_it_is_made_and_its_secret_shown_with_what_to_do_next(acme: Organization, owner: Client, key: ApiKey) -> None:
    asked = form(key, events=["pick.published", "pick.settled"], expire_at_kickoff="on")
    page = owner.post(address(acme, "webhooks/new"), asked)
    made = Subscription.objects.get()
    assert (str(made.pk), made.key, made.url) == (asked["id"], key, URL)
    assert made.events == ["pick.published", "pick.settled"]
    assert made.expire_at_kickoff
    assert unseal(made.sealed_secret) in page.content.decode()
    assert f'href="{BY_SLUG["webhooks-verifying"].address}"' in page.content.decode()
    assert page_of(made, "test") in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    for later in (page_of(made), page_of(made, "settings"), address(acme, "webhooks")):
        assert unseal(made.sealed_secret) not in owner.get(later).content.decode()


def test_it_is_in_the_audit_log_without_its_secret(acme: Organization, owner: Client, key: ApiKey) -> None:
    owner.post(address(acme, "webhooks/new"), form(key))
    entry = AuditEntry.objects.get(action="webhook.created")
    assert (entry.organization, entry.actor, entry.subject) == (acme, "olga@acme.example", URL)
    assert unseal(Subscription.objects.get().sealed_secret) not in str(entry.details)


def test_a_form_that_arrives_twice_makes_one_and_shows_no_secret_again(
    acme: Organization, owner: Client, key: ApiKey
) -> None:
    asked = form(key)
    owner.post(address(acme, "webhooks/new"), asked)
    made = Subscription.objects.get()
    again = owner.post(address(acme, "webhooks/new"), asked)
    assert again.status_code == 409
    assert "was created already" in text_of(again)
    assert "If it was lost, rotate it" in text_of(again)
    assert unseal(made.sealed_secret) not in again.content.decode()
    assert Subscription.objects.count() == 1
    services.delete_subscription(subscription_id=made.pk, now=timezone.now())
    assert "was deleted since" in text_of(owner.post(address(acme, "webhooks/new"), asked))


def test_each_form_shown_makes_another_one(acme: Organization, owner: Client, key: ApiKey) -> None:
    ids = {value_in(owner.get(address(acme, "webhooks/new")), "id") for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": ""}, "Say where the events are to be sent."),
        ({"url": "http://example.com/"}, "A webhook's URL begins with https://."),
        ({"url": "javascript:alert(1)"}, "A webhook's URL begins with https://."),
        ({"url": "https://10.0.0.1/"}, "The URL's host is not at a public address"),
        ({"url": "https://169.254.169.254/latest"}, "The URL's host is not at a public address"),
        ({"url": "https://intranet/"}, "The URL's host is a name within a network"),
        ({"url": "https://example.com:22/"}, "A webhook's port is 443 or 8443."),
        ({"url": "https://example.com/<script>"}, "Write the URL in visible ASCII"),
        ({"url": f"https://example.com/{'a' * 3000}"}, "A webhook's URL has at most 2,048 characters."),
        ({"url": "https://example.com/\x00"}, "Null characters are not allowed."),
        ({"events": []}, "Choose at least one kind of event."),
        ({"events": ["pick.dreamt"]}, "Select a valid choice."),
        ({"key": ""}, "Choose a key."),
        ({"key": str(uuid4())}, "This key does not work any more; choose another one."),
        ({"key": "nonsense"}, "“nonsense” is not a valid UUID."),
        ({"id": "nonsense"}, "Open the page afresh, and fill it in again."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_typed_is_lost(
    acme: Organization, owner: Client, key: ApiKey, fields: dict[str, object], sentence: str
) -> None:
    page = owner.post(address(acme, "webhooks/new"), form(key, expire_at_kickoff="on", **fields))
    assert sentence in text_of(page)
    assert "<script>alert" not in page.content.decode()
    assert page.content.decode().count("checked") >= 1
    assert not Subscription.objects.exists()


def test_the_url_of_another_webhook_of_the_key_leads_to_it(acme: Organization, owner: Client, key: ApiKey) -> None:
    owner.post(address(acme, "webhooks/new"), form(key))
    page = owner.post(address(acme, "webhooks/new"), form(key, url="https://93.184.215.14:443/hook"))
    assert "This key has a webhook with this URL" in text_of(page)
    assert page_of(Subscription.objects.get()) in page.content.decode()


def test_a_sixth_webhook_of_a_key_is_refused_at_the_key(acme: Organization, owner: Client, key: ApiKey) -> None:
    for number in range(6):
        page = owner.post(address(acme, "webhooks/new"), form(key, url=f"{URL}/{number}"))
    assert "This key has 5 webhooks, all that it may: delete one." in text_of(page)
    assert Subscription.objects.count() == 5


def test_no_key_of_another_organisation_or_that_has_ended_is_taken(
    acme: Organization, owner: Client, key: ApiKey
) -> None:
    others = [
        ApiKeyFactory(),
        ApiKeyFactory(organization=acme, revoked_at=timezone.now()),
        ApiKeyFactory(organization=acme, expires_at=timezone.now() - timedelta(seconds=1)),
    ]
    for other in others:
        assert "does not work any more" in text_of(owner.post(address(acme, "webhooks/new"), form(other)))
    assert not Subscription.objects.exists()


def test_an_id_of_another_tenants_webhook_tells_nothing(acme: Organization, owner: Client, key: ApiKey) -> None:
    theirs, _secret = services.create_subscription(
        key=ApiKeyFactory(), url="https://93.184.215.14/theirs", events=["pick.settled"], now=timezone.now()
    )
    page = owner.post(address(acme, "webhooks/new"), form(key, id=str(theirs.pk)))
    assert page.status_code == 409
    assert "theirs" not in text_of(page)
    theirs.refresh_from_db()
    assert theirs.url.endswith("/theirs")


def test_when_too_many_names_are_looked_up_it_says_so_and_keeps_what_was_typed(
    acme: Organization, owner: Client, key: ApiKey
) -> None:
    with services.LOOK_UPS, services.LOOK_UPS:
        page = owner.post(address(acme, "webhooks/new"), form(key))
    assert "Too many names are being looked up; try again in some seconds." in text_of(page)
    assert URL in page.content.decode()


def test_a_viewer_may_not(acme: Organization, viewer: Client, key: ApiKey) -> None:
    for answer in (viewer.get(address(acme, "webhooks/new")), viewer.post(address(acme, "webhooks/new"), form(key))):
        assert answer.status_code == 403
    assert not Subscription.objects.exists()
