"""Webhooks that are not made: bodies of the wrong kind, URLs that break a rule, one too many, the same one twice."""

import re
from dataclasses import replace
from typing import Any

import pytest

from apps.api.v1.webhooks import PATTERN
from apps.outbox.models import TYPES
from apps.webhooks.guard import Guard
from apps.webhooks.models import MOST_SUBSCRIPTIONS, Subscription
from apps.webhooks.urls import RULES
from tests.api.conftest import PUBLIC
from tests.api.tenants import HOOK, Tenant, refusal
from tests.shared import needs_shared
from tests.together import at_once
from tests.webhooks.test_vectors import ANSWERS, OUR_ADDRESS, OWN, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis", "names")]
NEW = {"url": HOOK, "events": ["pick.published"]}


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"events": ["pick.published"]}, "url"),
        ({"url": HOOK}, "events"),
        ({}, "url"),
        ({**NEW, "url": None}, "url"),
        ({**NEW, "url": 1}, "url"),
        ({**NEW, "url": [HOOK]}, "url"),
        ({**NEW, "events": None}, "events"),
        ({**NEW, "events": "pick.published"}, "events"),
        ({**NEW, "events": {"pick.published": True}}, "events"),
        ({**NEW, "events": ["pick.published", 1]}, "events"),
        ({**NEW, "events": [["pick.published"]]}, "events"),
        ({**NEW, "expire_at_kickoff": None}, "expire_at_kickoff"),
        ({**NEW, "expire_at_kickoff": "true"}, "expire_at_kickoff"),
        ({**NEW, "expire_at_kickoff": 1}, "expire_at_kickoff"),
    ],
)
def test_a_missing_or_mistyped_field_is_named(tenant, wrong, field) -> None:
    answer = tenant.ask("POST", "/webhooks", wrong)
    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["field"] == field
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": None}, "url"),
        ({"events": "pick.settled"}, "events"),
        ({"paused": None}, "paused"),
        ({"paused": 0}, "paused"),
        ({"expire_at_kickoff": "no"}, "expire_at_kickoff"),
    ],
)
def test_so_it_is_in_a_change_and_before_the_webhook_is_looked_for(tenant, wrong, field) -> None:
    made = tenant.subscribe()
    for webhook_id in (made["subscription_id"], "unknown"):
        answer = tenant.ask("PATCH", f"/webhooks/{webhook_id}", wrong)
        assert refusal(answer) == (400, "invalid_request")
        assert answer.json()["field"] == field


def test_rules_of_form_come_before_the_look_for_the_webhook_too(tenant) -> None:
    assert refusal(tenant.ask("PATCH", "/webhooks/unknown", {"url": "http://a.example"})) == (400, "invalid_url")
    assert refusal(tenant.ask("PATCH", "/webhooks/unknown", {"events": []})) == (400, "invalid_events")
    assert refusal(tenant.ask("PATCH", "/webhooks/unknown", {"paused": True})) == (404, "not_found")


def test_what_is_no_object_is_an_invalid_request(tenant) -> None:
    for body in ([], "x", 1, [NEW]):
        answer = tenant.ask("POST", "/webhooks", body)
        assert refusal(answer) == (400, "invalid_request")
        assert "field" not in answer.json()


@pytest.mark.parametrize("events", [[], ["pick.drawn"], ["pick.published", "test"], ["\ud800"], ["PICK.PUBLISHED"]])
def test_events_that_there_are_not_are_answered_with_those_that_there_are(tenant, events) -> None:
    answer = tenant.ask("POST", "/webhooks", {**NEW, "events": events})
    assert refusal(answer) == (400, "invalid_events")
    assert answer.json()["allowed"] == list(TYPES)


