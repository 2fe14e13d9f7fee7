"""Limits as a caller meets them: six headers on every answer, 429 as printed, what counts and in which order."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.access import failures
from apps.access.limiter import decide, owner_of
from apps.access.models import ApiKey, UsageMonth
from apps.access.state import Month
from apps.core.redis import link
from tests.factories import ApiKeyFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]

HEADERS = [f"X-{kind}-{part}" for kind in ("RateLimit", "Quota") for part in ("Limit", "Remaining", "Reset")]
UNKNOWN = {"Authorization": "Bearer betedge_" + "0" * 64}


def bearer(key: ApiKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.secret}"}


def exhaust(key: ApiKey) -> None:
    """Use up the key's hour."""
    secret_hash, who = owner_of(key.secret)
    assert who
    while True:
        found = decide(link(), who, secret_hash=secret_hash, endpoint="picks")
        if found is None or found.decision:
            return


def use_up_month(key: ApiKey, used: int) -> None:
    month = timezone.now().date().replace(day=1)
    UsageMonth.objects.create(organization=key.organization, month=month, counted=used)


def limits_in(response: HttpResponse) -> list[int]:
    return [int(response[name]) for name in HEADERS]


def test_the_headers_tell_what_is_left_of_hour_and_month(client) -> None:
    key, now = ApiKeyFactory(tier="starter"), time.time()
    use_up_month(key, 40)
    month_end = Month.at(round(now * 1000)).end // 1000
    for n in range(1, 4):
        limit, remaining, reset, quota, left, turn = limits_in(client.get("/api/v1/picks", headers=bearer(key)))
        assert (limit, remaining, quota, left, turn) == (100, 100 - n, 10_000, 9_960 - n, month_end)
        assert now + 3600 <= reset <= now + 3602  # when the first of them leaves


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/picks", 200),
        ("HEAD", "/picks", 200),
        ("GET", "/picks?limit=x", 400),
        ("GET", "/track-record", 403),
        ("GET", "/nowhere", 404),
        ("GET", "/picks/nothing", 404),
        ("POST", "/picks", 405),
    ],
)
def test_every_answer_to_a_valid_key_has_the_headers_and_is_counted_once(client, method, path, status) -> None:
    key = ApiKeyFactory(tier="starter")
    response = client.generic(method, f"/api/v1{path}", headers=bearer(key))
    assert response.status_code == status
    assert limits_in(response)[1] == 99
    assert limits_in(client.get("/api/v1/picks", headers=bearer(key)))[1] == 98


