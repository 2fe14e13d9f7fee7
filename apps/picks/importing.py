"""Take in picks with history from elsewhere: a file whole, in one transaction, or nothing of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar
from uuid import uuid4

from django.db import connection, models, transaction
from django.db.models import Q, QuerySet
from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from apps.core.errors import AppError
from apps.feed.models import Fixture
from apps.feed.models import Origin as FixtureOrigin
from apps.outbox.services import Happening, emit_many
from apps.picks.announcement import announcement
from apps.picks.grading import profit
from apps.picks.import_lines import BadLines, Line, Problem, read_lines
from apps.picks.models import OUT, Origin, Pick, Settlement, Status
from apps.picks.rollup import add_to_record, counted
from apps.picks.services import published_key, settled_key
from apps.picks.wording import parse_words

RULE = "imported"
SOURCE = "import"
NO_CLOSE = "The import gave no closing price."
LEAD = timedelta(hours=1)  # how long before kick-off a pick counts as published where the file does not say
AT_ONCE = 10_000  # values in one IN (…)

Value = TypeVar("Value")
KEY_FIELDS = ("origin", "sport", "league", "home_team", "away_team", "kickoff_at")
FixtureKey = tuple[str, str, str, str, str, datetime | None]


class ImportCollision(AppError):
    code = "import_collision"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made."""

    picks: int
    settled: int
    fixtures: int


