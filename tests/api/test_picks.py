"""GET /picks: the printed shape, the filters, and pages that give every pick exactly once."""

import random
import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.feed.models import Origin
from apps.picks.announcement import announcement
from apps.picks.models import Outcome, Pick, Status
from apps.picks.queries import Position, page_of_picks
from tests.factories import KICKOFF, FixtureFactory, PickFactory

pytestmark = pytest.mark.django_db


def walk(call, **parameters) -> list[str]:
    """Every id that the pages give, in their order."""
    ids, cursor = [], ""
    while cursor is not None:
        body = call("/picks", cursor=cursor, **parameters).json()
        ids += [pick["id"] for pick in body["data"]]
        cursor = body["next_cursor"]
    return ids


def make_picks(kickoffs: list[datetime], **fields) -> list[Pick]:
    fixture = FixtureFactory()
    picks = [
        PickFactory.build(published=True, fixture=fixture, origin="import", kickoff_at=kickoff, **fields)
        for kickoff in kickoffs
    ]
    return Pick.objects.bulk_create(picks)


def newest_first(picks: list[Pick]) -> list[str]:
    return [str(pick.pk) for pick in sorted(picks, key=lambda pick: (pick.kickoff_at, pick.pk), reverse=True)]


def test_a_pick_is_shown_as_printed(call) -> None:
    pick = PickFactory(published=True)
    body = call("/picks").json()
    assert body == {
        "data": [
            {
                "id": str(pick.pk),
                "sport": "soccer",
                "league": "Premier League",
                "home_team": "Arsenal",
                "away_team": "Chelsea",
                "kickoff_at": "2026-05-25T15:00:00Z",
                "pick": "Arsenal -0.5 Asian Handicap",
                "odds": 1.91,
                "edge_pct": 4.2,
                "confidence": 3,
                "status": "published",
                "settled_at": None,
                "result": None,
                "anchor": "pinnacle",
            }
        ],
        "next_cursor": None,
        "count": 1,
    }
    assert call(f"/picks/{pick.pk}").json() == body["data"][0]


def test_a_settled_pick_tells_its_result_and_when(call) -> None:
    moment = KICKOFF + timedelta(hours=2, milliseconds=7, microseconds=900)
    PickFactory(settled=True, result=Outcome.HALF_WIN, settled_at=moment, odds=Decimal("2.000"))
    (pick,) = call("/picks").json()["data"]
    assert (pick["status"], pick["result"], pick["odds"]) == ("settled", "half_win", 2)
    assert pick["settled_at"] == "2026-05-25T17:00:00.007Z"


def test_only_sandbox_picks_say_so(call) -> None:
    PickFactory(published=True, fixture=FixtureFactory(origin=Origin.SANDBOX))
    assert call("/picks").json()["data"][0]["sandbox"] is True


@pytest.mark.parametrize("status", [Status.REVIEW, Status.REJECTED, Status.EXPIRED])
def test_a_pick_in_any_other_state_is_nowhere(call, status) -> None:
    pick = PickFactory(status=status)
    assert call("/picks").json() == {"data": [], "next_cursor": None, "count": 0}
    for path in (f"/picks/{pick.pk}", f"/match-analyses/{pick.pk}"):
        assert (call(path).status_code, call(path).json()["error"]) == (404, "not_found")


SOME_ID = "658daa21-10e0-4afc-9d1c-e133d253ec97"


NO_IDS = ["1", "x" * 3000, "%00", "{" + SOME_ID + "}", SOME_ID.replace("-", ""), "٣" * 36, f"{SOME_ID}%0A"]


@pytest.mark.parametrize("pick_id", NO_IDS)
def test_an_id_that_is_none_is_not_found(call, pick_id) -> None:
    for path in (f"/picks/{pick_id}", f"/match-analyses/{pick_id}"):
        assert (call(path).status_code, call(path).json()["error"]) == (404, "not_found")


def test_sports_and_leagues_match_whole_in_any_case(call) -> None:
    PickFactory(published=True)
    turkish = PickFactory(published=True, league="Süper Lig")
    tennis = PickFactory(published=True, sport="tennis", league="Wimbledon")
    assert walk(call, sport="TENNIS") == [str(tennis.pk)]
    assert walk(call, league="SÜPER lig") == [str(turkish.pk)]
    assert walk(call, sport="tennis", league="wimbledon") == [str(tennis.pk)]
    for nothing in ({"sport": "tenn"}, {"league": "Premier"}, {"league": "%"}, {"sport": "quidditch"}, {"sport": ""}):
        assert call("/picks", **nothing).json() == {"data": [], "next_cursor": None, "count": 0}


