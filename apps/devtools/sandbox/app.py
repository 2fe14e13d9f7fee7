"""The sandbox as a plain ASGI app: paths to answers, with the faults in force laid over them."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from apps.devtools.sandbox import odds_api, porqpine
from apps.devtools.sandbox.faults import Faults, FaultUnknown, Saboteur, changed
from apps.devtools.sandbox.world import Fixture, World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

FEED = "/api/v1/feed"
MOST_BODY = 1_000_000


class Refused(Exception):
    """An answer that is an error: its status, and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class CutOff(Exception):
    """Raised after half a body: the server then closes the connection, which is what a dropped one looks like."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, "The body is not JSON") from None


@dataclass(slots=True)
class Sandbox:
    """Serves one world. A frozen feed is a frozen clock: every answer depends on the instant alone."""

    world: World
    saboteur: Saboteur = field(default_factory=Saboteur)
    started_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.world.now()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = await read(scope, receive)
        own = asked.path.startswith("/_sandbox/")
        faults = Faults() if own else self.saboteur.faults
        if faults.latency_s:
            await asyncio.sleep(faults.latency_s)
        try:
            if self.saboteur.happens(faults.rate_502):
                raise Refused(502, "Upstream error: temporarily unreachable, retry")
            status, answer = 200, self.answer(asked)
            answer = answer if own else self.saboteur.spoil(answer)
        except Refused as refusal:
            status, answer = refusal.status, refused(asked.path, str(refusal))
        except Exception:
            log.exception("The sandbox itself failed at %s %s", asked.method, asked.path)
            status, answer = 500, refused(asked.path, "The sandbox itself failed: its log says where")
        await self._write(send, status, json.dumps(answer, separators=(",", ":")).encode(), faults)

    async def _write(self, send: Send, status: int, body: bytes, faults: Faults) -> None:
        if self.saboteur.happens(faults.truncate):
            body = body[: len(body) // 2]
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "access-control-allow-origin": "*",
            "access-control-allow-methods": "GET, POST, OPTIONS",
            "access-control-allow-headers": "content-type",
            "x-porqpine-sandbox": self.world.source,
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        if self.saboteur.happens(faults.drop):
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise CutOff
        await send({"type": "http.response.body", "body": body})

    def answer(self, asked: Asked) -> Any:
        """What the path says at this instant; raises Refused."""
        if asked.method == "OPTIONS":
            return {"success": True}
        for method, pattern, respond in ROUTES:
            found = pattern.fullmatch(asked.path)
            if found and asked.method == method:
                return respond(self, asked, self.saboteur.now(self.world.now()), *found.groups())
        raise Refused(404, f"Not found: {asked.method} {asked.path}")


async def read(scope: Scope, receive: Receive) -> Asked:
    body = b""
    more = scope["method"] == "POST"
    while more and len(body) < MOST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    return Asked(scope["method"], scope["path"].rstrip("/") or "/", query, body)


def refused(path: str, text: str) -> dict[str, Any]:
    """An error in the shape of the API it belongs to."""
    return {"message": text} if path.startswith("/v4/") else {"success": False, "error": text}


def _listed(sandbox: Sandbox, now: datetime, number: str) -> Fixture:
    fixture = porqpine.find(sandbox.world, now, number)
    if fixture is None or not fixture.listed(now):
        raise Refused(404, f"Event {number} not found")
    return fixture


def _event(sandbox: Sandbox, _asked: Asked, now: datetime, number: str) -> Any:
    return porqpine.event(sandbox.world, now, _listed(sandbox, now, number), number)


def _event_odds(sandbox: Sandbox, _asked: Asked, now: datetime, number: str) -> Any:
    return porqpine.event_odds(sandbox.world, now, _listed(sandbox, now, number), number)


def _search(sandbox: Sandbox, asked: Asked, now: datetime) -> Any:
    if not asked.query.get("q"):
        raise Refused(400, "Missing required field: q")
    return porqpine.search(sandbox.world, now, asked.query["q"])


def _unified(sandbox: Sandbox, asked: Asked, now: datetime) -> Any:
    body = asked.json()
    numbers = body.get("matchIds") if isinstance(body, dict) else None
    if not isinstance(numbers, list) or not numbers:
        raise Refused(400, "Missing required field: matchIds")
    if len(numbers) > porqpine.IDS_A_CALL:
        raise Refused(400, f"Too many matchIds: at most {porqpine.IDS_A_CALL} a call")
    return porqpine.unified_odds(sandbox.world, now, [str(number) for number in numbers])


def _results(sandbox: Sandbox, asked: Asked, now: datetime) -> Any:
    limit = asked.query.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and len(limit) < 10):
        raise Refused(400, "limit must be a whole number")
    since = _since(asked.query.get("since"))
    return porqpine.results(sandbox.world, now, asked.query.get("sport"), int(limit) if limit else None, since)


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, "since must be an ISO instant such as 2026-05-08T00:00:00Z") from None
    return since if since.tzinfo else since.replace(tzinfo=UTC)


def _result(sandbox: Sandbox, _asked: Asked, now: datetime, number: str) -> Any:
    fixture = porqpine.find(sandbox.world, now, number)
    if fixture is None or not fixture.result_kept(now):
        raise Refused(404, f"No result for event {number}")
    return porqpine.result(sandbox.world, fixture)


def _anchor_sports(sandbox: Sandbox, asked: Asked, _now: datetime) -> Any:
    _need_key(asked)
    return odds_api.sports(sandbox.world)


def _anchor_odds(sandbox: Sandbox, asked: Asked, now: datetime, key: str) -> Any:
    _need_key(asked)
    markets = asked.query.get("markets", "h2h").split(",")
    bookmakers = asked.query.get("bookmakers", "pinnacle").split(",")
    rows = odds_api.odds(sandbox.world, now, key, markets, bookmakers)
    if rows is None:
        raise Refused(404, f"Unknown sport: {key}")
    return rows


def _need_key(asked: Asked) -> None:
    if not asked.query.get("apiKey"):
        raise Refused(401, "API key is missing")


def _faults(sandbox: Sandbox, asked: Asked, _now: datetime) -> Any:
    if asked.method != "GET":
        now = sandbox.world.now()
        try:
            wanted = Faults() if asked.method == "DELETE" else changed(sandbox.saboteur.faults, asked.json())
        except FaultUnknown as error:
            raise Refused(400, str(error)) from None
        sandbox.saboteur.set(wanted, now)
    return asdict(sandbox.saboteur.faults)


def _state(sandbox: Sandbox, _asked: Asked, now: datetime) -> Any:
    world = sandbox.world
    listed, total = world.listed(now), world.total()
    finished = sum(1 for _ in world.finished(now))
    return {
        "source": world.source,
        "now": now.isoformat().replace("+00:00", "Z"),
        "fixtures": len(listed),
        "in_play": sum(fixture.in_play(now) for fixture in listed),
        "finished": finished,
        "total": total,
        "done": finished == total,
    }


Respond = Callable[..., Any]


def _routes() -> Iterable[tuple[str, re.Pattern[str], Respond]]:
    """(method, path, answer): the answer takes the sandbox, the request, the instant, and the path's parts."""
    world_only: list[tuple[str, Respond]] = [
        (f"{FEED}/sports", lambda s, a, now: porqpine.sports(s.world, now)),
        (f"{FEED}/events", lambda s, a, now: porqpine.events(s.world, now, a.query.get("sport"))),
        (f"{FEED}/events/live", lambda s, a, now: porqpine.live_events(s.world, now)),
        (f"{FEED}/socket-events", lambda s, a, now: porqpine.socket_events(s.world, now, a.query.get("sport"))),
        ("/api/v1/admin/health", lambda s, a, now: porqpine.health(s.world, now, s.started_at)),
        (f"{FEED}/search", _search),
        (f"{FEED}/event/([^/]+)", _event),
        (f"{FEED}/event/([^/]+)/odds", _event_odds),
        (f"{FEED}/results", _results),
        (f"{FEED}/result/([^/]+)", _result),
        ("/v4/sports", _anchor_sports),
        ("/v4/sports/([^/]+)/odds", _anchor_odds),
        ("/_sandbox/state", _state),
        ("/_sandbox/faults", _faults),
    ]
    yield from (("GET", re.compile(path), respond) for path, respond in world_only)
    yield "POST", re.compile(f"{FEED}/odds/unified"), _unified
    yield "POST", re.compile("/_sandbox/faults"), _faults
    yield "DELETE", re.compile("/_sandbox/faults"), _faults


ROUTES = tuple(_routes())