def import_picks(
    raw_lines: Iterable[bytes], *, now: datetime, announce: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Imported:
    """Take every pick of a JSON Lines file, its fixtures, settlements and track record; or, at the first fault, none.

    announce: also write one outbox event for each pick that customers may see, pick.published or pick.settled by
    its status. tell: called with a few words at each step. BadLines names the faults by line and field;
    ImportCollision where someone else took one of the ids meanwhile.
    """
    tell("reading")
    lines = read_lines(raw_lines, now=now)
    _refuse_known_ids(lines)
    try:
        with transaction.atomic():
            return _write(lines, now=now, announce=announce, tell=tell)
    except UniqueViolation as error:
        raise ImportCollision("Somebody else took one of these ids meanwhile; nothing was imported.") from error


def _refuse_known_ids(lines: Sequence[Line]) -> None:
    line_of = {line.id: line.number for line in lines if line.id}
    known = [
        pick_id
        for ids in _portions(line_of)
        for pick_id in Pick.objects.filter(pk__in=ids).values_list("pk", flat=True)
    ]
    if known:
        numbers = sorted(line_of[pick_id] for pick_id in known)
        raise BadLines([Problem(number, "id", "belongs to a pick that exists already") for number in numbers])


def _write(lines: Sequence[Line], *, now: datetime, announce: bool, tell: Callable[[str], None]) -> Imported:
    tell("writing fixtures")
    fixtures, made = _fixtures(lines, now=now)
    tell("writing picks")
    picks = [_pick(line, fixtures[_key(line)], now=now) for line in lines]
    _copy(Pick, picks)
    settled = [pick for pick in picks if pick.status == Status.SETTLED]
    _copy(Settlement, [_settlement(pick) for pick in settled])
    tell("counting the track record")
    add_to_record(map(counted, settled))
    if announce:
        tell("announcing")
        emit_many([_happening(pick) for pick in picks if pick.status in OUT], at=now)
    return Imported(picks=len(picks), settled=len(settled), fixtures=made)


def _key(line: Line) -> FixtureKey:
    origin = FixtureOrigin.SANDBOX if line.sandbox else FixtureOrigin.IMPORT
    return origin, line.sport, line.league, line.home_team, line.away_team, line.kickoff_at


def _fixtures(lines: Iterable[Line], *, now: datetime) -> tuple[dict[FixtureKey, Fixture], int]:
    """The fixture of every line, by its key, and how many of them are new; those of earlier imports are used again."""
    fixtures = {key: _fixture(key, now=now) for key in map(_key, lines)}
    for starts in _portions({key[-1] for key in fixtures}):
        for pk, *fields in _earlier(starts).values_list("pk", *KEY_FIELDS):
            if (key := tuple(fields)) in fixtures:
                fixtures[key].pk = pk
    new = [fixture for fixture in fixtures.values() if fixture.pk is None]
    for fixture, pk in zip(new, _new_ids(Fixture, len(new)), strict=True):
        fixture.pk = pk
    _copy(Fixture, new)
    return fixtures, len(new)


def _earlier(starts: Iterable[datetime | None]) -> QuerySet[Fixture]:
    """Fixtures of earlier imports that begin at these times, or at one unknown; none that a feed knows."""
    return Fixture.objects.filter(
        Q(kickoff_at__in=[start for start in starts if start]) | Q(kickoff_at=None),
        origin__in=[FixtureOrigin.IMPORT, FixtureOrigin.SANDBOX],
        internal_id=None,
        bfi=None,
    )


def _portions(values: Iterable[Value]) -> Iterator[list[Value]]:
    every = list(values)
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


def _fixture(key: FixtureKey, *, now: datetime) -> Fixture:
    *_, home, away, kickoff_at = key
    return Fixture(
        **dict(zip(KEY_FIELDS, key, strict=True)),
        name=" v ".join(filter(None, (home, away)))[:255],
        kickoff_source=SOURCE if kickoff_at else "",
        first_seen_at=now,
        last_seen_at=now,
    )


def _pick(line: Line, fixture: Fixture, *, now: datetime) -> Pick:
    bet = parse_words(line.pick, home=line.home_team, away=line.away_team)
    published_at = _published_at(line, now=now)
    return Pick(
        id=line.id or uuid4(),
        fixture=fixture,
        origin=Origin.IMPORT,
        sport=line.sport,
        league=line.league,
        kickoff_at=line.kickoff_at,
        question=bet.market,
        market=bet.market,
        side=bet.side,
        line=bet.line,
        selection=line.pick,
        odds=line.odds,
        fair_odds=line.fair_odds,
        fair_probability=float((1 + line.edge) / line.odds),
        edge=line.edge,
        confidence=line.confidence,
        anchor=line.anchor,
        evidence={"imported": {"line": line.number}},
        analysis=line.analysis,
        analysis_at=(published_at or now) if line.analysis else None,
        status=line.status,
        proposed_at=published_at or now,
        published_at=published_at,
        settled_at=line.settled_at,
        result=line.result,
        profit=profit(line.result, line.odds) if line.result else None,
        closing_fair_odds=line.closing_fair_odds,
        clv=line.clv,
        clv_missing="" if line.clv is not None or not line.result else NO_CLOSE,
    )


def _published_at(line: Line, *, now: datetime) -> datetime | None:
    """As the file says, else an hour before kick-off; never later than the settlement or this moment."""
    if line.status not in OUT or line.published_at is not None or line.kickoff_at is None:
        return line.published_at
    return min(line.kickoff_at - LEAD, line.settled_at or now, now)


def _settlement(pick: Pick) -> Settlement:
    return Settlement(  # type: ignore[misc]  # a settled pick has a result, a profit and a time
        pick=pick,
        number=1,
        result=pick.result,
        profit=pick.profit,
        rule=RULE,
        evidence=pick.evidence,
        at=pick.settled_at,
    )


def _happening(pick: Pick) -> Happening:
    settled = pick.status == Status.SETTLED
    return Happening(
        "pick.settled" if settled else "pick.published",
        settled_key(pick.pk, 1) if settled else published_key(pick.pk),
        pick.pk,
        announcement(pick),
    )


def _new_ids(model: type[models.Model], count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _copy(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert new rows by COPY; the database numbers those that have no key yet."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if rows[0].pk is not None or not field.primary_key]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
    )
    values_of = attrgetter(*(field.attname for field in fields))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in values_of(row)])
