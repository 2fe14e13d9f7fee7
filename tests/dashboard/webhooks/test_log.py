"""A webhook's log: filtered, page by page; a delivery attempt by attempt; whatever receivers say is shown as text."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiKey
from apps.core.sealing import unseal
from apps.webhooks.models import Attempt, Delivery, Reason, Standing, State, Subscription
from apps.webhooks.signing import signature
from tests.dashboard.webhooks.reading import page_of, page_of_delivery, text_of
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

PICK = {"home_team": "Arsenal", "away_team": "Chelsea", "pick": "Arsenal -0.5 Asian Handicap"}
HOSTILE = "<script>alert(1)</script>\u202eevil\u202c&amp;\ufffd" + "🎲" * 400


def body(**data: Any) -> str:
    return json.dumps({"id": str(uuid4()), "event": "pick.published", "data": {**PICK, **data}})


def test_without_deliveries_it_says_what_will_appear(owner: Client, webhook: Subscription) -> None:
    assert "The next pick that is published or settled appears here. Send a test" in text_of(
        owner.get(page_of(webhook))
    )


def test_a_row_says_what_happened_how_it_went_and_how_long_it_took(owner: Client, webhook: Subscription) -> None:
    now = timezone.now()
    fast = delivery_of(webhook, at=now - timedelta(hours=2), status=State.DELIVERED, body=body(), attempts=1)
    Delivery.objects.filter(pk=fast.pk).update(delivered_at=fast.created_at + timedelta(milliseconds=412))
    late = delivery_of(webhook, at=now - timedelta(hours=3), status=State.DELIVERED, body=body(pick="Draw"), attempts=2)
    Delivery.objects.filter(pk=late.pk).update(delivered_at=late.created_at + timedelta(hours=1, minutes=2))
    delivery_of(webhook, at=now - timedelta(minutes=1), failures=2, attempts=2)
    delivery_of(webhook, at=now - timedelta(hours=5), status=State.CANCELLED, reason=Reason.PAUSED)
    delivery_of(webhook, at=now - timedelta(hours=6), status=State.FAILED, reason=Reason.EXHAUSTED, attempts=6)
    delivery_of(webhook, at=now - timedelta(hours=7), status=State.EXPIRED)
    words = text_of(owner.get(page_of(webhook)))
    for expected in (
        "Arsenal v Chelsea: Arsenal -0.5 Asian Handicap",
        "Arsenal v Chelsea: Draw",
        "412 ms",
        "1 h 02 min",
        "Retry 2 of 5 Answered 500. It failed, and is tried again. Next at",
        "Not sent The webhook was paused.",
        "Failed Answered 500. The fifth retry failed.",
        "Expired Kick-off came first",
        "412 ms median",
        "95 % within 1 h 02 min",
    ):
        assert expected in words


def test_filters_show_what_fits_and_say_so_where_nothing_does(owner: Client, webhook: Subscription) -> None:
    now = timezone.now()
    delivery_of(webhook, at=now, status=State.DELIVERED, event="pick.settled", body=body(pick="Settled one"))
    delivery_of(webhook, at=now, status=State.FAILED, body=body(pick="Failed one"))
    for query, there, not_there in (
        ("status=failed", "Failed one", "Settled one"),
        ("event=pick.settled", "Settled one", "Failed one"),
        ("status=nonsense&event=%00", "Settled one", "Nothing here fits."),
        ("status=failed&event=pick.settled", "Nothing here fits.", "Failed one"),
    ):
        words = text_of(owner.get(f"{page_of(webhook)}?{query}"))
        assert there in words
        assert not_there not in words


def test_pages_lead_through_the_whole_log_once_and_keep_the_filter(owner: Client, webhook: Subscription) -> None:
    now = timezone.now()
    for number in range(120):
        delivery_of(
            webhook, at=now - timedelta(minutes=number // 2), status=State.FAILED, body=body(pick=f"No. {number};")
        )
    seen, query = "", "?status=failed"
    for page in range(3):
        answer = owner.get(page_of(webhook) + query)
        seen += text_of(answer)
        links = [part.split('"')[0].replace("&amp;", "&") for part in answer.content.decode().split('<a href="')]
        query = next((link for link in links if "after=" in link), "")
        assert bool(query) == (page < 2)
        assert ("Newest" in text_of(answer)) == (page > 0)
    assert all(seen.count(f"No. {number};") == 1 for number in range(120))


@pytest.mark.parametrize(
    "after",
    [
        "nonsense",
        "2026-01-01T00:00:00Z~no",
        "2026-01-01T00:00:00~04ce11fb-d4ef-43f4-b1bc-9b94a737e8eb",
        "~",
        "9999-99-99T00:00:00Z~",
    ],
)
def test_a_place_that_cannot_be_read_is_the_beginning(owner: Client, webhook: Subscription, after: str) -> None:
    delivery_of(webhook, at=timezone.now(), body=body())
    assert "Arsenal v Chelsea" in text_of(owner.get(page_of(webhook), {"after": after}))


def test_a_full_page_takes_a_bounded_number_of_queries_and_bytes(
    owner: Client, webhook: Subscription, django_assert_max_num_queries
) -> None:
    now = timezone.now()
    for number in range(60):
        delivery_of(webhook, at=now - timedelta(hours=number), failures=3, attempts=3, body=body())
    owner.get(page_of(webhook))
    with django_assert_max_num_queries(12):
        answer = owner.get(page_of(webhook))
    assert len(answer.content) < 100_000


def test_a_delivery_is_told_attempt_by_attempt(owner: Client, webhook: Subscription) -> None:
    now = timezone.now()
    delivery = delivery_of(webhook, at=now, failures=2, attempts=2, body=body())
    Attempt.objects.filter(number=2).update(
        status_code=None, error="No answer came within 10 s.", response_body="", address=None
    )
    words = text_of(owner.get(page_of_delivery(delivery)))
    for expected in (
        "Attempt 1 500",
        "to 192.0.2.1",
        "7 ms",
        "Answered 500. Your receiver's own log of that moment says more.",
        "<b>no</b>",
        "Attempt 2 no answer",
        "No answer came within 10 s. Answer first, and do the work afterwards.",
        "It is due now",
        "if that fails too, the webhook is exhausted",
        delivery.body or "no body",
    ):
        assert expected in words, expected
    assert words.count("if that fails, at") == 3


def test_what_is_sent_is_shown_without_anything_made_with_the_secret(owner: Client, webhook: Subscription) -> None:
    delivery = delivery_of(webhook, at=timezone.now(), status=State.DELIVERED, attempts=1, body=body())
    page = owner.get(page_of_delivery(delivery)).content.decode()
    secret = unseal(webhook.sealed_secret)
    assert secret not in page
    assert signature((delivery.body or "").encode(), secret).removeprefix("sha256=") not in page
    assert "X-BetEdge-Signature" in page
    assert f"X-BetEdge-Delivery</code></dt><dd>{delivery.pk}" in page


def test_what_receivers_and_upstreams_say_is_text(owner: Client, webhook: Subscription) -> None:
    delivery = delivery_of(
        webhook, at=timezone.now(), failures=1, attempts=1, body=body(pick=HOSTILE, home_team="<b>x")
    )
    Attempt.objects.update(response_body=HOSTILE, error=f"Answered 500. {HOSTILE}")
    Subscription.objects.update(last_failed_at=timezone.now(), last_failed_error=HOSTILE)
    listing = page_of(webhook).rpartition("/")[0]
    for address in (page_of(webhook), page_of_delivery(delivery), listing):
        page = owner.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>x" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"data": null}', '{"data": {"pick": 1}}', '{"data": []}'])
def test_a_body_that_tells_of_no_pick_is_shown_as_it_is(owner: Client, webhook: Subscription, text: str) -> None:
    delivery = delivery_of(webhook, at=timezone.now(), status=State.DELIVERED, attempts=1, body=text)
    assert owner.get(page_of(webhook)).status_code == 200
    assert owner.get(page_of_delivery(delivery)).status_code == 200


def test_many_attempts_are_cut_to_the_last_twenty(owner: Client, webhook: Subscription) -> None:
    delivery = delivery_of(webhook, at=timezone.now(), status=State.FAILED, attempts=30, body=body())
    words = text_of(owner.get(page_of_delivery(delivery)))
    assert "The last 20 of 30 are shown." in words
    assert "Attempt 10 " not in words
    assert "Attempt 11 " in words


def test_a_delivery_is_found_under_its_own_webhook_alone(owner: Client, webhook: Subscription, key: ApiKey) -> None:
    now = timezone.now()
    mine, theirs = (
        subscribed("https://hooks.example.test/b", key=key, now=now),
        subscribed("https://x.example.test/", now=now),
    )
    for other in (mine, theirs):
        delivery = delivery_of(other, at=now)
        assert owner.get(page_of(webhook, f"deliveries/{delivery.pk}")).status_code == 404
        assert owner.post(page_of(webhook, f"deliveries/{delivery.pk}/redeliver")).status_code == 404
    acme = webhook.key.organization_id
    assert owner.get(f"/dashboard/{acme}/webhooks/{theirs.pk}").status_code == 404
    assert owner.get(page_of(webhook, f"deliveries/{uuid4()}")).status_code == 404


def test_a_viewer_sees_all_of_it_and_no_button(viewer: Client, webhook: Subscription) -> None:
    now = timezone.now()
    delivery = delivery_of(webhook, at=now, status=State.FAILED, attempts=1, body=body())
    for status, stopped in ((Standing.ACTIVE, None), (Standing.EXHAUSTED, now), (Standing.PAUSED, now)):
        Subscription.objects.update(status=status, stopped_at=stopped)
        for address in (page_of(webhook), page_of_delivery(delivery)):
            page = viewer.get(address)
            assert page.status_code == 200
            assert 'method="post" action="/dashboard' not in page.content.decode()
