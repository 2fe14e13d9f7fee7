"""Test, pause, resume, enable and resend, redeliver: once each, by those who may, and what came of it is said."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiKey
from apps.accounts.models import AuditEntry, Organization
from apps.webhooks import services
from apps.webhooks.models import Delivery, Reason, Standing, State, Subscription
from apps.webhooks.sender import Attempted
from tests.dashboard.webhooks.reading import page_of, page_of_delivery, text_of, value_in
from tests.webhooks.delivering import Post, answering
from tests.webhooks.rows import delivery_of

IN_PLACE = {"HTTP_HX_REQUEST": "true"}


def said(client: Client, address: str, **data: str) -> str:
    """What the page says to which a deed leads."""
    return text_of(client.post(address, data, follow=True))


def stop(webhook: Subscription, status: Standing) -> None:
    Subscription.objects.filter(pk=webhook.pk).update(status=status, stopped_at=timezone.now())


def test_a_test_shows_the_receivers_answer_in_place(owner: Client, webhook: Subscription, receiver: Post) -> None:
    answer = owner.post(page_of(webhook, "test"), **IN_PLACE)
    assert "It arrived. The receiver answered 200 after 5 ms." in text_of(answer)
    assert "<html" not in answer.content.decode()
    assert page_of_delivery(Delivery.objects.get()) in answer.content.decode()


def test_a_test_that_fails_says_how_and_what_to_look_for(owner: Client, webhook: Subscription, receiver: Post) -> None:
    receiver.answers[webhook.url] = lambda _sent: Attempted(
        status_code=404, duration_ms=31, error="Answered 404.", response_body="<h1>no</h1>\u202e"
    )
    answer = owner.post(page_of(webhook, "test"), **IN_PLACE)
    assert "It did not arrive. The receiver answered 404 after 31 ms. Nothing listens at this path" in text_of(answer)
    assert "&lt;h1&gt;no&lt;/h1&gt;" in answer.content.decode()


def test_a_test_that_no_answer_comes_to_says_why(owner: Client, webhook: Subscription, receiver: Post) -> None:
    sentence = "The URL's host is not at a public address; use one that the whole internet can reach."
    receiver.answers[webhook.url] = lambda _sent: Attempted(duration_ms=3, error=sentence)
    assert f"It did not arrive. {sentence} That took 3 ms." in text_of(owner.post(page_of(webhook, "test"), **IN_PLACE))


def test_without_scripts_a_test_leads_to_its_delivery(owner: Client, webhook: Subscription, receiver: Post) -> None:
    assert "This was a test" in said(owner, page_of(webhook, "test"))


def test_a_test_goes_to_one_that_is_exhausted_too(owner: Client, webhook: Subscription, receiver: Post) -> None:
    stop(webhook, Standing.EXHAUSTED)
    assert "It arrived." in text_of(owner.post(page_of(webhook, "test"), **IN_PLACE))


def test_while_a_test_is_under_way_another_is_told_to_come_back(
    owner: Client, webhook: Subscription, receiver: Post
) -> None:
    with services._testing(webhook.key.organization_id):
        answers = [owner.post(page_of(webhook, "test"), **IN_PLACE) for _ in range(20)]
        assert "Another test is under way" in said(owner, page_of(webhook, "test"))
    assert all("Not sent: Another test is under way; try again in some seconds." in text_of(each) for each in answers)
    assert not receiver.sent


def test_pausing_and_resuming_is_said_and_written_down(owner: Client, webhook: Subscription) -> None:
    assert "nothing is sent to it until you resume it" in said(owner, page_of(webhook, "pause"))
    assert "nothing is sent to it until you resume it" in said(owner, page_of(webhook, "pause"))
    assert "Resume the webhook" in text_of(owner.get(page_of(webhook)))
    assert "what happens from now on is sent to it" in said(owner, page_of(webhook, "resume"))
    changes = [entry.details["changed"] for entry in AuditEntry.objects.order_by("at")]
    assert changes == [{"paused": [False, True]}, {"paused": [True, False]}]


def test_an_exhausted_one_is_neither_paused_nor_resumed(owner: Client, webhook: Subscription) -> None:
    stop(webhook, Standing.EXHAUSTED)
    assert "exhausted: nothing is sent to it anyway" in said(owner, page_of(webhook, "pause"))
    assert "exhausted: enable it instead" in said(owner, page_of(webhook, "resume"))
    assert not AuditEntry.objects.exists()


def test_enabling_says_before_and_after_how_many_are_sent_again(owner: Client, webhook: Subscription) -> None:
    now = timezone.now()
    stop(webhook, Standing.EXHAUSTED)
    delivery_of(webhook, at=now - timedelta(hours=9), status=State.FAILED, reason=Reason.EXHAUSTED, attempts=6)
    for hours in range(11):
        delivery_of(webhook, at=now - timedelta(hours=hours), status=State.CANCELLED, reason=Reason.EXHAUSTED)
    delivery_of(webhook, at=now, status=State.CANCELLED, reason=Reason.PAUSED)
    assert "Enable and send the 12 missed events" in text_of(owner.get(page_of(webhook)))
    assert "The webhook is active. The 12 events it missed are sent again now." in said(
        owner, page_of(webhook, "enable")
    )
    assert Delivery.objects.filter(status=State.PENDING).count() == 12
    assert AuditEntry.objects.get(action="webhook.enabled").details["resent"] == 12


def test_enabling_twice_resends_once(owner: Client, webhook: Subscription) -> None:
    stop(webhook, Standing.EXHAUSTED)
    delivery_of(webhook, at=timezone.now(), status=State.FAILED, reason=Reason.EXHAUSTED)
    assert "The 1 event it missed is sent again now." in said(owner, page_of(webhook, "enable"))
    assert "The webhook is active already. Nothing was changed." in said(owner, page_of(webhook, "enable"))
    assert AuditEntry.objects.filter(action="webhook.enabled").count() == 1


def test_enabling_from_an_old_tab_does_not_resume_what_was_paused_since(owner: Client, webhook: Subscription) -> None:
    stop(webhook, Standing.PAUSED)
    assert "The webhook is paused already." in said(owner, page_of(webhook, "enable"))
    webhook.refresh_from_db()
    assert webhook.status == Standing.PAUSED


def test_one_whose_key_has_ended_is_not_enabled(owner: Client, webhook: Subscription) -> None:
    stop(webhook, Standing.EXHAUSTED)
    ApiKey.objects.update(revoked_at=timezone.now())
    assert "The webhook is disabled" in said(owner, page_of(webhook, "enable"))
    webhook.refresh_from_db()
    assert webhook.status == Standing.EXHAUSTED


def test_a_delivery_is_sent_again_once_however_often_the_form_arrives(owner: Client, webhook: Subscription) -> None:
    delivery = delivery_of(webhook, at=timezone.now(), status=State.DELIVERED, attempts=1, body="{}")
    seen = value_in(owner.get(page_of_delivery(delivery)), "seen")
    again = page_of_delivery(delivery, "redeliver")
    assert "It is sent again now, with every retry." in said(owner, again, seen=seen)
    assert "This was changed since the page was shown." in said(owner, again, seen=seen)
    assert "This was changed since the page was shown." in said(owner, again)
    entry = AuditEntry.objects.get(action="webhook.redelivered")
    assert entry.details["delivery"] == str(delivery.pk)


def test_nothing_is_sent_again_to_one_that_is_stopped_and_no_test_is(owner: Client, webhook: Subscription) -> None:
    delivery = delivery_of(webhook, at=timezone.now(), status=State.FAILED, attempts=1)
    seen = value_in(owner.get(page_of_delivery(delivery)), "seen")
    stop(webhook, Standing.PAUSED)
    page = owner.get(page_of_delivery(delivery))
    assert "The webhook is paused, so this cannot be sent again now." in text_of(page)
    assert "redeliver" not in page.content.decode()
    assert "enable it, then ask again" in said(owner, page_of_delivery(delivery, "redeliver"), seen=seen)
    test = delivery_of(webhook, at=timezone.now(), status=State.FAILED, event="test", body="{}")
    assert "redeliver" not in owner.get(page_of_delivery(test)).content.decode()


DEEDS = ["test", "pause", "resume", "enable", "rotate-secret", "delete", "settings"]


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_by_a_viewer_by_a_stranger_or_without_the_forms_token(
    viewer: Client, webhook: Subscription, receiver: Post, deed: str
) -> None:
    before = Subscription.objects.values().get()
    assert viewer.post(page_of(webhook, deed)).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    assert strict.post(page_of(webhook, deed)).status_code == 403
    assert Client().post(page_of(webhook, deed)).headers["Location"].startswith("/accounts/login/")
    assert Subscription.objects.values().get() == before
    assert not receiver.sent


@pytest.mark.parametrize("deed", DEEDS[:-1])
def test_who_comes_back_from_signing_in_finds_the_webhook_and_nothing_done(
    owner: Client, webhook: Subscription, receiver: Post, deed: str
) -> None:
    before = Subscription.objects.values().get()
    assert owner.get(page_of(webhook, deed)).headers["Location"] == page_of(webhook)
    assert Subscription.objects.values().get() == before


def test_what_a_person_sees_of_a_failure_leads_back_to_active(
    acme: Organization, owner: Client, webhook: Subscription, receiver: Post
) -> None:
    """Exhausted, tested, enabled: each page leads to the next."""
    stop(webhook, Standing.EXHAUSTED)
    receiver.answers[webhook.url] = answering(503)
    assert "503" in text_of(owner.post(page_of(webhook, "test"), **IN_PLACE))
    del receiver.answers[webhook.url]
    assert "It arrived." in text_of(owner.post(page_of(webhook, "test"), **IN_PLACE))
    assert "Enable it: it missed nothing" in text_of(owner.get(page_of(webhook)))
    assert "It had missed nothing." in said(owner, page_of(webhook, "enable"))
    assert "is exhausted since" not in text_of(owner.get(page_of(webhook)))
