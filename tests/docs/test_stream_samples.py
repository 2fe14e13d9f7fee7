"""The samples of the stream's page, run as printed against a stream process: what they print, and what they miss."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import redis as redis_py
from django.utils import timezone

from apps.docs import samples
from apps.outbox.queries import last_sequence
from apps.picks.services import publish_pick
from tests.docs.test_samples import COMMANDS, PROGRAMS, alike, each_language
from tests.factories import ApiKeyFactory, PickFactory
from tests.streams import Process, stream_process, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("stream")]


@pytest.fixture
def process(tmp_path: Path, redis: "redis_py.Redis") -> Iterator[Process]:
    with stream_process(tmp_path) as process:
        yield process


class Printed:
    """What a running program has printed so far."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self.lines: list[str] = []
        threading.Thread(target=self._read, args=[program], daemon=True).start()

    def _read(self, program: "subprocess.Popen[str]") -> None:
        assert program.stdout
        for line in program.stdout:
            self.lines.append(line.rstrip("\n"))


@contextmanager
def running(name: str, suffix: str, folder: Path, *, host: str, last: int | None = None) -> Iterator[Printed]:
    """A sample with nothing but host, key and the last id filled in, until the test is done with it."""
    if shutil.which(PROGRAMS[suffix]) is None:
        pytest.skip(f"{PROGRAMS[suffix]} is not installed, so its samples are not run.")
    file = folder / f"sample.{suffix}"
    text = samples.filled(samples.read(f"stream/{name}", suffix), host=host, key=ApiKeyFactory().secret)
    file.write_text(text if last is None else text.replace("1042", str(last)))
    program = subprocess.Popen(
        [*COMMANDS[suffix], file.name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Printed(program)
    finally:
        program.kill()
        program.wait(10)


def blocks(name: str) -> list[dict[str, str]]:
    """The events that the page shows."""
    text = samples.read(f"stream/{name}", "events")
    found = [dict(re.findall(r"^(\w+): (.*)$", block, re.MULTILINE)) for block in text.split("\n\n")]
    return [block for block in found if "event" in block]


def publish(shown: dict[str, str]) -> int:
    """Publish the pick of a shown event; the number of its event."""
    pick = json.loads(shown["data"])
    made = PickFactory(
        selection=pick["pick"],
        odds=Decimal(str(pick["odds"])),
        kickoff_at=max(datetime.fromisoformat(pick["kickoff_at"]), timezone.now() + timedelta(days=1)),
    )
    publish_pick(pick_id=made.pk, now=timezone.now(), reason="to be shown")
    return last_sequence()


@each_language
def test_the_listening_sample_prints_each_pick_that_comes(suffix: str, process: Process, tmp_path: Path) -> None:
    (shown,) = blocks("listen")
    with running("listen", suffix, tmp_path, host=process.address) as printed:
        until(lambda: (publish(shown), any("Arsenal" in line for line in printed.lines))[1])
    if suffix == "sh":
        assert printed.lines[0].startswith("retry: ")
        data = next(line for line in printed.lines if line.startswith("data: "))
        assert alike(json.loads(shown["data"]), json.loads(data.removeprefix("data: ")))
    else:
        assert set(printed.lines) == {samples.read("stream/listen", "txt").strip()}


@each_language
def test_the_resuming_sample_goes_on_where_it_was(suffix: str, process: Process, tmp_path: Path) -> None:
    first = publish(blocks("listen")[0])
    told = [publish(shown) for shown in blocks("resume")]
    with running("resume", suffix, tmp_path, host=process.address, last=first) as printed:
        until(lambda: numbers(printed) == told)
        if suffix != "sh":
            process.child.kill()
            told += [publish(shown) for shown in blocks("resume")]
            process.restart()
            told += [publish(shown) for shown in blocks("resume")]
            until(lambda: numbers(printed) == told, seconds=60)
            lines = [re.sub(r"^\d+: ", "", line) for line in printed.lines if re.match(r"\d+: ", line)]
            shown = [line.partition(": ")[2] for line in samples.read("stream/resume", "txt").splitlines()]
            assert lines == shown * 3


def numbers(printed: Printed) -> list[int]:
    """Of the events that it printed."""
    found = [re.match(r"(?:id: )?(\d+)(?::|$)", line) for line in printed.lines if not line.startswith("retry")]
    ids = [int(match[1]) for match in found if match]
    return ids[1:] if printed.lines and printed.lines[0].startswith("retry") else ids