def test_a_failure_of_ours_has_the_headers_too(client, monkeypatch) -> None:
    def fail(**_asked: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("apps.api.v1.picks.page_of_picks", fail)
    response = client.get("/api/v1/picks", headers=bearer(ApiKeyFactory(tier="starter")))
    assert (response.status_code, limits_in(response)[1]) == (500, 99)


def test_not_modified_is_counted(client) -> None:
    key = ApiKeyFactory(tier="starter")
    tag = client.get("/api/v1/picks", headers=bearer(key))["ETag"]
    response = client.get("/api/v1/picks", headers={**bearer(key), "If-None-Match": tag})
    assert (response.status_code, limits_in(response)[1]) == (304, 98)


@pytest.mark.parametrize("headers", [{}, UNKNOWN, {"Authorization": "Bearer x"}])
def test_an_answer_to_no_valid_key_has_no_limit_headers(client, headers) -> None:
    response = client.get("/api/v1/picks", headers=headers)
    assert response.status_code == 401
    assert not [name for name in response.headers if name.startswith(("X-RateLimit", "X-Quota"))]


@pytest.mark.parametrize(("method", "path"), [("GET", "/picks"), ("POST", "/picks"), ("GET", "/nowhere")])
def test_an_exhausted_hour_is_refused_as_printed_before_anything_else_is_looked_at(client, method, path) -> None:
    key = ApiKeyFactory(tier="starter")
    exhaust(key)
    response = client.generic(method, f"/api/v1{path}", data=b"x" * 100_000, headers=bearer(key))
    body = response.json()
    assert response.status_code == 429
    assert body == {"error": "rate_limit_exceeded", "retry_after_seconds": body["retry_after_seconds"]}
    assert 3590 <= body["retry_after_seconds"] <= 3600
    assert response["Retry-After"] == str(body["retry_after_seconds"])
    assert limits_in(response)[1] == 0
    assert abs(limits_in(response)[2] - time.time() - body["retry_after_seconds"]) <= 2


def test_an_exhausted_month_is_refused_as_printed_and_counted_nowhere(client) -> None:
    key = ApiKeyFactory(tier="starter")
    use_up_month(key, 10_000)
    end = datetime.fromtimestamp(Month.at(round(time.time() * 1000)).end / 1000, UTC)
    response = client.get("/api/v1/picks", headers=bearer(key))
    assert response.status_code == 429
    assert response.json() == {"error": "monthly_quota_exceeded", "resets_at": f"{end:%Y-%m-%dT%H:%M:%S}.000Z"}
    assert 0 < int(response["Retry-After"]) <= 31 * 86_400
    assert limits_in(response)[1:5:3] == [100, 0]


def test_the_hour_comes_before_the_month(client) -> None:
    key = ApiKeyFactory(tier="starter")
    use_up_month(key, 9_900)
    exhaust(key)
    assert client.get("/api/v1/picks", headers=bearer(key)).json()["error"] == "rate_limit_exceeded"


def test_a_preflight_and_the_description_count_nothing(client) -> None:
    key = ApiKeyFactory(tier="starter")
    client.options("/api/v1/picks", headers=bearer(key))
    client.get("/api/v1/openapi.json", headers=bearer(key))
    assert limits_in(client.get("/api/v1/picks", headers=bearer(key)))[1] == 99


def fail_often(client: Any, times: int, **extra: Any) -> list[int]:
    return [client.get("/api/v1/picks", headers=UNKNOWN, **extra).status_code for _ in range(times)]


def test_an_address_that_goes_on_failing_is_told_to_wait_but_a_good_key_works(client, monkeypatch) -> None:
    monkeypatch.setattr(failures, "MOST_A_MINUTE", 5)
    key = ApiKeyFactory()
    told = fail_often(client, 12)  # the minute may end in between
    assert 429 in told
    assert set(told) == {401, 429}
    response = client.get("/api/v1/picks", headers=UNKNOWN)
    if response.status_code == 429:
        body = response.json()
        assert body == {"error": "rate_limit_exceeded", "retry_after_seconds": int(response["Retry-After"])}
        assert 1 <= body["retry_after_seconds"] <= 60
        assert "X-RateLimit-Limit" not in response
    assert client.get("/api/v1/picks", headers=bearer(key)).status_code == 200
    assert set(fail_often(client, 3, REMOTE_ADDR="192.0.2.1")) == {401}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "192.0.2.7", "192.0.2.7"),
        (1, "", "127.0.0.1"),
        (0, "6.6.6.6", "127.0.0.1"),
    ],
)
def test_the_address_is_what_our_first_proxy_saw(client, settings, monkeypatch, proxies, forwarded, address) -> None:
    seen: list[str] = []
    monkeypatch.setattr("apps.api.auth.failed_from", lambda address: seen.append(address) or 0)
    settings.TRUSTED_PROXIES = proxies
    client.get("/api/v1/picks", headers={"X-Forwarded-For": forwarded})
    assert seen == [address]


def test_one_subscribers_network_counts_as_one_address() -> None:
    assert failures.whole_network("2001:db8:1:2:3::4") == failures.whole_network("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert failures.whole_network("::ffff:192.0.2.7") == failures.whole_network("192.0.2.7") == "192.0.2.7"
    assert failures.whole_network("nonsense") == "nonsense"
