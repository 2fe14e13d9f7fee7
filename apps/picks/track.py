"""GET /track-record's answer: daily sums, with the window's first, broken day added up from its picks."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from apps.picks.models import DailyRecord
from apps.picks.record import Tally, cumulative, overall, roi_pct, total
from apps.picks.rollup import kept_sums, raw_sums

DaySums = tuple[date, str, Tally]  # a day, a sport's slug, what was settled


def track_record(*, sport: str | None, days_back: int, now: datetime) -> dict[str, Any]:
    """Everything settled at or after now - days_back x 24 h; domain.md section 6. Arguments as daily_sums()."""
    return record_of(daily_sums(sport=sport, days_back=days_back, now=now))


def record_of(rows: list[DaySums]) -> dict[str, Any]:
    """The answer that these sums make."""
    by_sport: dict[str, Tally] = {}
    for _day, slug, sums in rows:
        by_sport[slug] = by_sport.get(slug, Tally()) + sums
    return {
        "overall": overall(total(by_sport.values())),
        "per_sport": [
            {"sport": slug, "roi_pct": roi_pct(sums), "total_settled": sums.settled}
            for slug, sums in sorted(by_sport.items(), key=lambda item: (-item[1].settled, item[0]))
            if sums.settled
        ],
        "series": cumulative((day, sums) for day, _slug, sums in rows),
    }


def daily_sums(*, sport: str | None, days_back: int, now: datetime) -> list[DaySums]:
    """What was settled at or after now - days_back x 24 h, by day and sport. Its cost is days, not picks.

    sport: a slug in any case, or None for all. days_back: 1 to 365.
    """
    start, sport = now - timedelta(days=days_back), sport.lower() if sport else None
    first = start.astimezone(UTC).date()
    next_day = datetime.combine(first + timedelta(days=1), time(), tzinfo=UTC)
    broken = [(day, slug, sums) for (day, slug), sums in raw_sums(start, next_day, sport).items()]
    days = DailyRecord.objects.filter(day__gt=first)
    if sport is not None:
        days = days.filter(sport=sport)
    return broken + [(day, slug, sums) for (day, slug), sums in kept_sums(days).items()]
