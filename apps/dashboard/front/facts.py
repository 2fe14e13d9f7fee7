"""What the front page says: the same for every visitor, so it is read and written once in half a minute."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from apps.accounts.tiers import OPENS, TIERS, Tier, reaches
from apps.dashboard.picks.shown import ShownRecord, shown_record
from apps.picks.announcement import announcement
from apps.picks.queries import newest_settled

TEMPLATE = "front/front.html"
KEPT_SECONDS = 30
DAYS_BACK = 365


@dataclass(frozen=True, slots=True)
class Facts:
    """record: of the last year. example: the newest settled pick as JSON, empty where there is none."""

    record: ShownRecord
    example: str


def words(*, now: datetime) -> dict[str, Any]:
    """What the template is filled in with."""
    return {
        "facts": facts(begun(now)),
        "tiers": TIERS.values(),
        "opened": opened(),
        "host": settings.BETEDGE_PUBLIC_URL,
    }


def begun(now: datetime) -> datetime:
    """When this half minute began."""
    return datetime.fromtimestamp(int(now.timestamp()) // KEPT_SECONDS * KEPT_SECONDS, UTC)


@lru_cache(maxsize=1)
def facts(at: datetime) -> Facts:
    pick = newest_settled()
    return Facts(
        record=shown_record(sport=None, days_back=DAYS_BACK, now=at),
        example=json.dumps(announcement(pick), indent=2, ensure_ascii=False) if pick else "",
    )


@lru_cache(maxsize=1)
def written(at: datetime) -> bytes:
    """The page as visitors get it. It reads no request, so it cannot differ from one to the other."""
    return render_to_string(TEMPLATE, words(now=at)).encode()


def opened() -> list[tuple[str, list[tuple[Tier, bool]]]]:
    """What there is, in words, and by tier whether it opens it."""
    return [
        (each.words, [(tier, reaches(tier.slug, lowest)) for tier in TIERS.values()])
        for lowest, opens in OPENS.items()
        for each in opens
    ]
