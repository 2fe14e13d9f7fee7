"""/readyz says whether a stream process reads the log."""

from pathlib import Path

import pytest
import redis as redis_py
from django.test import Client

from apps.api.stream.health import READING
from tests.streams import stream_process, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("stream")]


def says() -> dict[str, str]:
    found: dict[str, str] = Client().get("/readyz").json()["checks"]["stream"]
    return found


def test_readyz_tells_whether_the_log_is_read(tmp_path: Path, redis: "redis_py.Redis") -> None:
    assert says()["status"] == "degraded"
    assert "see that `stream` runs" in says()["detail"]
    with stream_process(tmp_path):
        until(lambda: says()["status"] == "ok")
    assert 0 < redis.ttl(READING) <= 10
    redis.delete(READING)
    assert says()["status"] == "degraded"
