"""Porqpine over HTTP: one method an endpoint, each giving readings. Knows no database."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.feed.http import Answer, Upstream, UpstreamFailed, UpstreamRefused
from apps.feed.porqpine import schema
from apps.feed.readings import FixtureReading, OddsReading, Page, ResultReading, Unreadable, read_all
from apps.feed.values import listing, mapping

MOST_IDS = 50  # a call of /odds/unified


@cache
def porqpine() -> "Porqpine":
    """The client of this process."""
    return Porqpine(
        Upstream("porqpine", settings.PORQPINE_URL, budget=settings.PORQPINE_REQUESTS_PER_SECOND),
    )


class Porqpine:
    """Every method raises UpstreamFailed when there is no usable answer."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def events(self) -> Page[FixtureReading]:
        """The whole catalogue."""
        return self._list("/events", schema.read_fixture)

    def live_events(self) -> Page[FixtureReading]:
        """Events in play."""
        return self._list("/events/live", schema.read_fixture)

    def socket_events(self) -> Page[tuple[FixtureReading, OddsReading]]:
        """Live events with their best prices; the only place of horse racing and greyhounds."""
        return self._list("/socket-events", schema.read_socket_event)

    def odds(self, fixture: FixtureReading) -> tuple[OddsReading, str]:
        """Every market of one event, and the origin of the data. UpstreamRefused (404) where it is gone."""
        answer = self._get(f"/event/{_id(fixture)}/odds")
        try:
            return schema.read_odds(_data(answer), fixture), _origin(answer)
        except Unreadable as error:
            raise UpstreamFailed(f"/event/{_id(fixture)}/odds: {error}") from error

    def digests(self, ids: Sequence[str]) -> dict[str, str]:
        """A digest of each event's frames, by id; up to 50 ids. Ids that upstream does not know are left out."""
        answer = self._upstream.ask("POST", "/api/v1/feed/odds/unified", body={"matchIds": list(ids)})
        return schema.read_unified(_data(answer))

    def results(self) -> Page[ResultReading]:
        """Completed events of the last 12 hours."""
        return self._list("/results", schema.read_result, params={"limit": 1000})

    def result(self, event_id: str) -> ResultReading | None:
        """One completed event; None while upstream has no record of its end."""
        path = f"/result/{quote(event_id, safe='')}"
        try:
            return schema.read_result(_data(self._get(path)))
        except UpstreamRefused as error:
            if error.status == 404:
                return None
            raise
        except Unreadable as error:
            raise UpstreamFailed(f"{path}: {error}") from error

    def health(self) -> str:
        """Empty where upstream is healthy by its own rule, else what is wrong in words."""
        data = mapping(mapping(self._upstream.ask("GET", "/api/v1/admin/health").body).get("data"))
        if mapping(data.get("socket")).get("connected") is not True:
            return "upstream's own socket is not connected"
        active = mapping(data.get("accounts")).get("active")
        if not isinstance(active, int) or active < 1:
            return "upstream has no active account"
        return ""

    def _list(self, path: str, read: Any, params: Any = None) -> Page[Any]:
        answer = self._get(path, params)
        records = _data(answer)
        if not isinstance(records, list):
            raise UpstreamFailed(f"{path}: `data` is not a list")
        return read_all(listing(records), read, what=path, origin=_origin(answer))

    def _get(self, path: str, params: Any = None) -> Answer:
        return self._upstream.ask("GET", f"/api/v1/feed{path}", params=params)


def _data(answer: Answer) -> Any:
    body = mapping(answer.body)
    if body.get("success") is not True:
        raise UpstreamFailed(f"upstream says {str(body.get('error') or 'no success')[:200]}")
    return body.get("data")


def _origin(answer: Answer) -> str:
    return "sandbox" if "X-Porqpine-Sandbox" in answer.headers else "live"


def _id(fixture: FixtureReading) -> str:
    return quote(fixture.bfi or fixture.internal_id or "", safe="")
