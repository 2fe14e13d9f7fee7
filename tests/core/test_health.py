"""Health: the process answers, the stores answer, and what is wrong is said without secrets."""

import threading

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from apps.core import health, redis
from apps.core.health import Registered, State, report

DATABASE = pytest.mark.django_db(transaction=True)


def whole(*states: State) -> str:
    return str(report({str(n): says(state) for n, state in enumerate(states)})["status"])


def says(state: str, *, essential: bool = False) -> Registered:
    return Registered(lambda: (state, "Said."), essential)


def test_the_process_answers(client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@DATABASE
def test_the_stores_answer_and_the_tables_are_in_step(client, redis) -> None:
    response = client.get("/readyz")
    checks = response.json()["checks"]
    assert response.status_code == 200
    for name in ("postgres", "redis", "migrations"):
        assert checks[name]["status"] == "ok", checks[name]


def test_the_worst_check_is_the_wholes_state() -> None:
    assert whole() == "ok"
    assert whole(State.OK, State.DEGRADED) == "degraded"
    assert whole(State.DOWN, State.DEGRADED, State.OK) == "down"


@DATABASE
def test_a_missing_migration_means_down(client) -> None:
    MigrationRecorder.Migration.objects.filter(app="picks").delete()
    try:
        response = client.get("/readyz")
    finally:
        recorder = MigrationRecorder(connections["default"])
        for app, name in health_checks().expected_migrations():
            if app == "picks":
                recorder.record_applied(app, name)
    assert response.status_code == 503
    assert "run manage.py migrate" in response.json()["checks"]["migrations"]["detail"]


def health_checks():
    from apps.core import checks

    return checks


@DATABASE
def test_without_postgres_requests_cannot_be_served(client, monkeypatch, unused_tcp_port) -> None:
    monkeypatch.setitem(connections.settings["default"], "PORT", unused_tcp_port)
    response = client.get("/readyz")
    found = response.json()
    assert (response.status_code, found["status"]) == (503, "down")
    assert found["checks"]["postgres"]["status"] == found["checks"]["migrations"]["status"] == "down"
    assert str(unused_tcp_port) not in response.content.decode()
    assert client.get("/healthz").status_code == 200


@DATABASE
def test_without_redis_requests_are_still_served(client, settings, unused_tcp_port) -> None:
    settings.REDIS_URL = f"redis://:hush@127.0.0.1:{unused_tcp_port}/0"
    redis.client.cache_clear()
    try:
        response = client.get("/readyz")
    finally:
        redis.client.cache_clear()
    assert response.status_code == 200
    assert response.json()["checks"]["redis"]["status"] == "degraded"
    assert "hush" not in response.content.decode()


@pytest.mark.parametrize(("essential", "state"), [(True, "down"), (False, "degraded")])
def test_a_check_that_raises_is_named_without_its_words(essential, state) -> None:
    def fail() -> tuple[State, str]:
        raise ConnectionError("postgres://betedge:hush@db/")

    found = report({"broken": Registered(fail, essential)})
    assert found["status"] == state
    assert found["checks"]["broken"]["detail"] == "The check failed with ConnectionError; the log says why."


def test_a_check_that_hangs_does_not_hold_up_the_answer(monkeypatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)
    let_go = threading.Event()

    def hang() -> tuple[State, str]:
        let_go.wait(30)
        return State.OK, "At last."

    try:
        found = report({"slow": Registered(hang, essential=True), "quick": says("ok")})
    finally:
        let_go.set()
    assert found["checks"]["slow"] == {"status": "down", "detail": "No answer within 0.05 s."}
    assert found["checks"]["quick"]["status"] == "ok"
