"""What the bench fills a database with is what the product would have written."""

import pytest
from django.db import connection
from django.utils import timezone

from apps.picks.models import Pick, Status
from apps.picks.queries import page_of_picks
from apps.picks.rollup import differences
from apps.picks.track import track_record
from bench.filling import PUBLISHED, fill

SETTLED = 900
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def filled() -> None:
    with connection.cursor() as cursor:
        fill(cursor.execute, SETTLED)


def test_there_are_as_many_picks_as_were_asked_for() -> None:
    assert Pick.objects.filter(status=Status.SETTLED).count() == SETTLED
    assert page_of_picks(sport=None, league=None, since=None, after=None, limit=50).count == SETTLED + PUBLISHED


def test_the_published_ones_come_first_and_have_begun() -> None:
    page = page_of_picks(sport=None, league=None, since=None, after=None, limit=200)
    assert {pick.status for pick in page.picks} == {Status.PUBLISHED}
    assert all(pick.kickoff_at and pick.kickoff_at <= timezone.now() for pick in page.picks)


def test_the_record_is_what_the_picks_add_up_to_and_a_year_holds_all_of_it() -> None:
    assert differences() == []
    assert track_record(sport=None, days_back=365, now=timezone.now())["overall"]["total_settled"] == SETTLED
