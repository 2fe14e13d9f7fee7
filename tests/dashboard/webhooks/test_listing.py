"""The list of webhooks: whose there are, how each stands and what to do, and what there is to see without any."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiKey
from apps.accounts.models import Organization
from apps.webhooks.models import Standing, State, Subscription
from tests.dashboard.people import address, person, signed_in
from tests.dashboard.webhooks.reading import page_of, text_of
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of


def listed(acme: Organization, client: Client) -> str:
    answer = client.get(address(acme, "webhooks"))
    assert answer.status_code == 200
    return text_of(answer)


def test_without_webhooks_the_page_says_what_they_are_and_leads_to_the_first(acme: Organization, owner: Client) -> None:
    page = owner.get(address(acme, "webhooks"))
    assert "No webhook yet." in text_of(page)
    assert address(acme, "webhooks/new") in page.content.decode()


def test_a_viewer_is_told_whom_to_ask_instead(acme: Organization, viewer: Client) -> None:
    page = viewer.get(address(acme, "webhooks"))
    assert "Ask somebody who is developer, admin or owner" in text_of(page)
    assert address(acme, "webhooks/new") not in page.content.decode()


def test_on_starter_it_says_what_webhooks_come_with_and_lists_those_that_are_disabled(
    acme: Organization, owner: Client, webhook: Subscription
) -> None:
    Organization.objects.update(tier="starter")
    words = listed(acme, owner)
    assert "Webhooks come with Growth." in words
    assert "Acme is on Starter. Compare the plans" in words
    assert webhook.url in words
    assert "Disabled" in words
    assert "Create a webhook" not in words
    assert owner.get(address(acme, "webhooks/new")).headers["Location"] == address(acme, "webhooks")


@pytest.mark.parametrize(
    ("fields", "name", "what_to_do"),
    [
        ({"status": Standing.PAUSED}, "Paused", "Somebody paused it."),
        ({"status": Standing.PAUSED, "last_failed_status": 410}, "Paused", "The receiver answered 410 Gone"),
        ({"status": Standing.EXHAUSTED}, "Exhausted", "mend the receiver, test it, then enable the webhook."),
    ],
)
def test_one_that_is_stopped_says_why_and_what_to_do(
    acme: Organization, owner: Client, webhook: Subscription, fields: dict[str, object], name: str, what_to_do: str
) -> None:
    now = timezone.now()
    Subscription.objects.update(stopped_at=now, last_failed_at=now, **fields)
    words = listed(acme, owner)
    assert name in words
    assert what_to_do in words


@pytest.mark.parametrize(("field", "word"), [("revoked_at", "was revoked"), ("expires_at", "has expired")])
def test_one_whose_key_ended_says_so(
    acme: Organization, owner: Client, webhook: Subscription, field: str, word: str
) -> None:
    ApiKey.objects.update(**{field: timezone.now() - timedelta(hours=1)})
    assert f"Its key {word}" in listed(acme, owner)
    assert "Create a webhook with another key" in text_of(owner.get(page_of(webhook)))


def test_the_last_day_is_counted_without_tests_and_without_what_is_older(
    acme: Organization, owner: Client, webhook: Subscription
) -> None:
    now = timezone.now()
    for state, count in [(State.DELIVERED, 3), (State.FAILED, 1), (State.PENDING, 2), (State.CANCELLED, 1)]:
        for _ in range(count):
            delivery_of(webhook, at=now - timedelta(hours=1), status=state)
    delivery_of(webhook, at=now - timedelta(hours=1), status=State.FAILED, event="test")
    delivery_of(webhook, at=now - timedelta(hours=25), status=State.FAILED)
    assert "3 delivered, 1 failed, 2 on their way, 1 not sent" in listed(acme, owner)


def test_another_organisations_are_not_there(acme: Organization, owner: Client) -> None:
    other = subscribed("https://other.example.test/", now=timezone.now())
    assert other.url not in listed(acme, owner)


def test_many_webhooks_are_read_in_pages_with_a_bounded_number_of_queries(
    acme: Organization, owner: Client, django_assert_max_num_queries
) -> None:
    now = timezone.now()
    for _ in range(6):
        key = ApiKeyFactory(organization=acme)
        for number in range(5):
            webhook = subscribed(f"https://hooks.example.test/{number}", key=key, now=now)
            delivery_of(webhook, at=now, status=State.DELIVERED)
    listed(acme, owner)  # the session remembers the organisation from now on
    with django_assert_max_num_queries(10):
        assert "Page 1 of 2" in listed(acme, owner)
    assert "Page 2 of 2" in text_of(owner.get(address(acme, "webhooks?page=2")))
    assert owner.get(address(acme, "webhooks?page=nonsense")).status_code == 200


def test_every_page_says_what_is_exhausted_and_leads_there(
    acme: Organization, owner: Client, viewer: Client, key: ApiKey
) -> None:
    now = timezone.now()
    stopped = [
        subscribed(
            f"https://hooks.example.test/{number}",
            key=key,
            now=now + timedelta(seconds=number),
            status=Standing.EXHAUSTED,
            stopped_at=now,
        )
        for number in range(5)
    ]
    for client, words in [(owner, "See why, and enable it"), (viewer, "See why")]:
        page = client.get(address(acme, "webhooks/new" if client is owner else "webhooks"))
        assert text_of(page).count("is exhausted since") == 3
        assert "5 webhooks are exhausted; see all of them" in text_of(page)
        assert words in text_of(page)
        assert page_of(stopped[0]) in page.content.decode()
    ApiKey.objects.update(revoked_at=now)
    assert "is exhausted since" not in text_of(owner.get(address(acme, "webhooks")))


def test_the_mails_link_leads_there_through_the_sign_in(acme: Organization, webhook: Subscription, settings) -> None:
    from apps.webhooks.mail import page_of as in_mail

    assert in_mail(webhook) == settings.BETEDGE_PUBLIC_URL + page_of(webhook)
    led = Client().get(page_of(webhook))
    assert led.status_code == 302
    assert led.headers["Location"].endswith(f"?next={page_of(webhook)}")
    assert signed_in(person("vic@acme.example", acme, role="viewer")).get(page_of(webhook)).status_code == 200


def test_a_page_without_an_organisation_of_ones_own_is_not_found(webhook: Subscription) -> None:
    stranger = signed_in(person("eve@evil.example", OrganizationFactory(tier="growth")))
    assert stranger.get(page_of(webhook)).status_code == 404