def test_since_is_exclusive_and_understands_many_spellings(call) -> None:
    make_picks([KICKOFF - timedelta(seconds=1), KICKOFF, KICKOFF + timedelta(seconds=1)])
    same = "2026-05-25T15:00:00"
    for since in (
        f"{same}Z",
        same,
        f"{same}.000z",
        "2026-05-25T17:00:00+02:00",
        "2026-05-25T17:00:00 02:00",
        "2026-05-25t15:00",
        "2026-05-25 15:00:00",
        "2026-05-25T09:30:00-0530",
    ):
        body = call("/picks", since=since).json()
        assert (body["count"], body["data"][0]["kickoff_at"]) == (1, "2026-05-25T15:00:01Z"), since
    assert call("/picks", since="2026-05-25").json()["count"] == 3
    assert call("/picks", since="2026-05-26").json()["count"] == 0


@pytest.mark.parametrize(
    ("limit", "rows"), [("1", 1), ("200", 200), ("201", 200), ("9" * 5000, 200), ("007", 7), (None, 50)]
)
def test_limit_is_capped_and_fifty_if_not_given(call, limit, rows) -> None:
    make_picks([KICKOFF + timedelta(minutes=n) for n in range(205)])
    body = call("/picks", **({} if limit is None else {"limit": limit})).json()
    assert (len(body["data"]), body["count"]) == (rows, 205)


HOSTILE = ["", " ", "abc", "nan", "inf", "1e2", "5.0", "-1", "0", "00", "٣", "0x10", "1\x00", "None", "1,2", "1_0"]


@pytest.mark.parametrize(("parameter", "text"), [("limit", text) for text in HOSTILE])
def test_a_limit_that_is_no_whole_number_is_refused(call, parameter, text) -> None:
    response = call("/picks", **{parameter: text})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_parameter")
    assert response.json()["parameter"] == parameter


UNREADABLE = [
    "yesterday",
    "nan",
    "0",
    "1748185200",
    "9" * 400,
    "2026-13-01",
    "2026-02-30",
    "0000-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:60Z",
    "2026-05-25T25:00Z",
    "2026-05-25T24:00:00Z",
    "2026-05-25T15:00:00+99:00",
    "2026-05-25T15:00:00Z\x00",
    "٢٠٢٦-05-25",
    "2026-05-25T15:00:00Zjunk",
    "99999-01-01",
    "2026-05-25T15:00:00+25:00",
    "\x00",
]


@pytest.mark.parametrize("text", ["", *UNREADABLE])
def test_a_since_that_is_no_time_is_refused(call, text) -> None:
    response = call("/picks", since=text)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_parameter")
    assert response.json()["parameter"] == "since"


@pytest.mark.parametrize(
    "text",
    [
        *UNREADABLE,
        "2026-05-25",
        "2026-05-25T15:00:00",
        "2026-05-25T15:00Z",
        "~",
        f"~{SOME_ID}",
        " ",
        "2026-05-25T15:00:00Z~",
        "2026-05-25T15:00:00Z~1",
        f"2026-05-25T15:00:00Z~{SOME_ID}~",
        "2026-05-25T15:00:00Z~{" + SOME_ID + "}",
        f"2026-05-25T15:00:00Z~{SOME_ID.replace('-', '')}",
    ],
)
def test_a_cursor_that_is_none_is_refused(call, text) -> None:
    response = call("/picks", cursor=text)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("parameter", ["sport", "league"])
def test_a_name_with_a_nul_byte_is_refused(call, parameter) -> None:
    response = call("/picks", **{parameter: "soc\x00cer"})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_parameter")


def test_thousands_of_parameters_are_refused(call) -> None:
    assert call("/picks?" + "&".join(f"a{n}=1" for n in range(6000))).status_code == 400


def test_of_a_repeated_parameter_the_last_counts(call) -> None:
    make_picks([KICKOFF] * 3)
    assert len(call("/picks?limit=x&limit=2").json()["data"]) == 2


def test_the_cursor_is_the_bare_time_unless_picks_share_it(call) -> None:
    make_picks([KICKOFF + timedelta(hours=2), KICKOFF + timedelta(hours=1), KICKOFF, KICKOFF])
    assert call("/picks", limit=1).json()["next_cursor"] == "2026-05-25T17:00:00Z"
    assert call("/picks", limit=2).json()["next_cursor"] == "2026-05-25T16:00:00Z"
    third = call("/picks", limit=3).json()
    assert third["next_cursor"] == f"2026-05-25T15:00:00Z~{third['data'][-1]['id']}"
    assert call("/picks", limit=4).json()["next_cursor"] is None


