"""The list of keys and a key's page: what they show, to whom, and how many queries that takes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.html import escape

from apps.access.draining import drain
from apps.access.history import hour_of
from apps.access.models import ApiKey, UsageDrain, UsageHour, UsageMonth
from apps.access.services import revoke_key, rotate_key
from apps.access.usage import Window
from apps.core.away import REDIS_AWAY
from tests.access.counting import ask, fail, redis_now_ms
from tests.dashboard.people import address, person, signed_in
from tests.factories import ApiKeyFactory, OrganizationFactory

HOSTILE = "<script>alert(1)</script>\"'&"
PAGES = ["", "ended", "new", "/", "/first-request", "/why", "/rename", "/expiry", "/rotate", "/revoke"]
FORMS = ["new", "/rename", "/expiry", "/rotate", "/revoke", "/end-old-secrets"]


def a_year(*keys: ApiKey, hours: int = 24 * 365) -> None:
    """So many hours up to now, each of 7 accepted, 2 limited, 1 refused, 1 failed: with each key, at two endpoints."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO access_usagehour (key_id, hour, endpoint, counted, limited, refused, failed)
            SELECT key, %s::timestamptz - back * interval '1 hour', endpoint, 9, 2, 1, 1
            FROM unnest(%s::uuid[]) AS key, generate_series(0, %s - 1) AS back,
                unnest(ARRAY['picks', 'track-record']) AS endpoint
            """,
            [hour_of(timezone.now()), [key.pk for key in keys], hours],
        )


class TestList:
    def test_shows_each_key_by_its_ends_with_its_last_36_hours(self, place) -> None:
        a_year(place.key, hours=48)
        html = place.html()
        assert "Nightly import" in html
        assert f"betedge_{place.key.prefix}…{place.key.last_four}" in html
        assert "Last 36 hours: 504 accepted, 144 over a limit, 72 refused, 72 failed" in html
        assert "1 of 10" in html
        assert place.key.secret not in html

    def test_computes_each_keys_state(self, place) -> None:
        now = timezone.now()
        assert "never used" in place.html()
        place.key.secrets.update(last_used_at=now - timedelta(minutes=5))
        assert "● " not in place.html()
        assert ">works<" in place.html()
        ApiKey.objects.filter(pk=place.key.pk).update(expires_at=now + timedelta(days=3))
        assert "expires <time" in place.html()
        rotate_key(key_id=place.key.pk, now=now)
        assert "rotating until <time" in place.html()
        ApiKey.objects.filter(pk=place.key.pk).update(expires_at=now - timedelta(days=3))
        assert "expired <time" in place.html()
        revoke_key(key_id=place.key.pk, now=now)
        assert "revoked <time" in place.html()

    def test_says_how_the_month_stands(self, place) -> None:
        month = timezone.now().date().replace(day=1)
        UsageMonth.objects.create(organization=place.organization, month=month, counted=100_000)
        html = place.html()
        assert "100,000 of 100,000" in html
        assert "It is used up" in html

    def test_is_bounded_for_fifty_keys_with_a_year_and_five_hundred_that_ended(
        self, place, django_assert_max_num_queries
    ) -> None:
        type(place.organization).objects.filter(pk=place.organization.pk).update(tier="enterprise")
        now = timezone.now()
        keys = [ApiKeyFactory(organization=place.organization, name=f"Key {n}") for n in range(49)]
        a_year(place.key)
        a_year(*keys, hours=24 * 30)
        ended = [ApiKeyFactory(organization=place.organization, revoked_at=now) for _ in range(60)]
        assert len(ended) == 60
        place.html()
        with django_assert_max_num_queries(11):
            answer = place.get()
        assert answer.content.count(b'class="spark"') == 50
        assert len(answer.content) < 110_000
        assert "60 keys no longer working" in answer.content.decode()

    def test_pages_through_what_ended(self, place, django_assert_max_num_queries) -> None:
        for number in range(55):
            ApiKeyFactory(organization=place.organization, name=f"Old {number}", revoked_at=timezone.now())
        assert "Page 1 of 2" in place.html("ended")
        with django_assert_max_num_queries(9):
            assert place.html("ended", page="2").count("<tr>") == 6
        for nonsense in ("x", "-1", "99"):
            assert "of 2" in place.html("ended", page=nonsense)

    def test_has_the_newest_key_first(self, place) -> None:
        for day, name in enumerate(("Middle", "Oldest", "Older"), start=1):
            ApiKeyFactory(organization=place.organization, name=name, created_at=timezone.now() - timedelta(days=day))
        html = place.html("")
        assert html.index("Middle") < html.index("Oldest") < html.index("Older")

    def test_says_what_to_do_where_there_is_nothing(self, db, redis) -> None:
        organization = OrganizationFactory()
        page = address(organization, "api-keys")
        assert "Create your first key" in signed_in(person("o@example.test", organization)).get(page).content.decode()
        viewer = signed_in(person("v@example.test", organization, "viewer"))
        assert "ask an owner, admin or developer" in viewer.get(page).content.decode()
        assert "No key of" in viewer.get(f"{page}/ended").content.decode()


class TestKey:
    def test_shows_how_full_its_hour_and_its_month_are(self, place) -> None:
        for _ in range(3):
            ask(place.key)
        html = place.html("/")
        assert "997 of 1,000 left" in html
        assert "3 of 100,000" in html
        ask(place.key)
        assert "996 of 1,000 left" in place.html("/")

    def test_says_so_when_the_counter_is_away(self, place) -> None:
        REDIS_AWAY.found()
        try:
            assert "Cannot be read just now" in place.html("/")
        finally:
            REDIS_AWAY.over()

    @pytest.mark.parametrize(("span", "hours", "bars"), [("24h", 24, {24}), ("7d", 168, {168}), ("30d", 720, {30, 31})])
    def test_shows_what_was_asked(self, place, span, hours, bars, django_assert_max_num_queries) -> None:
        a_year(place.key)
        place.html("/", range=span)
        with django_assert_max_num_queries(22):
            answer = place.get("/", range=span)
        chart = answer.context["chart"]
        assert len(chart["x"]) in bars
        assert [sum(one["values"]) for one in chart["series"]] == [14 * hours, 4 * hours, 2 * hours, 2 * hours]
        assert "/api/v1/track-record" in answer.content.decode()
        assert "50.0 %" in answer.content.decode()
        assert len(answer.content) < 60_000

    def test_takes_nonsense_for_the_usual_day(self, place) -> None:
        assert place.get("/", range="7000d").context["span"] == "24h"

    def test_lists_the_last_errors_with_their_request_ids(self, place) -> None:
        for number in range(20):
            fail(place.key, at=ask(place.key).at, request_id=f"mine-{number}")
        drain()
        html = place.html("/")
        assert html.count("mine-") == 15
        assert "All 20 that are kept" in html
        assert place.html("/", errors="all").count("mine-") == 20
        assert "/docs/errors#not_found" in html

    def test_of_a_key_that_was_revoked_long_ago_still_proves_it(self, place) -> None:
        now = timezone.now()
        UsageDrain.objects.update_or_create(pk=1, defaults={"known_until": now})
        a_year(place.key, hours=24)
        UsageHour.objects.filter(key=place.key, hour__gt=now - timedelta(hours=10)).delete()
        ApiKey.objects.filter(pk=place.key.pk).update(revoked_at=now - timedelta(hours=9))
        assert "<strong>None</strong>" in place.html("/")
        ApiKey.objects.filter(pk=place.key.pk).update(revoked_at=now - timedelta(days=9))
        UsageHour.objects.filter(key=place.key).update(counted=0)
        assert "<strong>None</strong>" in place.html("/")

    def test_tells_of_what_an_outage_made_count_late(self, place) -> None:
        revoke_key(key_id=place.key.pk, now=timezone.now() - timedelta(minutes=30))
        ApiKey.objects.filter(pk=place.key.pk).update(revoked_at=timezone.now() - timedelta(days=3))
        a_year(place.key, hours=1)
        assert "18 were counted later" in place.html("/")


class TestWhy:
    @pytest.fixture
    def refused(self, place):
        now = redis_now_ms()
        for back in (50, 20, 20, 5):
            ask(place.key, at=now - back * 60_000)
        window = Window(limit=4, count=4, oldest_ms=now - 50 * 60_000, newest_ms=now - 5 * 60_000)
        fail(place.key, at=now, status=429, code="rate_limit_exceeded", request_id="hammer-7", window=window)
        fail(place.key, at=now, status=404, request_id="lost-1")
        drain()
        return now

    def test_tells_what_the_window_held(self, place, refused) -> None:
        answer = place.get("/why", request=" hammer-7 ")
        html = answer.content.decode()
        assert "4 requests in the 60 minutes before; the limit was 4" in html
        assert "when the oldest of them leaves the window" in html
        [series] = answer.context["chart"]["series"]
        assert (len(series["values"]), sum(series["values"])) == (61, 4)
        assert "hammer-7" in place.html("/")

    def test_tells_what_else_it_was(self, place, refused) -> None:
        html = place.html("/why", request="lost-1")
        assert "was not refused by a limit" in html
        assert "not_found" in html

    def test_tells_which_ids_are_known(self, place, refused) -> None:
        for asked in ("nobody", "", "x" * 500, "a\u200bb", "\x00"):
            assert "X-Request-Id" in place.html("/why", request=asked)

    def test_names_the_other_key_of_the_organisation(self, place, refused) -> None:
        other = ApiKeyFactory(organization=place.organization)
        answer = place.browser.get(place.at("/why", other), {"request": "hammer-7"})
        assert f"/api-keys/{place.key.pk}" in answer.content.decode()

    def test_tells_nothing_of_other_organisations(self, place, refused) -> None:
        stranger = ApiKeyFactory()
        owner = signed_in(person("stranger@example.test", stranger.organization))
        page = address(stranger.organization, f"api-keys/{stranger.pk}/why")
        assert "No refused request" in owner.get(page, {"request": "hammer-7"}).content.decode()


class TestWho:
    @pytest.mark.parametrize("role", ["owner", "admin", "developer", "viewer"])
    def test_another_tenants_keys_are_not_there_for_any_role(self, place, role) -> None:
        stranger = ApiKeyFactory()
        browser = place.somebody(role)
        for path in (path for path in [*PAGES, *FORMS] if path.startswith("/")):
            for ask_for in (browser.get, browser.post):
                own, theirs = place.at(path, stranger), address(stranger.organization, f"api-keys/{stranger.pk}")
                expected = {403, 404} if role == "viewer" else {404}
                assert ask_for(own).status_code in expected
                assert ask_for(f"{theirs}{path if path != '/' else ''}").status_code == 404
        stranger.refresh_from_db()
        assert stranger.revoked_at is None

    def test_a_viewer_sees_all_but_the_buttons(self, place) -> None:
        rotate_key(key_id=place.key.pk, now=timezone.now())
        browser = place.somebody("viewer")
        for path in ("", "/"):
            html = browser.get(place.at(path)).content.decode()
            assert "Nightly import" in html
            for word in ("Create a key", ">Rotate<", ">Rename<", ">Revoke<", "End the old secret"):
                assert word not in html
        for path in FORMS:
            assert browser.post(place.at(path), {"name": "Nightly import"}).status_code == 403
            assert browser.get(place.at(path)).status_code == 403
        assert ApiKey.objects.get().revoked_at is None

    def test_nobody_is_led_to_the_sign_in_and_back(self, place, client) -> None:
        for path in PAGES:
            answer = client.get(place.at(path))
            assert answer.status_code == 302
            assert place.at(path) in answer["Location"].replace("%2F", "/")

    def test_a_form_from_elsewhere_is_refused(self, place) -> None:
        place.browser.handler.enforce_csrf_checks = True
        for path in FORMS:
            assert place.post(path, name="Nightly import").status_code == 403
        assert ApiKey.objects.get().revoked_at is None


def test_whatever_people_type_is_shown_as_they_typed_it(place) -> None:
    ApiKey.objects.filter(pk=place.key.pk).update(name=HOSTILE)
    fail(place.key, at=ask(place.key).at, request_id="x")
    drain()
    for path in PAGES:
        html = place.html(path)
        assert "<script>alert" not in html
    assert escape(HOSTILE) in place.html("/revoke")
    assert "<script>alert" not in place.html("/why", request=HOSTILE)
    for path in ("new", "/rename", "/revoke"):
        assert "<script>alert" not in place.post(path, name=HOSTILE * 9).content.decode()
