"""Webhooks in the admin: seen with how they do and why they stand still, never changed, never with a secret."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from apps.core.sealing import unseal
from apps.webhooks.admin import MOST_ATTEMPTS, OF_ONE
from apps.webhooks.models import Delivery, Reason, Standing, State, Subscription
from apps.webhooks.services import rotate_secret
from tests.factories import ApiKeyFactory
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 9, 2, tzinfo=UTC)
LIST, LOG = "/admin/webhooks/subscription/", "/admin/webhooks/delivery/"


def shown(client: Any, path: str, **asked: Any) -> str:
    response = client.get(path, asked)
    assert response.status_code == 200
    return str(response.content.decode())


def page_of(row: Subscription | Delivery) -> str:
    return reverse(f"admin:webhooks_{row._meta.model_name}_change", args=[row.pk])


def test_the_list_and_the_page_say_whose_it_is_and_how_it_does(admin_client) -> None:
    subscription = subscribed(
        now=NOW, last_delivery_at=NOW, last_failed_at=NOW, last_failed_error="Answered 500.", last_failed_status=500
    )
    for html in (shown(admin_client, LIST), shown(admin_client, page_of(subscription))):
        assert subscription.url in html
        assert subscription.key.organization.name in html
        assert f"betedge_{subscription.key.prefix}…{subscription.key.last_four}" in html
        assert "25 May 2026 09:02 UTC: Answered 500." in html
        assert f"{LOG}?{OF_ONE}={subscription.pk}" in html


def test_no_page_shows_a_secret_encrypted_or_not(admin_client) -> None:
    subscription = subscribed(now=NOW)
    subscription, _ = rotate_secret(subscription_id=subscription.pk, now=NOW)
    delivery = delivery_of(subscription, at=NOW, status=State.FAILED, attempts=1)
    sealed = [subscription.sealed_secret, subscription.sealed_previous]
    log = shown(admin_client, LOG, **{OF_ONE: subscription.pk})
    pages = [shown(admin_client, each) for each in (LIST, page_of(subscription), page_of(delivery))]
    assert not [secret for secret in [*sealed, *map(unseal, sealed)] if secret in "".join([*pages, log])]


@pytest.mark.parametrize(
    ("key", "fields", "state"),
    [
        ({}, {}, "active"),
        ({}, {"status": Standing.EXHAUSTED, "stopped_at": NOW}, "exhausted"),
        ({"revoked_at": NOW}, {}, "disabled: The key was revoked or has expired."),
        ({"tier": "starter"}, {}, "disabled: The organisation&#x27;s tier has no webhooks."),
        ({}, {"deleted_at": NOW}, "deleted"),
    ],
)
def test_it_says_why_one_stands_still(admin_client, key, fields, state) -> None:
    subscribed(key=ApiKeyFactory(**key), now=NOW, **fields)
    assert f'<td class="field-state">{state}</td>' in shown(admin_client, LIST)


def test_a_deliverys_page_shows_its_attempts_as_text(admin_client) -> None:
    delivery = delivery_of(subscribed(now=NOW), at=NOW, status=State.FAILED, reason=Reason.GONE, attempts=2)
    html = shown(admin_client, page_of(delivery))
    assert html.count("Answered 500.") == 2
    assert "192.0.2.1" in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    assert "The receiver answered 410." in html


def test_the_log_is_one_webhooks_and_begins_at_the_list_of_webhooks(admin_client) -> None:
    mine, other = (delivery_of(subscribed(now=NOW), at=NOW) for _ in range(2))
    html = shown(admin_client, LOG, **{OF_ONE: mine.subscription_id})
    assert str(mine.event_id) in html
    assert str(other.event_id) not in html
    for asked in ({}, {"status": "failed"}, {OF_ONE: "nonsense"}, {OF_ONE: "\0"}):
        response = admin_client.get(LOG, asked, follow=True)
        assert response.redirect_chain[-1][0] == LIST
        assert "Choose a webhook and open its log." in response.content.decode()


def test_the_pages_ask_the_database_no_more_with_more_rows(admin_client, django_assert_max_num_queries) -> None:
    subscription = subscribed(now=NOW)
    for number in range(12):
        subscribed(f"https://hooks.example.test/{number}", now=NOW)
        delivery_of(subscription, at=NOW, status=State.FAILED, attempts=3)
    busy = delivery_of(subscription, at=NOW, status=State.FAILED, attempts=MOST_ATTEMPTS + 5)
    shown(admin_client, LIST)  # the first page of a session writes down where it is open
    for path, asked in [(LIST, {}), (LOG, {OF_ONE: subscription.pk}), (page_of(busy), {}), (page_of(subscription), {})]:
        with django_assert_max_num_queries(8):
            shown(admin_client, path, **asked)
    assert shown(admin_client, page_of(busy)).count("Answered 500.") == MOST_ATTEMPTS


def test_a_webhook_is_searched_by_url_organisation_and_key(admin_client) -> None:
    mine = subscribed("https://mine.example.test/a", now=NOW)
    subscribed("https://other.example.test/a", now=NOW)
    for words in ("mine.example", mine.key.organization.name, mine.key.prefix):
        html = shown(admin_client, LIST, q=words)
        assert "mine.example.test" in html
        assert "other.example.test" not in html


def test_nothing_is_made_changed_or_deleted_here(admin_client) -> None:
    subscription = subscribed(now=NOW)
    delivery = delivery_of(subscription, at=NOW)
    for row, listed in ((subscription, LIST), (delivery, LOG)):
        assert admin_client.get(f"{listed}add/").status_code == 403
        assert admin_client.post(page_of(row), {"url": "https://other.example/", "status": "failed"}).status_code == 403
        assert admin_client.post(f"{listed}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        admin_client.post(f"{listed}?{OF_ONE}={subscription.pk}" if row is delivery else listed, chosen)
    assert (Subscription.objects.get().url, Delivery.objects.get().status) == (subscription.url, State.PENDING)


def test_only_who_may_look_sees_it(client) -> None:
    subscription = subscribed(now=NOW)
    user = User.objects.create_user("viewer", is_staff=True)
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_subscription"))
    assert subscription.url in client.get(LIST).content.decode()
    assert client.get(LOG, {OF_ONE: subscription.pk}).status_code == 403
