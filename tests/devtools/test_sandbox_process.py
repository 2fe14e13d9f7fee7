"""The sandbox as a process: it says where it listens, ends at once, and needs nothing of the rest."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "apps.devtools.sandbox"]
HEAVY = ("django", "celery", "redis", "apps.core", "apps.feed", "apps.picks")


@contextmanager
def sandbox(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The process, and the base URL that it printed."""
    process = subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def refusal(*options: str) -> str:
    """What the command says on standard error when it does not start."""
    done = subprocess.run([*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_listens_where_it_says_and_ends_at_once_even_while_answering() -> None:
    with sandbox("--port", "0") as (process, url), requests.Session() as session:
        assert session.get(f"{url}/api/v1/feed/events", timeout=10).json()["success"]
        session.post(f"{url}/_sandbox/faults", json={"latency_s": 60}, timeout=10)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as waiting:
            waiting.sendall(b"GET /api/v1/feed/events HTTP/1.1\r\nHost: sandbox\r\n\r\n")
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def test_killed_and_started_again_it_is_the_same_world() -> None:
    answers = []
    for _ in range(2):
        with sandbox("--port", "0", "--seed", "7") as (_, url):
            record = requests.get(f"{url}/api/v1/feed/results?limit=3000", timeout=30).json()["data"][-500:]
            answers.append({result["internal_id"]: result for result in record})
    shared = answers[0].keys() & answers[1].keys()

    assert len(shared) > 400
    assert all(answers[0][number] == answers[1][number] for number in shared)


def test_it_loads_nothing_of_the_service() -> None:
    code = f"import sys, apps.devtools.sandbox.__main__; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_what_it_cannot_do_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "choose another with --port" in refusal("--port", str(taken.getsockname()[1]))
    assert "season file" in refusal("--port", "0", str(tmp_path / "absent.csv"))
    assert "Give at least one" in refusal("--port", "0", "--source", "replay")
    assert "reads no files" in refusal("--port", "0", "--source", "invented", "x.csv")
