"""The last errors of a key, and what its window held when a limit refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.access import draining, retention
from apps.access.draining import drain
from apps.access.models import ApiError
from apps.access.queries import errors_of, refusal, refusals_of
from apps.access.retention import forget_usage
from apps.access.state import instant
from apps.access.usage import Window
from apps.access.usage import errors_of as waiting_errors
from tests.access.counting import ask, fail, redis_now_ms
from tests.factories import ApiKeyFactory, OrganizationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]

MINUTE = 60_000


def test_an_error_is_kept_with_its_request_status_code_endpoint_and_time(redis) -> None:
    key, at = ApiKeyFactory(), redis_now_ms()
    fail(key, at=at, request_id="mine-1", status=403, code="tier_upgrade_required", endpoint="track-record")
    drain()
    (error,) = errors_of(key.organization, key_id=key.pk)
    assert (error.request_id, error.status, error.code) == ("mine-1", 403, "tier_upgrade_required")
    assert (error.endpoint, error.at) == ("track-record", instant(at))
    assert redis.xlen(waiting_errors(key.organization_id)) == 0


def test_the_last_hundred_are_shown_and_kept_newest_first() -> None:
    key, now = ApiKeyFactory(), redis_now_ms()
    for n in range(105):
        fail(key, at=now + n, request_id=str(n))
    drain()
    forget_usage(now=timezone.now())
    assert [error.request_id for error in errors_of(key.organization, key_id=key.pk)] == [
        str(n) for n in range(104, 4, -1)
    ]
    assert ApiError.objects.count() == 100


def test_what_a_limit_refused_is_kept_for_a_day_beyond_the_hundred(monkeypatch) -> None:
    monkeypatch.setattr(retention, "ERRORS_SHOWN", 0)
    key, now = ApiKeyFactory(), redis_now_ms()
    for hours in (23, 25):
        at = now - hours * 60 * MINUTE
        fail(
            key, at=at, status=429, code="rate_limit_exceeded", request_id=str(hours), window=Window(100, 0, None, None)
        )
    drain()
    forget_usage(now=instant(now))
    assert [error.request_id for error in ApiError.objects.all()] == ["23"]


def test_of_one_key_only_so_many_refusals_are_kept(monkeypatch) -> None:
    monkeypatch.setattr(retention, "MOST_REFUSALS", 2)
    key, now = ApiKeyFactory(), redis_now_ms()
    for n in range(4):
        fail(key, at=now + n, request_id=str(n), code="rate_limit_exceeded", window=Window(100, 0, None, None))
    drain()
    forget_usage(now=instant(now))
    assert {error.request_id for error in ApiError.objects.all()} == {"2", "3"}


def test_more_errors_than_one_turn_takes_are_taken_in_several(monkeypatch) -> None:
    monkeypatch.setattr(draining, "ERRORS_AT_ONCE", 2)
    key, now = ApiKeyFactory(), redis_now_ms()
    for n in range(5):
        fail(key, at=now + n)
    for seen in (2, 4, 5, 5):
        drain()
        assert ApiError.objects.count() == seen


def test_a_refusal_shows_what_its_window_held() -> None:
    key = ApiKeyFactory(tier="starter")
    now = redis_now_ms() // MINUTE * MINUTE
    counted = [now - 30 * MINUTE + n for n in range(60)] + [now - 10 * MINUTE + n for n in range(40)]
    for at in counted:
        ask(key, at=at)
    ask(key, at=now)
    fail(
        key,
        at=now,
        status=429,
        code="rate_limit_exceeded",
        request_id="why",
        window=Window(100, 100, counted[0], counted[-1]),
    )
    drain()
    why = refusal(key.organization, request_id="why")
    assert why is not None
    assert (why.error.window_limit, why.error.window_count) == (100, 100)
    assert (why.error.window_oldest, why.error.window_newest) == (instant(counted[0]), instant(counted[-1]))
    assert why.by_minute == [(now // MINUTE - 30, 60), (now // MINUTE - 10, 40)]
    assert why.error.at - why.error.window_oldest == timedelta(minutes=30)
    assert refusals_of(key.organization, key_id=key.pk, now=instant(now)).get() == why.error
    assert not refusals_of(key.organization, key_id=key.pk, now=instant(now) + timedelta(hours=24)).exists()


def test_no_other_organisation_sees_them() -> None:
    key, other = ApiKeyFactory(), OrganizationFactory()
    fail(key, at=redis_now_ms(), code="rate_limit_exceeded", request_id="why", window=Window(1, 0, None, None))
    drain()
    assert refusal(key.organization, request_id="why") is not None
    assert refusal(other, request_id="why") is None
    assert errors_of(other, key_id=key.pk) == []
    assert list(refusals_of(other, key_id=key.pk, now=timezone.now())) == []


def test_an_error_is_answered_though_redis_is_away(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    fail(ApiKeyFactory(), at=1)
