"""Pages are kept as bytes: until a pick changes, within a bound, and for as long as PostgreSQL is away."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis as redis_py
import requests
from django.http import HttpResponse
from django.test import RequestFactory

from apps.api import pages
from apps.api.answers import tagged_answer
from apps.api.pages import Pages
from apps.core.postgres import Listener
from apps.picks.models import Pick
from tests.factories import ApiKeyFactory, PickFactory
from tests.system.waiting import eventually
from tests.together import at_once
from tests.web import database_url, web_process
from tests.wire import Wire, wire_to

ASKED = RequestFactory().get("/api/v1/picks", {"limit": 50})


@pytest.fixture
def postgres() -> Listener:
    """One that hears, without a thread."""
    heard = Listener()
    heard.hears = True
    return heard


def answer(text: str = "one") -> HttpResponse:
    return tagged_answer({"data": text})


def test_a_page_is_served_again_until_something_changes(postgres) -> None:
    kept = Pages(postgres)
    assert kept.find(ASKED.META) is None
    kept.keep(ASKED, "picks", answer(), generation=postgres.generation)
    found = kept.find(ASKED.META)
    assert (found.content, found.tag) == (answer().content, answer()["ETag"])
    postgres.generation += 1
    assert kept.find(ASKED.META) is None
    assert kept.instead(ASKED).content == answer().content


def test_an_answer_whose_reading_was_overtaken_by_a_change_is_never_served(postgres) -> None:
    kept, read_in = Pages(postgres), postgres.generation
    postgres.generation += 1
    kept.keep(ASKED, "picks", answer(), generation=read_in)
    assert kept.find(ASKED.META) is None


def test_where_nobody_listens_nothing_is_kept_or_found(postgres) -> None:
    kept = Pages(postgres)
    kept.keep(ASKED, "picks", answer(), generation=0)
    postgres.hears = False
    assert kept.find(ASKED.META) is None
    other = RequestFactory().get("/api/v1/picks")
    kept.keep(other, "picks", answer(), generation=0)
    assert kept.instead(other) is None


def test_only_plain_answers_to_plain_questions_that_are_the_same_for_all_are_kept(postgres) -> None:
    make = RequestFactory()
    kept = Pages(postgres)
    for asked, endpoint, given in (
        (make.head("/api/v1/picks"), "picks", answer()),
        (make.get("/api/v1/picks", CONTENT_LENGTH="70000"), "picks", answer()),
        (make.get("/api/v1/track-record"), "track-record", answer()),
        (make.get("/api/v1/match-analyses/1"), "match-analyses/{id}", answer()),
        (make.get("/api/v1/picks"), "picks", HttpResponse(status=400)),
    ):
        kept.keep(asked, endpoint, given, generation=0)
    assert kept.kept == {}


def test_another_host_is_another_question(postgres) -> None:
    kept = Pages(postgres)
    kept.keep(ASKED, "picks", answer(), generation=0)
    assert kept.find(RequestFactory().get("/api/v1/picks", {"limit": 50}, HTTP_HOST="evil.test").META) is None


def test_pages_take_no_more_than_their_room_and_the_oldest_go_first(postgres, monkeypatch) -> None:
    monkeypatch.setattr(pages, "MOST_BYTES", 5_000)
    kept = Pages(postgres)
    asked = [RequestFactory().get("/api/v1/picks", {"league": n}) for n in range(20)]
    for each in [*asked, asked[-1], asked[-1]]:
        kept.keep(each, "picks", answer(), generation=0)
    assert kept.bytes == sum(page.weight for page in kept.kept.values()) <= 5_000
    assert kept.find(asked[0].META) is None
    assert kept.find(asked[-1].META) is not None


@pytest.fixture
def wires(transactional_db: None, redis: "redis_py.Redis") -> Iterator[dict[str, Wire]]:
    """To PostgreSQL and to Redis."""
    with wire_to(*place(database_url())) as postgres, wire_to(*place(os.environ["REDIS_URL"])) as counters:
        yield {"DATABASE_URL": postgres, "REDIS_URL": counters}


@pytest.fixture
def web(wires: dict[str, Wire], tmp_path: Path) -> Iterator[str]:
    """A web process of two workers, whose stores can be cut off."""
    far = {"DATABASE_URL": database_url(), "REDIS_URL": os.environ["REDIS_URL"]}
    near = {name: url.replace(f":{place(url)[1]}/", f":{wires[name].port}/") for name, url in far.items()}
    with web_process(tmp_path, environ=near) as address:
        yield f"{address}/api/v1"


def place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def test_without_postgresql_kept_pages_are_served_and_all_else_says_when_to_come_back(
    web: str, wires: dict[str, Wire]
) -> None:
    key = ApiKeyFactory()
    first = PickFactory(published=True)
    headers = {"Authorization": f"Bearer {key.secret}"}

    def get(path: str, **more: str) -> requests.Response:
        return requests.get(web + path, headers={**headers, **more}, timeout=10)

    def shown() -> set[tuple[str, ...]]:
        """What the workers say, asked often enough that both have been."""
        answers = [get("/picks") for _ in range(30)]
        assert {each.status_code for each in answers} == {200}
        return {tuple(pick["id"] for pick in each.json()["data"]) for each in answers}

    assert shown() == {(str(first.pk),)}
    before = get("/picks")

    wires["DATABASE_URL"].cut()
    for _ in range(12):
        answer = get("/picks")
        assert (answer.status_code, answer.content) == (200, before.content)
        assert int(answer.headers["X-RateLimit-Remaining"]) > 0
        assert get("/picks", **{"If-None-Match": before.headers["ETag"]}).status_code == 304
    for path in ("/picks?limit=7", f"/picks/{first.pk}", "/track-record", "/usage"):
        answer = get(path)
        assert (answer.status_code, answer.json()["error"]) == (503, "service_unavailable"), path
        assert int(answer.headers["Retry-After"]) > 0
    unknown = requests.get(f"{web}/picks", headers={"Authorization": "Bearer betedge_" + "0" * 64}, timeout=10)
    assert unknown.status_code == 503  # whether it works is not to be told now

    Pick.objects.update(league="La Liga")
    wires["DATABASE_URL"].mend()
    eventually(lambda: {get("/track-record").status_code for _ in range(8)} == {200}, within=10, what="it is back")
    eventually(lambda: get("/picks").json()["data"][0]["league"] == "La Liga", within=2, what="the change is shown")


def test_a_change_is_shown_by_every_worker_at_once(web: str) -> None:
    headers = {"Authorization": f"Bearer {ApiKeyFactory().secret}"}
    for count in range(1, 6):
        PickFactory(published=True)
        eventually(
            lambda count=count: (
                {requests.get(f"{web}/picks", headers=headers, timeout=10).json()["count"] for _ in range(6)} == {count}
            ),
            within=2,
            what=f"{count} picks are shown",
        )


def test_a_postgresql_that_hangs_holds_up_nobody_who_does_not_need_it(web: str, wires: dict[str, Wire]) -> None:
    PickFactory(published=True)
    headers = {"Authorization": f"Bearer {ApiKeyFactory().secret}"}

    def get(path: str) -> int:
        return requests.get(web + path, headers=headers, timeout=20).status_code

    assert {get("/picks") for _ in range(40)} == {200}  # so often that both workers keep it
    wires["DATABASE_URL"].freeze()
    told = at_once(*[lambda n=n: get(f"/picks?sport=none{n}") for n in range(20)], *[lambda: get("/usage")] * 4)
    assert set(told) == {503}
    assert {get("/picks") for _ in range(16)} == {200}
    wires["DATABASE_URL"].thaw()
    eventually(lambda: {get(f"/picks?sport=more{n}") for n in range(8)} == {200}, within=15, what="it is back")


def test_with_both_stores_away_every_answer_says_when_to_come_back_and_then_all_is_well(
    web: str, wires: dict[str, Wire]
) -> None:
    PickFactory(published=True)
    headers = {"Authorization": f"Bearer {ApiKeyFactory().secret}"}

    def get(path: str = "/picks") -> requests.Response:
        return requests.get(web + path, headers=headers, timeout=20)

    assert {get().status_code for _ in range(8)} == {200}
    for wire in wires.values():
        wire.cut()
    for path in ("/picks", "/track-record", "/usage", "/nothing"):
        answer = get(path)
        assert (answer.status_code, answer.json()["error"]) == (503, "service_unavailable"), path
        assert int(answer.headers["Retry-After"]) > 0
    for wire in wires.values():
        wire.mend()
    paths = ["/picks", "/track-record"] * 6
    eventually(lambda: {get(path).status_code for path in paths} == {200}, within=10, what="all is well")
