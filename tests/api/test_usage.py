"""GET /usage: how much is left, at no cost, also when nothing is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from apps.access.draining import drain
from apps.access.models import UsageHour
from apps.access.queries import errors_of, refusal
from apps.access.services import rotate_key
from tests.access.counting import redis_now_ms
from tests.factories import ApiKeyFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]


def get(client, key, path="/api/v1/usage", **headers):
    return client.get(path, headers={"Authorization": f"Bearer {key.secret}", **headers})


def next_month() -> datetime:
    today = datetime.fromtimestamp(redis_now_ms() / 1000, UTC)
    first = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def test_tells_key_tier_hour_and_month(client) -> None:
    key = ApiKeyFactory(tier="starter", name="laptop")
    for _ in range(3):
        get(client, key, "/api/v1/picks")
    response = get(client, key)
    assert response.status_code == 200
    assert response.json() == {
        "key": {"id": str(key.pk), "name": "laptop", "prefix": key.prefix},
        "tier": "starter",
        "hour": {"limit": 100, "remaining": 97, "reset": int(response["X-RateLimit-Reset"])},
        "month": {
            "limit": 10_000,
            "used": 3,
            "remaining": 9_997,
            "resets_at": f"{next_month():%Y-%m-%dT%H:%M:%SZ}",
        },
    }
    assert response["X-RateLimit-Remaining"] == "97"
    assert response["X-Quota-Remaining"] == "9997"


@pytest.mark.parametrize("tier", ["starter", "growth", "enterprise"])
def test_any_tier_may_ask_as_often_as_it_likes(client, tier) -> None:
    key = ApiKeyFactory(tier=tier)
    first = get(client, key).json()
    for _ in range(5):
        assert get(client, key).json()["month"] == first["month"]
    assert first["hour"]["remaining"] == first["hour"]["limit"]
    drain()
    assert not UsageHour.objects.exists()


def test_is_answered_when_the_hour_is_used_up(client) -> None:
    key = ApiKeyFactory(tier="starter")
    answers = [get(client, key, "/api/v1/picks").status_code for _ in range(101)]
    assert answers == [200] * 100 + [429]
    response = get(client, key)
    assert (response.status_code, response.json()["hour"]["remaining"]) == (200, 0)
    assert get(client, key, "/api/v1/picks").status_code == 429


def test_speaks_of_the_newest_secret_whichever_asks(client) -> None:
    key = ApiKeyFactory()
    rotated, _ = rotate_key(key_id=key.pk, now=datetime.now(UTC))
    assert get(client, key).json()["key"] == {"id": str(key.pk), "name": key.name, "prefix": rotated.prefix}


def test_keys_of_one_organisation_share_the_month_and_not_the_hour(client) -> None:
    mine = ApiKeyFactory()
    other, stranger = ApiKeyFactory(organization=mine.organization), ApiKeyFactory()
    get(client, other, "/api/v1/picks")
    assert get(client, mine).json()["month"]["used"] == 1
    assert get(client, mine).json()["hour"]["remaining"] == 10_000
    assert get(client, stranger).json()["month"]["used"] == 0


def test_needs_a_key_and_takes_no_other_method(client) -> None:
    assert client.get("/api/v1/usage").status_code == 401
    key = ApiKeyFactory()
    headers = {"Authorization": f"Bearer {key.secret}"}
    assert client.post("/api/v1/usage", headers=headers).status_code == 405
    drain()
    assert not UsageHour.objects.exists()
    assert [error.code for error in errors_of(key.organization, key_id=key.pk)] == ["method_not_allowed"]


def test_what_the_api_refuses_arrives_with_its_request_id(client) -> None:
    key = ApiKeyFactory(tier="starter")
    get(client, key, "/api/v1/track-record", **{"X-Request-Id": "mine-1"})
    get(client, key, "/api/v1/picks?limit=x", **{"X-Request-Id": "mine-2"})
    get(client, key, "/api/v1/picks")
    drain()
    kept = errors_of(key.organization, key_id=key.pk)
    assert {(error.request_id, error.status, error.code, error.endpoint) for error in kept} == {
        ("mine-1", 403, "tier_upgrade_required", "track-record"),
        ("mine-2", 400, "invalid_parameter", "picks"),
    }
    rows = UsageHour.objects.order_by("endpoint").values_list("endpoint", "counted", "accepted", "refused")
    assert list(rows) == [("picks", 2, 1, 1), ("track-record", 1, 0, 1)]


def test_why_a_request_was_refused_can_be_asked_by_its_id(client) -> None:
    key = ApiKeyFactory(tier="starter")
    for _ in range(100):
        get(client, key, "/api/v1/picks")
    assert get(client, key, "/api/v1/picks", **{"X-Request-Id": "why"}).status_code == 429
    drain()
    why = refusal(key.organization, request_id="why")
    assert why is not None
    assert (why.error.code, why.error.window_limit, why.error.window_count) == ("rate_limit_exceeded", 100, 100)
    assert sum(count for _, count in why.by_minute) == 100
    assert why.error.window_oldest <= why.error.window_newest <= why.error.at
    rows = UsageHour.objects.aggregate(Sum("counted"), Sum("limited"), Sum("refused"))
    assert rows == {"counted__sum": 100, "limited__sum": 1, "refused__sum": 0}
