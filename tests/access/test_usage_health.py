"""/readyz tells when usage does not reach PostgreSQL."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from apps.access.draining import drain
from apps.access.health import usage
from apps.access.models import UsageDrain
from apps.access.queries import usage_known_until
from betedge.celery import app

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]


def test_is_well_before_the_first_drain_and_after_each() -> None:
    assert usage()[0] == "ok"
    drain()
    state, sentence = usage()
    assert state == "ok"
    assert sentence.startswith("Written down up to ")


def test_is_degraded_when_no_drain_has_ended_for_a_minute() -> None:
    UsageDrain.objects.create(known_until=timezone.now() - timedelta(seconds=61))
    state, sentence = usage()
    assert state == "degraded"
    assert "see that `worker` and `beat` run" in sentence


def test_beat_runs_the_drain_every_few_seconds_and_the_worker_knows_it() -> None:
    app.loader.import_default_modules()
    for name, most in (("access.drain_usage", 5), ("access.forget_usage", 3_600)):
        assert settings.CELERY_BEAT_SCHEDULE[name]["schedule"] <= most
        app.tasks[name].run()
    assert usage_known_until() is not None
