"""The recurring requests: who is due, how each is made, and how it went."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from apps.feed.anchors.ingest import ingest_anchor
from apps.feed.anchors.pinnacle import odds_api
from apps.feed.http import UpstreamFailed
from apps.feed.ingest import ingest_fixtures, leave_play
from apps.feed.models import Fixture, Poll
from apps.feed.odds import whole_books
from apps.feed.porqpine.client import porqpine
from apps.feed.quotes import record_quotes
from apps.feed.results import ingest_results
from apps.feed.watch import Outcome, watched


def claim_due(*, now: datetime) -> list[str]:
    """The polls that are due, each moved on by its interval: of several beats and workers one gets it."""
    Poll.objects.bulk_create([Poll(name=name, due_at=now) for name in POLLS], ignore_conflicts=True)
    return [
        name
        for name in POLLS
        if Poll.objects.filter(name=name, due_at__lte=now).update(
            due_at=now + timedelta(seconds=settings.POLL_SECONDS[name])
        )
    ]


def run(name: str) -> None:
    """Make one request and take its answer in. A failure is written down for health, and due again at its next turn."""
    watched(name, lambda: POLLS[name](timezone.now()))


def _catalogue(now: datetime) -> Outcome:
    page = porqpine().events()
    ingest_fixtures(page.items, origin=page.origin, now=now)
    return Outcome(len(page.items), page.skipped)


def _live(now: datetime) -> Outcome:
    upstream = porqpine()
    listed, priced = upstream.live_events(), upstream.socket_events()
    ids = ingest_fixtures([*listed.items, *(fixture for fixture, _odds in priced.items)], origin=listed.origin, now=now)
    record_quotes(
        [
            observed
            for fixture, odds in priced.items
            if fixture in ids and odds.markets
            for observed in whole_books(ids[fixture], odds, in_play=fixture.in_play, books=["exchange"])
        ],
        now=now,
    )
    live = {ids[fixture] for fixture in ids if fixture.in_play}
    leave_play(still_live=live, unread={*listed.unreadable_ids, *priced.unreadable_ids}, now=now)
    return Outcome(len(listed.items) + len(priced.items), listed.skipped + priced.skipped)


def _anchor(now: datetime) -> Outcome:
    """Every list of the anchor in whose sport there is a fixture to price. One list that fails costs no other."""
    api = odds_api()
    if api is None:
        return Outcome(0, wrong="ODDS_API_KEY is not set: there are no Pinnacle lines, so no candidates")
    wanted = set(
        Fixture.objects.filter(started_at=None, merged_into=None, last_seen_at__gte=now - timedelta(days=1))
        .values_list("sport", flat=True)
        .distinct()
    )
    records, skipped, wrong = 0, 0, []
    for sport in api.sports().items:
        if sport.sport not in wanted:
            continue
        try:
            page = api.odds(sport)
        except UpstreamFailed as error:
            wrong.append(str(error))
            continue
        ingest_anchor(page.items, sport=sport.sport, feed=sport.key, unread=page.unreadable_ids, now=timezone.now())
        records, skipped = records + len(page.items), skipped + page.skipped
    return Outcome(records, skipped, "; ".join(wrong))


def _results(now: datetime) -> Outcome:
    page = porqpine().results()
    ingest_results(page.items, now=now)
    return Outcome(len(page.items), page.skipped)


def _health(_now: datetime) -> Outcome:
    return Outcome(1, wrong=porqpine().health())


POLLS: dict[str, Callable[[datetime], Outcome]] = {
    "catalogue": _catalogue,
    "live": _live,
    "anchor": _anchor,
    "results": _results,
    "health": _health,
}