@pytest.fixture
def worlds_names(names: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of the vectors, as an attacker's resolver would answer first."""

    def look_up(host: str, _port: int, _seconds: float) -> list[str]:
        answer: Any = ANSWERS.get(host, [[PUBLIC]])[0]
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    guard = replace(Guard.reading(own=[OWN], deny=OUR_ADDRESS, resolve="", production=False), look_up=look_up)
    for user in ("apps.api.v1.webhooks", "apps.webhooks.services"):
        monkeypatch.setattr(f"{user}.guard", lambda: guard)


@needs_shared
@pytest.mark.usefixtures("worlds_names")
@pytest.mark.parametrize("url", rows("create", "create+delivery"))
def test_a_hostile_url_is_refused_with_the_rule_that_it_breaks(tenant, url) -> None:
    answer = tenant.ask("POST", "/webhooks", {**NEW, "url": url})
    assert refusal(answer) == (400, "invalid_url")
    assert answer.json()["message"] == RULES[answer.json()["reason"]]
    assert not Subscription.objects.exists()


@needs_shared
@pytest.mark.usefixtures("worlds_names")
@pytest.mark.parametrize("url", rows("allow", "delivery"))
def test_a_url_that_shows_no_harm_is_taken_and_given_back_as_it_was_sent(tenant, url) -> None:
    assert tenant.subscribe(url)["url"] == url
    assert re.search(PATTERN, url)


def test_a_name_that_leads_to_a_private_address_is_refused_and_one_that_leads_nowhere_is_not(tenant, names) -> None:
    names["hooks.example.com"] = ["93.184.215.14", "10.0.0.1"]
    answer = tenant.ask("POST", "/webhooks", NEW)
    assert (refusal(answer), answer.json()["reason"]) == ((400, "invalid_url"), "private_address")
    names["hooks.example.com"] = []
    assert tenant.subscribe()["url"] == HOOK


@pytest.mark.parametrize("same", [HOOK, "HTTPS://Hooks.Example.COM/a", "https://hooks.example.com:443/a"])
def test_the_same_url_again_is_a_duplicate_however_it_is_written(tenant, same) -> None:
    made = tenant.subscribe()
    answer = tenant.ask("POST", "/webhooks", {"url": same, "events": ["pick.settled"]})
    assert refusal(answer) == (409, "duplicate_url")
    assert answer.json()["subscription_id"] == made["subscription_id"]


def test_an_empty_path_is_the_root_and_another_path_another_url(tenant) -> None:
    tenant.subscribe("https://hooks.example.com")
    assert refusal(tenant.ask("POST", "/webhooks", {**NEW, "url": "https://hooks.example.com/"}))[0] == 409
    for other in ("https://hooks.example.com:8443/", "https://hooks.example.com/A", "https://hooks.example.com/?a"):
        tenant.subscribe(other)


def test_another_key_may_have_the_same_url(tenant) -> None:
    tenant.subscribe()
    Tenant().subscribe()
    assert Subscription.objects.count() == 2


def test_a_key_has_five_and_a_duplicate_is_told_before_that(tenant) -> None:
    for number in range(MOST_SUBSCRIPTIONS):
        tenant.subscribe(f"{HOOK}/{number}")
    Subscription.objects.filter(url=f"{HOOK}/0").update(status="exhausted", stopped_at="2026-05-25T15:00:00Z")
    full = tenant.ask("POST", "/webhooks", NEW)
    assert refusal(full) == (429, "subscription_limit")
    assert full.json()["limit"] == 5
    assert int(full["Retry-After"]) > 0
    assert refusal(tenant.ask("POST", "/webhooks", {**NEW, "url": f"{HOOK}/0"})) == (409, "duplicate_url")


@pytest.mark.django_db(transaction=True)
def test_of_twenty_made_at_once_with_four_places_left_four_are_made() -> None:
    tenant = Tenant()
    tenant.subscribe()

    def make(number: int) -> Any:
        return lambda: tenant.ask("POST", "/webhooks", {**NEW, "url": f"{HOOK}/{number}"}).status_code

    assert sorted(at_once(*map(make, range(20)))) == [201] * 4 + [429] * 16
    assert Subscription.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_of_the_same_url_twice_at_once_one_is_made() -> None:
    tenant = Tenant()
    answers = at_once(*[lambda: tenant.ask("POST", "/webhooks", NEW)] * 2)
    made, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert (made.status_code, refused.status_code) == (201, 409)
    assert refused.json()["subscription_id"] == made.json()["subscription_id"]
