"""Making a key: the form, the one answer that shows the secret, and the first request that is seen to arrive."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.access.draining import drain
from apps.access.models import ApiError, ApiKey
from apps.access.queries import working_key
from apps.accounts.models import AuditEntry
from tests.access.counting import ask, fail, redis_now_ms
from tests.dashboard.people import person, signed_in
from tests.factories import ApiKeyFactory, OrganizationFactory

SECRET = re.compile("betedge_[0-9a-f]{64}")


def made(place, **words: object):
    return place.post("new", **{"id": uuid4(), "name": "Laptop", "expiry": "never", **words})


def secret_in(answer) -> str:
    found = set(SECRET.findall(answer.content.decode()))
    assert len(found) == 1
    return found.pop()


def test_the_answer_to_the_form_shows_the_secret_and_a_call_that_holds_it(place, settings) -> None:
    settings.BETEDGE_PUBLIC_URL = "https://api.example.test"
    answer = made(place)
    secret = secret_in(answer)
    html = answer.content.decode()
    assert "curl 'https://api.example.test/api/v1/picks?limit=3' -H" in html
    assert f"Authorization: Bearer {secret}" in html
    assert "no-store" in answer["Cache-Control"]
    key = working_key(secret=secret, now=timezone.now())
    assert key
    assert (key.name, key.organization, key.expires_at) == ("Laptop", place.organization, None)


def test_no_other_page_and_no_row_of_the_log_shows_the_secret(place) -> None:
    secret = secret_in(made(place))
    key = ApiKey.objects.get(name="Laptop")
    for path in ("", "/", "/first-request", "/rotate", "/revoke", "/rename", "/expiry"):
        assert secret not in place.browser.get(place.at(path, key)).content.decode()
    entry = AuditEntry.objects.get(action="key.created")
    assert (entry.actor, entry.organization) == ("owner@example.test", place.organization)
    assert secret not in f"{entry.subject} {entry.details}"


def test_a_form_that_arrives_twice_makes_one_key_and_says_so(place) -> None:
    name = uuid4()
    secret = secret_in(made(place, id=name))
    again = made(place, id=name)
    assert again.status_code == 409
    assert "done already" in again.content.decode()
    assert not SECRET.search(again.content.decode())
    assert ApiKey.objects.filter(name="Laptop").count() == 1
    assert working_key(secret=secret, now=timezone.now())


def test_the_id_of_another_organisations_key_is_no_way_to_it(place) -> None:
    other = ApiKeyFactory(name="secret plans")
    answer = made(place, id=other.pk)
    assert answer.status_code == 200
    assert "open it again" in answer.content.decode()
    assert "secret plans" not in answer.content.decode()


def test_a_person_without_any_key_sees_one_field_and_one_button(db, redis) -> None:
    organization = OrganizationFactory()
    browser = signed_in(person("new@example.test", organization))
    html = browser.get(f"/dashboard/{organization.pk}/api-keys").content.decode()
    assert 'value="My first key"' in html
    assert 'name="expiry"' not in html
    found = re.search(r'name="id" value="([0-9a-f-]{36})"', html)
    assert found
    answer = browser.post(f"/dashboard/{organization.pk}/api-keys/new", {"id": found[1], "name": "My first key"})
    assert secret_in(answer)
    assert ApiKey.objects.get().expires_at is None


def test_the_end_of_the_chosen_day_is_the_keys(place) -> None:
    made(place, expiry="30")
    day = (datetime.now(UTC) + timedelta(days=31)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert ApiKey.objects.get(name="Laptop").expires_at == day
    today = datetime.now(UTC).date()
    made(place, name="Today only", expiry="date", on=today.isoformat())
    ends = ApiKey.objects.get(name="Today only").expires_at
    assert ends
    assert ends.date() == today + timedelta(days=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 81}, "at most 80"),
        ({"name": "a\u200bb"}, "printable"),
        ({"expiry": "date"}, "Enter the last day"),
        ({"expiry": "date", "on": "2020-01-01"}, "or a later day"),
        ({"expiry": "date", "on": "9999-12-31"}, "within ten years"),
        ({"expiry": "date", "on": "soon"}, "valid date"),
        ({"expiry": "30", "on": "2999-01-01"}, "leave the day empty"),
        ({"expiry": "sometimes"}, "valid choice"),
        ({"id": "x"}, "open the page again"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(place, words, sentence) -> None:
    answer = made(place, **words)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert answer.context["form"]["name"].value() == words.get("name", "Laptop")
    assert ApiKey.objects.count() == 1


def test_where_the_tier_has_no_room_the_page_says_what_to_do(place) -> None:
    for _ in range(9):
        ApiKeyFactory(organization=place.organization)
    assert "No room for another key" in place.html("new")
    answer = made(place)
    assert "No room for another key" in answer.content.decode()
    assert f"/dashboard/{place.organization.pk}/plan" in answer.content.decode()
    assert ApiKey.objects.count() == 10


def test_the_line_waits_then_turns_when_the_first_request_arrives(place) -> None:
    assert place.browser.get(place.at("/first-request"), headers={"HX-Request": "true"}).status_code == 204
    ask(place.key)
    line = place.browser.get(place.at("/first-request"), headers={"HX-Request": "true"}).content.decode()
    assert "First request received" in line
    assert "/api/v1/picks" in line
    assert "hx-trigger" not in line


def test_the_line_says_it_too_when_redis_has_forgotten(place, redis) -> None:
    ask(place.key)
    drain()
    redis.flushdb()
    line = place.browser.get(place.at("/first-request"), headers={"HX-Request": "true"}).content.decode()
    assert "First request received" in line
    assert "/api/v1/picks" in line


@pytest.mark.parametrize("drained", [False, True])
def test_a_first_request_that_was_refused_arrived_as_well(place, drained) -> None:
    admission = ask(place.key, endpoint="picks/stream")
    fail(place.key, at=admission.at, status=403, code="tier_upgrade_required", endpoint="picks/stream")
    if drained:
        drain()
        assert ApiError.objects.exists()
    line = place.browser.get(place.at("/first-request"), headers={"HX-Request": "true"}).content.decode()
    assert "403" in line
    assert "/docs/errors#tier_upgrade_required" in line
    assert "/api/v1/picks/stream" in line


def test_asking_ends_after_a_quarter_of_an_hour_and_can_be_begun_again(place) -> None:
    headers, long_ago = {"HX-Request": "true"}, int(timezone.now().timestamp()) - 901
    waited = place.browser.get(place.at("/first-request"), {"since": long_ago}, headers=headers).content.decode()
    assert "Look again" in waited
    assert "every 1s" not in waited
    again = place.browser.get(f"{place.at('/first-request')}?again", headers=headers).content.decode()
    assert "every 1s" in again


@pytest.mark.parametrize("since", ["", "x", "-1", "99999999999999", "²"])
def test_nonsense_for_since_waits_on(place, since) -> None:
    headers = {"HX-Request": "true"}
    assert place.browser.get(place.at("/first-request"), {"since": since}, headers=headers).status_code == 204


def test_without_script_the_line_is_a_page(place) -> None:
    assert "Look now" in place.html("/first-request")
    ask(place.key, at=redis_now_ms())
    assert "First request received" in place.html("/first-request")


def test_a_poll_takes_few_queries(place, django_assert_max_num_queries) -> None:
    place.get()  # from now on the session knows where it was last
    with django_assert_max_num_queries(6):
        place.browser.get(place.at("/first-request"), headers={"HX-Request": "true"})
