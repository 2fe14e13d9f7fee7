"""What PostgreSQL tells a listener: every change that customers can see, and nothing else."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, transaction

from apps.core.postgres import CHANNEL, Listener
from apps.picks.models import Pick, Status
from tests.factories import KICKOFF, FixtureFactory, PickFactory
from tests.system.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told() -> Iterator[Callable[[], int]]:
    """How many times PostgreSQL has told of changes since this was last asked."""
    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as heard:
        heard.execute(f"LISTEN {CHANNEL}")

        def count() -> int:
            heard.execute("SELECT 1")
            return len(list(heard.notifies(timeout=0.05)))

        yield count


def test_a_pick_that_comes_out_moves_or_goes_is_told_of(told) -> None:
    pick = PickFactory()
    assert told() == 0
    pick.status, pick.published_at = Status.PUBLISHED, KICKOFF
    pick.save()
    assert told() == 1
    for change in (
        {"kickoff_at": KICKOFF + timedelta(hours=1)},
        {"league": "La Liga"},
        {"sport": "tennis"},
        {"fixture": FixtureFactory()},
        {"status": Status.SETTLED, "settled_at": KICKOFF, "result": "win", "profit": Decimal("0.91")},
        {"result": "loss", "profit": Decimal(-1)},
    ):
        Pick.objects.filter(pk=pick.pk).update(**change)
        assert told() == 1, change
    pick.delete()
    assert told() == 1


def test_what_nobody_sees_is_not_told_of(told) -> None:
    hidden, out = PickFactory(), PickFactory(published=True)
    told()
    Pick.objects.filter(pk=hidden.pk).update(odds=Decimal("2.5"), league="La Liga")
    Pick.objects.filter(pk=out.pk).update(held="no result", held_at=KICKOFF)
    out.save()
    out.fixture.last_seen_at = KICKOFF
    out.fixture.save()
    hidden.delete()
    assert told() == 0


def test_other_names_of_a_fixture_are_told_of(told) -> None:
    fixture = PickFactory(published=True).fixture
    told()
    fixture.home_team = "Arsenal FC"
    fixture.save()
    assert told() == 1


def test_a_transaction_tells_once_and_a_rolled_back_one_not_at_all(told) -> None:
    fixture = FixtureFactory()
    with transaction.atomic():
        for hours in range(5):
            PickFactory(published=True, fixture=fixture, origin="import", kickoff_at=KICKOFF + timedelta(hours=hours))
        assert told() == 0
    assert told() == 1
    with transaction.atomic():
        Pick.objects.update(league="La Liga")
        transaction.set_rollback(True)
    assert told() == 0


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    made.begin()
    eventually(lambda: made.hears, within=10, what="it listens")
    yield made
    made.end()
    eventually(lambda: end_listeners() == 0, within=10, what="it has hung up")


def end_listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query IN ('SELECT 1', %s)",
            [f"LISTEN {CHANNEL}"],
        )
        return int(cursor.fetchone()[0])


def test_a_listener_that_met_what_nobody_foresaw_hears_no_more_until_it_listens_again(listener, monkeypatch) -> None:
    before, heard = listener.generation, []
    real = listener._listen

    async def once() -> None:
        if not heard:
            heard.append(True)
            raise RuntimeError("unforeseen")
        await real()

    monkeypatch.setattr(listener, "_listen", once)
    end_listeners()
    eventually(lambda: bool(heard) and listener.hears and listener.generation > before, within=10, what="it is well")


def test_a_listener_has_another_generation_after_each_change_and_each_pause(listener) -> None:
    before = listener.generation
    PickFactory(published=True)
    eventually(lambda: listener.generation > before, within=5, what="it heard")
    before = listener.generation
    assert end_listeners() >= 1
    eventually(lambda: listener.hears and listener.generation > before, within=5, what="it listens again")
    assert not listener.away
    before = listener.generation
    time.sleep(0.1)
    assert listener.generation == before
