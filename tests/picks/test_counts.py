"""The count of a page: sums that the database keeps, always equal to counting the picks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.picks.counting import fold_counts
from apps.picks.models import OUT, Pick, PickCount, Status
from apps.picks.queries import count_of, matching_picks
from tests.factories import KICKOFF, FixtureFactory, PickFactory

pytestmark = pytest.mark.django_db

SPORTS = ["soccer", "tennis"]
LEAGUES = ["Süper Lig", "Premier League", ""]


def assert_counts_are_true() -> None:
    edge = KICKOFF.replace(hour=0)
    sinces = [None, KICKOFF, edge, edge - timedelta(microseconds=1), datetime(9999, 12, 31, tzinfo=UTC)]
    for sport in (None, "SOCCER", "tennis", "chess"):
        for league in (None, "süper LIG", "Premier League", ""):
            for since in sinces:
                asked = {"sport": sport, "league": league, "since": since}
                assert count_of(**asked) == matching_picks(**asked).count(), asked


picks = st.lists(
    st.tuples(
        st.sampled_from(SPORTS), st.sampled_from(LEAGUES), st.integers(-40, 40), st.sampled_from(Status.values[:2])
    ),
    max_size=6,
)
changes = st.lists(st.sampled_from(["publish", "move", "rename", "delete", "fold", "undo"]), max_size=6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picks=picks, changes=changes)
def test_whatever_happens_to_picks_every_filter_counts_them(picks, changes) -> None:
    with transaction.atomic():
        fixture = FixtureFactory()
        Pick.objects.bulk_create(
            PickFactory.build(
                published=status in OUT,
                fixture=fixture,
                origin="import",
                sport=sport,
                league=league,
                kickoff_at=KICKOFF + timedelta(hours=hours),
            )
            for sport, league, hours, status in picks
        )
        assert_counts_are_true()
        for change in changes:
            apply(change)
            assert_counts_are_true()
        transaction.set_rollback(True)


def apply(change: str) -> None:
    some = Pick.objects.filter(pk__in=Pick.objects.order_by("pk").values("pk")[:2])
    if change == "publish":
        Pick.objects.filter(status=Status.REVIEW).update(status=Status.PUBLISHED, published_at=KICKOFF)
    elif change == "move":
        some.update(kickoff_at=KICKOFF + timedelta(hours=30))
    elif change == "rename":
        some.update(league="süper lig", sport="tennis")
    elif change == "delete":
        some.delete()
    elif change == "fold":
        fold_counts()
    else:
        before = transaction.savepoint()
        Pick.objects.update(sport="golf")
        transaction.savepoint_rollback(before)


def test_folding_leaves_one_row_for_a_filter_and_day_and_none_for_nothing() -> None:
    gone = PickFactory(published=True)
    PickFactory(published=True)
    gone.delete()
    PickFactory(published=True, league="La Liga", kickoff_at=KICKOFF + timedelta(days=1)).delete()
    fold_counts()
    found = {(row.sport, row.league): row.picks for row in PickCount.objects.all()}
    assert found == {
        (None, None): 1,
        ("soccer", None): 1,
        (None, "PREMIER LEAGUE"): 1,
        ("soccer", "PREMIER LEAGUE"): 1,
    }
    assert PickCount.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_an_emptied_table_counts_nothing() -> None:
    PickFactory(published=True)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE picks_pick CASCADE")
    assert_counts_are_true()


def test_a_count_reads_sums_and_no_picks() -> None:
    PickFactory(published=True)
    with CaptureQueriesContext(connection) as asked:
        count_of(sport=None, league="premier league", since=None)
    (query,) = asked
    assert 'FROM "picks_pickcount"' in query["sql"]
    assert '"picks_pick"' not in query["sql"]
