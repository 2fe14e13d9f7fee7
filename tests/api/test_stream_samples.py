"""The reference's three samples of the stream run word for word; only host and key are filled in.

The reference's text has lost the indentation of its Python, which is put back.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis as redis_py

from tests.api.event_source_proxy import proxy
from tests.api.test_samples import KEY, REFERENCE
from tests.api.test_stream import tell
from tests.docs.test_stream_samples import Printed
from tests.factories import ApiKeyFactory
from tests.streams import Process, stream_process, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("stream"),
    pytest.mark.skipif(not REFERENCE.exists(), reason="the reference's text does not lie beside this checkout"),
]
HOST = "https://betedge.tips"
EVENT_SOURCE = "--experimental-eventsource"  # Node has it since 22.3 and 20.18, behind this

SAYS_OPEN = "evtSource.addEventListener('open', () => console.log('open'));"
STAYS = "setInterval(() => {}, 1000);"  # unlike a page, Node would end while the source waits to come back


@pytest.fixture
def process(tmp_path: Path, redis: "redis_py.Redis") -> Iterator[Process]:
    with stream_process(tmp_path) as process:
        yield process


def sample(begins: str, ends: str) -> str:
    """What the reference prints from these words up to those."""
    found = re.search(f"{re.escape(begins)}.*?(?={re.escape(ends)})", REFERENCE.read_text(), re.DOTALL)
    assert found
    return found[0]


@contextmanager
def running(*command: str) -> Iterator[list[str]]:
    """The lines that it has printed so far."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed, so its sample is not run.")
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Printed(program).lines
    finally:
        program.kill()
        program.wait(10)


def tell_one() -> str:
    """Tell of a published pick; its id."""
    return str(json.loads(tell().body)["data"]["id"])


def test_the_printed_curl_sample_shows_each_event(process: Process) -> None:
    printed = KEY.sub(ApiKeyFactory().secret, sample("curl -N", "const evtSource")).replace(HOST, process.address)
    with running("sh", "-c", printed) as lines:
        until(lambda: "retry: 5000" in lines)
        event = tell()
        until(lambda: f"id: {event.sequence}" in lines)
    assert "event: pick.published" in lines
    assert any(line.startswith('data: {"id":"') for line in lines)


def test_the_printed_event_source_is_told_each_pick_and_comes_back_by_itself(process: Process) -> None:
    node = shutil.which("node")
    if node is None or subprocess.run([node, EVENT_SOURCE, "-e", "0"], capture_output=True, check=False).returncode:
        pytest.skip("There is no Node with an EventSource, so its sample is not run.")
    printed = sample("const evtSource", "import sseclient")
    with proxy(process.port, ApiKeyFactory().secret) as address:
        script = f"{printed.replace(HOST, address)}\n{SAYS_OPEN}\n{STAYS}"
        with running("node", "--no-warnings", EVENT_SOURCE, "--input-type=module", "-e", script) as lines:
            until(lambda: lines == ["open"])
            first = tell_one()
            until(lambda: lines[-1] == f"New pick: {first}")
            process.child.kill()
            missed = [tell_one() for _ in range(3)]
            process.restart()
            until(lambda: len(lines) == 6, seconds=60)
    assert lines == ["open", f"New pick: {first}", "open", *(f"New pick: {pick}" for pick in missed)]


def test_the_printed_sseclient_sample_reads_each_pick(process: Process) -> None:
    printed = KEY.sub(ApiKeyFactory().secret, sample("import sseclient", "Error responses"))
    lines = printed.replace(HOST, process.address).splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["if", "import"]
    lines[-2:] = [f"    {lines[-2]}", f"        {lines[-1]}", "        print(pick['id'], flush=True)"]
    with running(sys.executable, "-c", "\n".join(lines)) as seen:
        told: list[str] = []
        until(lambda: (told.append(tell_one()), seen)[1])
        told += [tell_one() for _ in range(3)]
        until(lambda: seen and seen == told[told.index(seen[0]) :])
