"""The limits as one would write them down: every request that was counted is kept with its time, nothing is clever."""

from datetime import UTC, datetime
from math import ceil
from typing import Any

HOUR = 3_600_000


class Plain:
    """One key. Times are milliseconds; `secrets` are the times until which they work, None for ever."""

    def __init__(self, limit: int, quota: int) -> None:
        self.limit, self.quota = limit, quota
        self.counted: list[int] = []
        self.months: dict[tuple[int, int], int] = {}
        self.secrets: dict[str, int | None] = {}
        self.expires: int | None = None
        self.revoked = False

    def works(self, secret: str, now: int) -> bool:
        ends = [self.secrets[secret], self.expires]
        return not self.revoked and all(end is None or now < end for end in ends)

    def ask(self, secret: str, now: int, *, count: bool) -> dict[str, Any] | None:
        if not self.works(secret, now):
            return None
        self.counted = [min(each, now) for each in self.counted]  # a clock set back: it was now at the latest
        held = self.counted = [each for each in self.counted if each > now - HOUR]  # what has left does not return
        at = datetime.fromtimestamp(now / 1000, UTC)
        month, following = (at.year, at.month), (at.year + at.month // 12, at.month % 12 + 1)
        turn = int(datetime(*following, 1, tzinfo=UTC).timestamp())
        decision, retry = 0, 0
        if count and len(held) >= self.limit:
            room = sorted(held, reverse=True)[self.limit - 1] + HOUR
            decision, retry = 1, ceil((room - now) / 1000)
        elif count and self.months.get(month, 0) >= self.quota:
            decision, retry = 2, ceil((turn * 1000 - now) / 1000)
        elif count:
            held.append(now)
            self.months[month] = self.months.get(month, 0) + 1
        leaves = sorted(held, reverse=True)[min(len(held), self.limit) - 1] + HOUR if held else now
        return {
            "decision": decision,
            "limit": self.limit,
            "remaining": max(0, self.limit - len(held)),
            "reset": ceil(leaves / 1000),
            "quota_limit": self.quota,
            "quota_remaining": max(0, self.quota - self.months.get(month, 0)),
            "quota_reset": turn,
            "retry_after": retry,
        }
