"""Rotating, renaming, ending: each change, what it says, and what a second arrival or a second tab meets."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.access.draining import drain
from apps.access.models import ApiKey
from apps.access.queries import working_key
from apps.access.services import expire_key, rename_key, revoke_key, rotate_key
from apps.accounts.models import AuditEntry
from apps.webhooks.models import Subscription
from tests.access.counting import ask
from tests.factories import ApiKeyFactory

SECRET = re.compile("betedge_[0-9a-f]{64}")


def reread(key: ApiKey) -> ApiKey:
    return ApiKey.objects.get(pk=key.pk)


class TestRotate:
    def test_shows_the_new_secret_and_lets_the_old_one_go_on(self, place) -> None:
        answer = place.post("/rotate", replacing=place.key.prefix, grace="1h")
        secret = SECRET.search(answer.content.decode())
        assert secret
        now = timezone.now()
        assert working_key(secret=secret[0], now=now) == place.key
        assert working_key(secret=place.key.secret, now=now) == place.key
        assert working_key(secret=place.key.secret, now=now + timedelta(hours=1)) is None
        assert AuditEntry.objects.get(action="key.rotated").actor == "owner@example.test"

    def test_ends_the_old_one_at_once_if_asked_to(self, place) -> None:
        answer = place.post("/rotate", replacing=place.key.prefix, grace="0")
        assert "stopped working just now" in answer.content.decode()
        assert working_key(secret=place.key.secret, now=timezone.now()) is None

    def test_says_before_it_who_uses_the_secret(self, place) -> None:
        place.key.secrets.update(last_used_at=datetime(2026, 5, 25, 15, 2, tzinfo=UTC))
        assert "25 May 2026 15:02 UTC" in place.html("/rotate")

    def test_happens_once_for_a_form_that_arrives_twice(self, place) -> None:
        words = {"replacing": place.key.prefix, "grace": "24h"}
        place.post("/rotate", **words)
        again = place.post("/rotate", **words)
        assert again.status_code == 409
        assert not SECRET.search(again.content.decode())
        assert place.key.secrets.count() == 2

    @pytest.mark.parametrize("words", [{"grace": "30d"}, {}, {"grace": "24h", "replacing": ""}])
    def test_asks_again_for_what_it_cannot_take(self, place, words) -> None:
        answer = place.post("/rotate", **{"replacing": place.key.prefix, **words})
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert place.key.secrets.count() == 1

    def test_is_followed_until_the_old_secret_is_no_longer_used(self, place) -> None:
        _, new = rotate_key(key_id=place.key.pk, now=timezone.now())
        assert "not used yet" in place.html("/")
        ask(place.key)
        assert "somebody still uses it" in place.html("/")
        ask(place.key, secret=new)
        assert "in use, last at" in place.html("/")
        drain()
        html = place.html("/")
        assert "somebody still uses it" in html
        assert "Rotation complete" not in html

    def test_is_complete_once_only_the_new_secret_is_used(self, place) -> None:
        place.key.secrets.update(last_used_at=timezone.now() - timedelta(hours=1))
        _, new = rotate_key(key_id=place.key.pk, now=timezone.now())
        ask(place.key, secret=new)
        assert "Rotation complete" in place.html("/")

    def test_can_be_cut_short(self, place) -> None:
        rotate_key(key_id=place.key.pk, now=timezone.now())
        answer = place.browser.post(place.at("/end-old-secrets"), follow=True)
        assert "stopped working just now" in answer.content.decode()
        assert working_key(secret=place.key.secret, now=timezone.now()) is None
        again = place.browser.post(place.at("/end-old-secrets"), follow=True)
        assert "No old secret was working" in again.content.decode()
        assert AuditEntry.objects.filter(action="key.old_secrets_ended").count() == 1

    def test_changes_nothing_when_looked_at(self, place) -> None:
        rotate_key(key_id=place.key.pk, now=timezone.now())
        assert place.get("/end-old-secrets").status_code == 302
        assert working_key(secret=place.key.secret, now=timezone.now()) == place.key


class TestRename:
    def test_gives_another_name(self, place) -> None:
        answer = place.browser.post(place.at("/rename"), {"name": " Laptop ", "was": "Nightly import"}, follow=True)
        assert "The key is called Laptop now." in answer.content.decode()
        assert reread(place.key).name == "Laptop"
        assert AuditEntry.objects.get(action="key.renamed").details["before"] == "Nightly import"

    @pytest.mark.parametrize("name", ["", "x" * 81, "a\u200bb"])
    def test_takes_no_name_that_is_none(self, place, name) -> None:
        answer = place.post("/rename", name=name, was="Nightly import")
        assert "errorlist" in answer.content.decode()
        assert reread(place.key).name == "Nightly import"

    def test_says_what_another_tab_did_before_it_overwrites_it(self, place) -> None:
        rename_key(key_id=place.key.pk, name="Theirs", now=timezone.now())
        answer = place.post("/rename", name="Mine", was="Nightly import").content.decode()
        assert "Meanwhile somebody called it “Theirs”" in answer
        assert 'value="Mine"' in answer
        assert reread(place.key).name == "Theirs"
        place.post("/rename", name="Mine", was="Theirs")
        assert reread(place.key).name == "Mine"


class TestExpiry:
    def test_is_changed_and_taken_away(self, place) -> None:
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        place.post("/expiry", expiry="date", on=tomorrow.isoformat(), was="never")
        ends = reread(place.key).expires_at
        assert ends
        assert ends.date() == tomorrow + timedelta(days=1)
        assert tomorrow.isoformat() in place.html("/expiry")
        place.post("/expiry", expiry="never", was=ends.isoformat())
        assert reread(place.key).expires_at is None

    def test_says_what_another_tab_did_before_it_overwrites_it(self, place) -> None:
        expire_key(key_id=place.key.pk, at=timezone.now() + timedelta(days=9), now=timezone.now())
        answer = place.post("/expiry", expiry="365", was="never").content.decode()
        assert "Meanwhile somebody changed it" in answer
        found = re.search(r'name="was" value="([^"]+)"', answer)
        assert found
        assert place.post("/expiry", expiry="365", was=found[1].replace("&#x2B;", "+")).status_code == 302

    def test_of_an_expired_key_is_over(self, place) -> None:
        ApiKey.objects.filter(pk=place.key.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
        answer = place.browser.post(place.at("/expiry"), {"expiry": "never"}, follow=True)
        assert "cannot be brought back" in answer.content.decode()
        assert "create a new key" in place.browser.get(place.at("/rotate"), follow=True).content.decode()


class TestRevoke:
    def test_takes_the_name_exactly_and_nothing_else(self, place) -> None:
        for typed in ("", "nightly import", "Nightly", "Nightly  import"):
            answer = place.post("/revoke", name=typed)
            assert answer.status_code == 200
            assert "errorlist" in answer.content.decode()
        assert reread(place.key).revoked_at is None
        place.post("/revoke", name=" Nightly import ")
        assert reread(place.key).revoked_at is not None
        assert AuditEntry.objects.get(action="key.revoked").actor == "owner@example.test"

    def test_says_what_ends_with_it(self, place) -> None:
        assert "no webhooks" in place.html("/revoke")
        Subscription.objects.create(
            key=place.key,
            url="https://hooks.example.test/",
            compared_url="https://hooks.example.test/",
            events=["pick.published"],
            created_at=timezone.now(),
            begins_after=0,
            sealed_secret="x",
        )
        assert "its 1 webhook ends with it" in place.html("/revoke")

    def test_leaves_a_receipt(self, place) -> None:
        ask(place.key)
        drain()
        place.post("/revoke", name="Nightly import")
        assert "None that we know of" in place.html("/")
        drain()
        html = place.html("/")
        assert "Receipt of the revocation" in html
        assert "<strong>None</strong>: the counts are complete until" in html
        assert "Rotate" not in html

    def test_tells_a_page_that_was_open_before_that_it_came_too_late(self, place) -> None:
        revoke_key(key_id=place.key.pk, now=timezone.now())
        late = {
            "/revoke": ({"name": "Nightly import"}, "was revoked before"),
            "/rotate": ({"replacing": place.key.prefix, "grace": "0"}, "works no longer"),
            "/expiry": ({"expiry": "never"}, "has ended already"),
            "/end-old-secrets": ({}, "works no longer"),
        }
        for path, (words, sentence) in late.items():
            assert sentence in place.browser.post(place.at(path), words, follow=True).content.decode()
        assert "no-store" in place.get("/")["Cache-Control"]

    def test_ends_every_secret_before_the_next_request(self, place) -> None:
        _, new = rotate_key(key_id=place.key.pk, now=timezone.now())
        place.post("/revoke", name="Nightly import")
        for secret in (place.key.secret, new):
            assert working_key(secret=secret, now=timezone.now()) is None
        assert "End the old secret" not in place.html("/")


def test_a_key_of_the_same_name_is_not_touched(place) -> None:
    other = ApiKeyFactory(organization=place.organization, name="Nightly import")
    place.post("/revoke", name="Nightly import")
    assert reread(other).revoked_at is None
