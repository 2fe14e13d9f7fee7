"""The demo data: kept over runs, renewed where it no longer works, and never publishing what is not sandbox data."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.utils import timezone

from apps.access.models import ApiKey
from apps.access.services import revoke_key
from apps.accounts.models import Membership
from apps.devtools.demo import ADMIN, CUSTOMER, SINK_URL, Demo, make_demo
from apps.devtools.sink.client import SinkClient
from apps.picks.models import AutoPublish
from apps.webhooks.guard import Guard
from apps.webhooks.models import Subscription
from tests.sinks import running_sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "demo.json"


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SinkClient]:
    with running_sink(tmp_path / "sink") as running:
        guard = Guard.reading(own=[], deny="", resolve=running.route, production=False)
        monkeypatch.setattr("apps.webhooks.services.guard", lambda: guard)
        yield running.control


def make(kept: Path, **how: Any) -> Demo:
    return make_demo(kept=kept, now=timezone.now(), **how)


def test_there_is_a_sign_in_and_a_key_a_tier_kept_for_the_owner_alone(kept: Path) -> None:
    demo = make(kept)
    for person, email in ((demo["admin"], ADMIN), (demo["customer"], CUSTOMER)):
        assert person["email"] == email
        assert authenticate(email=email, password=person["password"])
        assert EmailAddress.objects.get(email=email).verified
    assert set(demo["keys"]) == {"starter", "growth", "enterprise"}
    assert {key.organization.tier for key in ApiKey.objects.all()} == set(demo["keys"])
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == demo


def test_the_customer_owns_the_organisations_and_is_no_staff(kept: Path) -> None:
    make(kept)
    assert set(Membership.objects.values_list("user__email", "role", "organization__name")) == {
        (CUSTOMER, "owner", f"Demo {tier}") for tier in ("Starter", "Growth", "Enterprise")
    }
    assert not Membership.objects.filter(user__is_staff=True).exists()


def test_the_next_run_finds_the_same(kept: Path) -> None:
    assert make(kept) == make(kept)
    assert ApiKey.objects.count() == 3


def test_a_key_that_was_revoked_or_lost_is_replaced(kept: Path) -> None:
    first = make(kept)
    revoke_key(key_id=ApiKey.objects.get(organization__tier="growth").pk, now=timezone.now())
    second = make(kept)
    assert second["keys"]["growth"] != first["keys"]["growth"]
    assert second["keys"]["starter"] == first["keys"]["starter"]
    kept.write_text("half a fi")
    third = make(kept)
    assert third["keys"]["starter"] != second["keys"]["starter"]
    assert ApiKey.objects.filter(revoked_at=None).count() == 3


def test_the_switch_is_on_for_sandbox_fixtures_alone_and_what_a_person_set_stays(kept: Path) -> None:
    make(kept)
    assert set(AutoPublish.objects.values_list("enabled", "sandbox_only")) == {(True, True)}
    AutoPublish.objects.filter(sport="soccer").update(enabled=False)
    make(kept)
    assert not AutoPublish.objects.get(sport="soccer").enabled


def test_replay_publishes_everything(kept: Path) -> None:
    make(kept, everything=True)
    assert list(AutoPublish.objects.values_list("sport", "min_edge_pct", "min_confidence")) == [("*", 0, 1)]


def test_the_sink_is_subscribed_once_for_all_events_of_the_growth_key(kept: Path, sink: SinkClient) -> None:
    first, second = make(kept, sink=sink), make(kept, sink=sink)
    subscription = Subscription.objects.get()
    assert (str(subscription.pk), subscription.url) == (first["webhook"]["id"], SINK_URL)
    assert subscription.key.organization.tier == "growth"
    assert subscription.events == ["pick.published", "pick.settled"]
    assert first == second


def test_a_subscription_whose_secret_or_key_is_lost_is_replaced(kept: Path, sink: SinkClient) -> None:
    first = make(kept, sink=sink)
    kept.write_text(json.dumps({**first, "webhook": {}}))
    second = make(kept, sink=sink)
    assert str(Subscription.objects.get(deleted_at=None).pk) != first["webhook"]["id"]
    revoke_key(key_id=ApiKey.objects.get(organization__tier="growth").pk, now=timezone.now())
    third = make(kept, sink=sink)
    ids = {demo["webhook"]["id"] for demo in (first, second, third)}
    assert len(ids) == 3
    assert make(kept)["webhook"] == third["webhook"], "without a sink it is left alone"
