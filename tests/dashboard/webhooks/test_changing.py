"""Settings, secret and end of a webhook, from one tab or from two."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.core.sealing import unseal
from apps.webhooks.models import Standing, Subscription
from apps.webhooks.queries import settings_state
from tests.dashboard.webhooks.reading import page_of, text_of, value_in
from tests.webhooks.delivering import subscribed

URL = "https://93.184.215.14/hook"


def form(webhook: Subscription, **fields: object) -> dict[str, object]:
    return {"seen": settings_state(webhook), "url": webhook.url, "events": webhook.events, **fields}


def test_what_is_changed_is_saved_and_written_down(owner: Client, webhook: Subscription) -> None:
    answer = owner.post(
        page_of(webhook, "settings"),
        form(webhook, url=URL, events=["pick.settled"], expire_at_kickoff="on"),
        follow=True,
    )
    assert "The settings are saved" in text_of(answer)
    before, webhook = webhook.url, Subscription.objects.get()
    assert (webhook.url, webhook.events, webhook.expire_at_kickoff) == (URL, ["pick.settled"], True)
    changed = AuditEntry.objects.get(action="webhook.changed").details["changed"]
    assert changed["url"] == [before, URL]
    assert changed["expire_at_kickoff"] == [False, True]


def test_saving_without_a_change_is_no_change(owner: Client, webhook: Subscription) -> None:
    assert owner.post(page_of(webhook, "settings"), form(webhook)).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "ftp://example.com/"}, "A webhook's URL begins with https://."),
        ({"url": ""}, "Say where the events are to be sent."),
        ({"events": []}, "Choose at least one kind of event."),
        ({"seen": ""}, "Open the page afresh, and fill it in again."),
        ({"seen": "x" * 100}, "Open the page afresh, and fill it in again."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_saved(
    owner: Client, webhook: Subscription, fields: dict[str, object], sentence: str
) -> None:
    before = Subscription.objects.values().get()
    assert sentence in text_of(owner.post(page_of(webhook, "settings"), form(webhook, **fields)))
    assert Subscription.objects.values().get() == before


def test_the_url_of_another_webhook_leads_to_that_one(owner: Client, webhook: Subscription) -> None:
    other = subscribed(URL, key=webhook.key, now=timezone.now())
    page = owner.post(page_of(webhook, "settings"), form(webhook, url=URL))
    assert "This key has a webhook with this URL" in text_of(page)
    assert page_of(other) in page.content.decode()


def test_what_another_tab_saved_is_shown_and_what_was_typed_is_kept(owner: Client, webhook: Subscription) -> None:
    mine, theirs = form(webhook, url=URL), form(webhook, events=["pick.settled"])
    owner.post(page_of(webhook, "settings"), theirs)
    page = owner.post(page_of(webhook, "settings"), mine)
    assert "somebody changed these settings while you had them open" in text_of(page)
    assert "Events pick.settled Expire" in text_of(page)
    assert f'value="{URL}"' in page.content.decode()
    assert Subscription.objects.get().url == webhook.url
    owner.post(page_of(webhook, "settings"), {**mine, "seen": value_in(page, "seen")})
    assert Subscription.objects.get().url == URL


def test_a_pause_in_another_tab_does_not_stand_in_the_way_of_the_settings(owner: Client, webhook: Subscription) -> None:
    owner.post(page_of(webhook, "pause"))
    owner.post(page_of(webhook, "settings"), form(webhook, events=["pick.settled"]))
    webhook.refresh_from_db()
    assert (webhook.events, webhook.status) == (["pick.settled"], Standing.PAUSED)


def test_a_new_secret_is_shown_once_with_how_long_the_old_one_signs(owner: Client, webhook: Subscription) -> None:
    old = unseal(webhook.sealed_secret)
    seen = value_of_rotation(owner, webhook)
    page = owner.post(page_of(webhook, "rotate-secret"), {"seen": seen})
    webhook.refresh_from_db()
    new = unseal(webhook.sealed_secret)
    assert new != old
    assert new in page.content.decode()
    assert old not in page.content.decode()
    assert "the old one signs too" in text_of(page)
    assert "no-store" in page.headers["Cache-Control"]
    again = owner.post(page_of(webhook, "rotate-secret"), {"seen": seen})
    assert again.status_code == 409
    assert "The secret was rotated already" in text_of(again)
    assert new not in again.content.decode()
    webhook.refresh_from_db()
    assert unseal(webhook.sealed_secret) == new
    entry = AuditEntry.objects.get(action="webhook.secret_rotated")
    assert new not in str(entry.details)
    assert "The last rotation is not over" in text_of(owner.get(page_of(webhook, "settings")))
    third = owner.post(page_of(webhook, "rotate-secret"), {"seen": value_of_rotation(owner, webhook)})
    assert third.status_code == 200


def test_it_is_deleted_by_typing_its_host_and_by_nothing_else(owner: Client, webhook: Subscription) -> None:
    for typed in ("", "example.test", "<b>"):
        page = owner.post(page_of(webhook, "delete"), {"host": typed})
        assert page.status_code == 200
        assert "<b>" not in page.content.decode()
    assert "Type hooks.example.test to delete this webhook. Nothing was deleted." in text_of(page)
    answer = owner.post(page_of(webhook, "delete"), {"host": " Hooks.Example.Test "}, follow=True)
    assert "The webhook to hooks.example.test is deleted" in text_of(answer)
    for below in ("", "settings", "delete", "test"):
        assert owner.get(page_of(webhook, below)).status_code == 404
    assert AuditEntry.objects.get().action == "webhook.deleted"


def value_of_rotation(owner: Client, webhook: Subscription) -> str:
    """What the button to rotate carries: the last hidden field of its page with this name."""
    page = owner.get(page_of(webhook, "settings"))
    page.content = page.content.split(b'action="' + page_of(webhook, "rotate-secret").encode())[1]
    return value_in(page, "seen")