def test_any_instant_is_a_cursor_and_an_empty_one_the_beginning(call) -> None:
    older, _ = make_picks([KICKOFF, KICKOFF + timedelta(hours=1)])
    for cursor in (
        "2026-05-25T16:00:00Z",
        "2026-05-25t18:00:00.000+02:00",
        "2026-05-25T18:00:00 02:00",
        "2026-05-25T15:59:60Z",
        f"2026-05-25T16:00:00Z~{uuid.UUID(int=0)}",
    ):
        assert [pick["id"] for pick in call("/picks", cursor=cursor).json()["data"]] == [str(older.pk)], cursor
    assert call("/picks", cursor="").json()["count"] == 2


def test_a_thousand_picks_on_one_kickoff_are_each_given_once(call) -> None:
    picks = make_picks([KICKOFF] * 1000 + [KICKOFF + timedelta(hours=1), KICKOFF - timedelta(hours=1)])
    assert walk(call, limit=77) == newest_first(picks)


def test_kickoffs_finer_than_a_millisecond_lose_nothing(call) -> None:
    picks = make_picks([KICKOFF + timedelta(microseconds=n) for n in (0, 1, 1, 2, 999, 1000, 1001)])
    for limit in (1, 2, 3):
        assert walk(call, limit=limit) == newest_first(picks)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.integers(0, 6), max_size=30),
    limit=st.integers(1, 9),
    sport=st.sampled_from([None, "soccer", "tennis"]),
    since=st.none() | st.integers(-1, 6),
)
def test_any_walk_equals_a_plain_sort(call, minutes, limit, sport, since) -> None:
    Pick.objects.all().delete()
    picks = [
        pick
        for slug in ("soccer", "tennis")
        for pick in make_picks([KICKOFF + timedelta(minutes=n) for n in minutes], sport=slug)
    ]
    start = None if since is None else KICKOFF + timedelta(minutes=since)
    expected = [pick for pick in picks if sport in (None, pick.sport) and (start is None or pick.kickoff_at > start)]
    asked = {"sport": sport, "since": start and start.isoformat()}
    assert walk(call, limit=limit, **{k: v for k, v in asked.items() if v}) == newest_first(expected)


@pytest.mark.parametrize("asked", [{}, {"sport": "soccer"}, {"league": "league 7"}, {"since": KICKOFF}])
@pytest.mark.parametrize("deep", [False, True])
def test_every_page_reads_an_index_in_order(asked, deep, django_assert_num_queries) -> None:
    random.seed(7)
    fixtures = FixtureFactory.create_batch(200)
    Pick.objects.bulk_create(
        PickFactory.build(
            published=True,
            origin="import",
            fixture=fixtures[n % 200],
            league=f"League {n % 10}",
            sport="soccer" if n % 2 else "tennis",
            kickoff_at=KICKOFF + timedelta(minutes=random.randrange(4000)),
        )
        for n in range(4000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE picks_pick, feed_fixture")
    position = Position(KICKOFF + timedelta(minutes=2000), uuid.UUID(int=2**127)) if deep else None
    with django_assert_num_queries(3 if "since" in asked else 2) as sent:
        page = page_of_picks(**{"sport": None, "league": None, "since": None, **asked}, after=position, limit=50)
        assert len([announcement(pick) for pick in page.picks]) == 50
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sent.captured_queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using pick_page" in plan, plan
    assert "Sort" not in plan, plan
    assert "Seq Scan on picks_pick" not in plan, plan
    if deep:
        assert re.search(r"Index Cond: .*ROW\(kickoff_at, id\) < ", plan), plan


@pytest.mark.parametrize("path", ["/picks", "/picks/{id}", "/track-record", "/match-analyses/{id}"])
def test_an_answer_that_has_not_changed_is_not_sent_again(call, path) -> None:
    pick = PickFactory(published=True)
    path = path.format(id=pick.pk)
    tag = call(path)["ETag"]
    for sent in (tag, f"W/{tag}", "*", f'"other", W/{tag}'):
        again = call(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Access-Control-Allow-Origin"] == "*"
    for sent in ('"other"', "", "nonsense", tag.strip('"')):
        assert call(path, headers={"If-None-Match": sent}).status_code == 200


def test_the_etag_changes_with_the_picks(call) -> None:
    before = call("/picks")["ETag"]
    PickFactory(published=True, kickoff_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert call("/picks")["ETag"] != before
