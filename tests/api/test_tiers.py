"""Which tier opens which endpoint, and where in the order of checks that is asked."""

import pytest

from tests.factories import ApiKeyFactory, PickFactory

pytestmark = pytest.mark.django_db

OPEN = {
    ("starter", "/picks"): True,
    ("growth", "/picks"): True,
    ("enterprise", "/picks"): True,
    ("starter", "/picks/{id}"): True,
    ("growth", "/picks/{id}"): True,
    ("enterprise", "/picks/{id}"): True,
    ("starter", "/track-record"): False,
    ("growth", "/track-record"): True,
    ("enterprise", "/track-record"): True,
    ("starter", "/match-analyses/{id}"): False,
    ("growth", "/match-analyses/{id}"): True,
    ("enterprise", "/match-analyses/{id}"): True,
    ("starter", "/webhooks"): False,
    ("growth", "/webhooks"): True,
    ("enterprise", "/webhooks"): True,
}


@pytest.mark.parametrize(("tier", "path"), OPEN)
def test_each_tier_opens_what_was_sold(client, tier, path) -> None:
    secret = ApiKeyFactory(tier=tier).secret
    url = "/api/v1" + path.format(id=PickFactory(published=True).pk)
    response = client.get(url, headers={"Authorization": f"Bearer {secret}"})
    if OPEN[tier, path]:
        assert response.status_code == 200
    else:
        assert response.status_code == 403
        body = response.json()
        assert body.pop("message")
        assert body == {"error": "tier_upgrade_required", "minimum_tier": "growth", "current_tier": tier}


@pytest.mark.django_db(transaction=True)  # a change is published when it commits
def test_a_change_of_tier_holds_from_the_next_request_on(client) -> None:
    key = ApiKeyFactory(tier="starter")
    headers = {"Authorization": f"Bearer {key.secret}"}
    statuses = []
    for tier in ("starter", "growth", "starter"):
        key.organization.tier = tier
        key.organization.save()
        statuses.append(client.get("/api/v1/track-record", headers=headers).status_code)
    assert statuses == [403, 200, 403]


def test_the_method_comes_before_the_tier_and_the_tier_before_parameters_and_resource(client) -> None:
    headers = {"Authorization": f"Bearer {ApiKeyFactory(tier='starter').secret}"}
    assert client.post("/api/v1/track-record", headers=headers).status_code == 405
    assert client.get("/api/v1/track-record?days_back=x", headers=headers).status_code == 403
    assert client.get("/api/v1/match-analyses/nothing", headers=headers).status_code == 403


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "nan", "1.5", "٣", "1\x00"])
def test_days_back_is_a_whole_number_from_one(call, days) -> None:
    response = call("/track-record", days_back=days)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_parameter")
    assert response.json()["parameter"] == "days_back"


@pytest.mark.parametrize(("sent", "meant"), [(None, 30), ("1", 1), ("365", 365), ("366", 365), ("9" * 5000, 365)])
def test_days_back_is_thirty_if_not_given_and_a_year_at_most(call, monkeypatch, sent, meant) -> None:
    asked = []
    monkeypatch.setattr("apps.api.v1.track_record.track_record", lambda **kwargs: asked.append(kwargs) or {})
    assert call("/track-record", sport="soccer", **({} if sent is None else {"days_back": sent})).status_code == 200
    assert (asked[0]["days_back"], asked[0]["sport"]) == (meant, "soccer")


def test_with_nothing_settled_the_record_is_empty(call) -> None:
    assert call("/track-record").json() == {
        "overall": {
            "roi_pct": None,
            "win_rate": None,
            "total_settled": 0,
            "clv_avg_pct": None,
            "edge_avg_pct": None,
            "roi_se_pct": None,
            "clv_se_pct": None,
            "clv_count": 0,
            "beat_close_pct": None,
        },
        "per_sport": [],
        "series": [],
    }


def test_an_analysis_is_given_as_printed(call) -> None:
    pick = PickFactory(published=True)
    assert call(f"/match-analyses/{pick.pk}").json() == {
        "match_id": str(pick.pk),
        "analysis": pick.analysis,
        "created_at": "2026-05-25T07:00:00Z",
    }
    assert call(f"/match-analyses/{str(pick.pk).upper()}").status_code == 200


def test_a_pick_without_analysis_has_none_to_give(call) -> None:
    pick = PickFactory(published=True, analysis="")
    assert call(f"/match-analyses/{pick.pk}").json()["error"] == "not_found"


METHODS = {
    "/webhooks": "GET, POST, HEAD, OPTIONS",
    "/webhooks/1": "GET, PATCH, DELETE, HEAD, OPTIONS",
    "/webhooks/1/rotate-secret": "POST, OPTIONS",
    "/webhooks/1/test": "POST, OPTIONS",
    "/webhooks/1/enable": "POST, OPTIONS",
    "/webhooks/1/deliveries": "GET, HEAD, OPTIONS",
    "/webhooks/1/deliveries/2/redeliver": "POST, OPTIONS",
}


@pytest.mark.parametrize("path", METHODS)
def test_webhooks_know_the_key_then_the_method_then_the_tier_then_the_body(client, path) -> None:
    url, methods = f"/api/v1{path}", METHODS[path].removesuffix(", OPTIONS").split(", ")
    for method in methods:
        assert client.generic(method, url).status_code == 401
    for tier in ("starter", "growth", "enterprise"):
        headers = {"Authorization": f"Bearer {ApiKeyFactory(tier=tier).secret}"}
        refused = client.put(url, headers=headers)
        assert (refused.status_code, refused["Allow"]) == (405, METHODS[path])
        for method in methods:
            answer = client.generic(method, url, b"nonsense", content_type="text/plain", headers=headers)
            if tier == "starter":
                assert answer.status_code == 403
                assert method == "HEAD" or answer.json()["minimum_tier"] == "growth"
            else:
                assert answer.status_code == (
                    415 if method in ("POST", "PATCH") else 200 if path == "/webhooks" else 404
                )
