"""The sink as a process: what it prints, what it keeps, how it ends, and what is in its way."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from apps.devtools.sink.arrivals import Arrival, Arrivals
from apps.devtools.stack.ports import free_port
from tests.devtools.test_sink import BODY, SECRET, send
from tests.sinks import COMMAND, NAME, ROOT, RunningSink, running_sink

HEAVY = ("django", "celery", "redis", "apps.core", "apps.outbox", "apps.picks", "apps.webhooks")


def printed(sink: RunningSink) -> str:
    assert sink.process.stdout
    return sink.process.stdout.readline()


def refusal(*options: str) -> str:
    done = subprocess.run([*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_every_arrival_is_a_line_that_a_person_can_read(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--secret", SECRET, "--behaviour", "500") as sink:
        send(sink, "/demo", attempt=2)
        line = printed(sink)
        assert line[8:] == (
            " UTC  arrived    pick.published, Arsenal -0.5 Asian Handicap @ 1.91, signature ok, attempt 2, "
            "delivery 6f9619ff, at /demo, answered 500\n"
        )
        settled = BODY.replace(b"null", b'"half_win"').replace(b"pick.published", b"pick.settled")
        send(sink, "/demo", body=settled)
        assert "@ 1.91 (half win), signature ok" in printed(sink)


def test_what_is_not_ours_and_what_a_terminal_would_obey_is_harmless() -> None:
    arrival = Arrival(1, 0.0, 0.0, "/\x1b[2J", b"POST / HTTP/1.1", b"\xff{", "200", "not checked")
    assert arrival.line == (
        "00:00:00 UTC  arrived    not an event of ours, signature not checked, attempt ?, delivery ?, "
        "at /·[2J, answered 200"
    )
    for body in (b"7", b'{"data": []}', b'{"data": {"pick": "x", "odds": "y"}}', b'{"data": null}'):
        assert "not an event" in Arrival(1, 0.0, 0.0, "/", b"", body, "200", "ok").line


def test_what_is_kept_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.devtools.sink.arrivals.MOST_BYTES", 10_000)
    arrivals = Arrivals()
    for number in range(1, 101):
        arrivals.add(Arrival(number, 0.0, 0.0, "/", b"", b"x" * 500, "200", "ok"))
    assert [arrival.number for arrival in arrivals.since(0, 100)] == list(range(91, 101))


def test_started_again_it_is_trusted_as_before_and_knows_the_secrets(tmp_path: Path) -> None:
    port = ("--port", str(free_port()), "--control", "0")  # not one that an outgoing connection may take meanwhile
    with running_sink(tmp_path, *port) as first:
        first.control.learn(SECRET, path="/demo")
        sender = first.sender()
        trusted = first.ca_file.read_bytes()
    with running_sink(tmp_path, *port) as second:
        assert second.ca_file.read_bytes() == trusted
        assert sender.send(f"https://{NAME}:8443/x", body=b"{}", headers={}).delivered
        send(second, "/demo")
        assert list(second.control.arrivals())[-1]["signature"] == "ok"
    for secret in ("authority.key", "secrets.json"):
        assert stat.S_IMODE((tmp_path / secret).stat().st_mode) == 0o600


def test_other_names_may_be_in_its_certificate(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--name", "localhost", "--name", "127.0.0.1") as sink:
        answer = requests.post(f"https://127.0.0.1:{sink.port}/ok", verify=str(sink.ca_file), timeout=10)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert "certificate is not accepted" in send(sink, "/ok").error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_even_with_callers_waiting(tmp_path: Path, number: signal.Signals) -> None:
    with running_sink(tmp_path) as sink, socket.create_connection(("127.0.0.1", sink.port)):
        sink.process.send_signal(number)
        assert sink.process.wait(timeout=10) == 0


def test_what_is_in_its_way_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        folder = ["--folder", str(tmp_path)]
        assert "choose another with --port" in refusal("--port", port, *folder)
        assert "choose another with --control" in refusal("--port", "0", "--control", port, *folder)
    (tmp_path / "file").touch()
    assert "choose another with --folder" in refusal("--port", "0", "--folder", str(tmp_path / "file"))


def test_the_control_address_says_what_it_cannot_do(tmp_path: Path) -> None:
    with running_sink(tmp_path) as sink:
        for path, body, said in (
            ("/behaviour", '{"behaviour": "tea"}', "There is no behaviour 'tea'; there are ok, 500"),
            ("/behaviour", "[]", "a JSON object"),
            ("/secret", "{}", "Give the secret"),
            ("/tea", "{}", "GET /arrivals"),
        ):
            answer = requests.post(f"{sink.control.url}{path}", data=body, timeout=10)
            assert answer.status_code == 400
            assert said in answer.text
        assert requests.get(f"{sink.control.url}/arrivals?since=x", timeout=10).status_code == 400


def test_it_loads_nothing_of_the_service() -> None:
    code = f"import sys, apps.devtools.sink.__main__; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_is_a_command_of_manage_py(tmp_path: Path) -> None:
    environ = {**os.environ, "BETEDGE_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "webhook_sink", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout
        assert str(tmp_path / "sink" / "authority.pem") in sink.stdout.readline()
        sink.send_signal(signal.SIGINT)
        assert sink.wait(timeout=10) == 0
