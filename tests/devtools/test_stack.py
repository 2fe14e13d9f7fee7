"""The stack starts, says what is in its way, brings back what dies, and leaves nothing behind."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import requests

from apps.devtools.sink.certificates import authority
from apps.devtools.stack import keeper, ports
from apps.devtools.stack.folder import ROOT, DataFolder, outer_environment, read_env, write_errors_as_sentences
from apps.devtools.stack.keeper import Keeper
from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.processes import LOG_BYTES, MARK, Child, StackError, marked, working_in
from apps.devtools.stack.stack import Stack
from apps.webhooks.guard import Guard
from apps.webhooks.sender import Sender
from apps.webhooks.tls import tls_context

BARE = {"PATH": os.environ["PATH"]}  # no DATABASE_URL: the stack starts servers of its own

# Killed with SIGKILL in the middle of its work, as a supervisor that the system ran out of memory for.
SUPERVISOR = """
import sys, time
from pathlib import Path
from apps.devtools.stack.stack import Stack
stack = Stack(Path(sys.argv[1]), port=int(sys.argv[2]), environ={"PATH": "/usr/bin:/bin"},
              processes=("front",), sandbox_args=None, prepare=())
stack.start()
print("up", flush=True)
time.sleep(600)
"""


def a_stack(
    data_dir: Path,
    *,
    port: int = 0,
    said: list[str] | None = None,
    environ: dict[str, str] = BARE,
    with_sink: bool = False,
) -> Stack:
    """Servers and front, without the Django processes that take seconds to start."""
    return Stack(
        data_dir,
        port=port or ports.free_port(),
        environ=environ,
        processes=("front",),
        sandbox_args=None,
        with_sink=with_sink,
        prepare=(),
        say=[].append if said is None else said.append,
    )


def everything_on(data_dir: Path) -> set[int | None]:
    """The numbers of all processes that run on a data folder."""
    servers = working_in(Postgres(data_dir).cluster, "postgres") + working_in(data_dir / "valkey", "valkey-server")
    return {process.pid for process in (*marked(data_dir), *servers)}


def eventually(true: Callable[[], object], *, within: float = 20) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, f"not true within {within} s"
        time.sleep(0.02)


def test_a_stack_starts_serves_and_leaves_no_process(data_dir: Path) -> None:
    with a_stack(data_dir) as stack:
        stack.start()
        with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT upper('é')").fetchone() == ("É",)
        assert {child.pid for child in stack.children.values()} <= everything_on(data_dir)
    assert not everything_on(data_dir)


def test_its_sink_is_found_and_trusted_beside_what_the_environment_names(data_dir: Path, tmp_path: Path) -> None:
    theirs = authority(tmp_path / "theirs").file
    given = {"BETEDGE_WEBHOOK_RESOLVE": "hooks.example.test:8443=127.0.0.1:1", "BETEDGE_WEBHOOK_CA_FILE": str(theirs)}
    with a_stack(data_dir, environ={**BARE, **given}, with_sink=True) as stack:
        stack.start()
        told = read_env(data_dir)
        guard = Guard.reading(own=[], deny="", resolve=told["BETEDGE_WEBHOOK_RESOLVE"], production=False)
        assert set(guard.routes) == {("hooks.example.test", 8443), ("sink.betedge.test", 8443)}
        sender = Sender(guard, tls_context(told["BETEDGE_WEBHOOK_CA_FILE"]))
        eventually(lambda: sender.send("https://sink.betedge.test:8443/ok", body=b"{}", headers={}).delivered)
        assert stack.sink
        assert stack.sink.state()["total"] == 1
    assert theirs.read_text() in Path(told["BETEDGE_WEBHOOK_CA_FILE"]).read_text()
    assert not everything_on(data_dir)


def test_an_authority_that_cannot_be_read_is_named(data_dir: Path) -> None:
    absent = {**BARE, "BETEDGE_WEBHOOK_CA_FILE": "/nowhere/authority.pem"}
    with (
        a_stack(data_dir, environ=absent, with_sink=True) as stack,
        pytest.raises(StackError, match=r"BETEDGE_WEBHOOK_CA_FILE, /nowhere/authority\.pem, cannot be read"),
    ):
        stack.start()


def test_while_web_is_away_the_front_answers_in_the_apis_error_shape(data_dir: Path) -> None:
    with a_stack(data_dir) as stack:
        stack.start()
        eventually(lambda: not ports.is_free(stack.port))
        answer = requests.get(f"{stack.url}/api/v1/picks", timeout=10)
    assert answer.status_code == 503
    assert answer.json()["error"] == "service_unavailable"
    assert answer.json()["message"]
    assert answer.headers["Retry-After"] == "5"


def test_the_env_file_is_ours_alone_and_keeps_its_secrets(data_dir: Path) -> None:
    told = []
    for _ in range(2):
        with a_stack(data_dir) as stack:
            stack.start()
            told.append(read_env(data_dir))
    assert stat.S_IMODE((data_dir / "env").stat().st_mode) == 0o600
    assert told[0]["BETEDGE_SECRET_KEY"] == told[1]["BETEDGE_SECRET_KEY"]
    assert told[0]["BETEDGE_FERNET_KEYS"] == told[1]["BETEDGE_FERNET_KEYS"]
    assert told[0]["DATABASE_URL"] == told[1]["DATABASE_URL"]


def test_after_kill_nine_the_next_start_goes_on_with_the_data(data_dir: Path) -> None:
    port = ports.free_port()
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, data_dir, str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout
        assert supervisor.stdout.readline() == "up\n"
        url = read_env(data_dir)["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('still here')")
        supervisor.kill()
    left = everything_on(data_dir)
    assert len(left) >= 3, "the servers outlive their supervisor"

    with a_stack(data_dir, port=port) as stack:
        stack.start()
        assert not left & everything_on(data_dir)
        with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)
    assert not everything_on(data_dir)


def test_killed_children_come_back(data_dir: Path) -> None:
    said: list[str] = []
    with a_stack(data_dir, said=said) as stack:
        stack.start()
        before = {name: child.pid for name, child in stack.children.items()}
        for pid in before.values():
            assert pid
            os.kill(pid, signal.SIGKILL)

        def all_back() -> bool:
            stack.tick()
            return all(child.alive() and child.pid != before[name] for name, child in stack.children.items())

        def answers() -> bool:
            stack.tick()
            try:
                psycopg.connect(stack.env["DATABASE_URL"]).close()
            except psycopg.OperationalError:
                return False
            return True

        eventually(all_back)
        eventually(answers)
    assert any("postgres ended (SIGKILL); it is started again" in line for line in said)


def test_what_cannot_stay_up_is_given_up_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "DELAYS", (0.0,) * 4)
    child = Child(name="web", argv=["/bin/sh", "-c", "echo no such module; exit 3"], log=tmp_path / "web.log", env=BARE)
    child.start()
    kept = Keeper(child, say=[].append)

    def given_up() -> bool:
        try:
            kept.look()
        except StackError as error:
            return "web ended (exit 3) 5 times in a row" in str(error) and "no such module" in str(error)
        return False

    eventually(given_up)


def test_a_second_supervisor_is_told_of_the_first(data_dir: Path) -> None:
    first, second = DataFolder(data_dir), DataFolder(data_dir)
    first.claim("http://127.0.0.1:8000")
    with pytest.raises(
        StackError, match=rf"process {os.getpid()}, http://127.0.0.1:8000\. Stop it .* BETEDGE_DATA_DIR"
    ):
        second.claim("http://127.0.0.1:8010")
    first.release()
    second.claim("http://127.0.0.1:8010")
    second.release()


def test_a_busy_port_is_named_with_another_to_use(data_dir: Path) -> None:
    with ports.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = rf"Port {port} is in use .* `PORT={port + 10} make run`"
        with a_stack(data_dir, port=port) as stack, pytest.raises(StackError, match=said):
            stack.start()
    assert not everything_on(data_dir)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("I was here first")
    with pytest.raises(StackError, match=r"Cannot write to .*data .* BETEDGE_DATA_DIR"):
        DataFolder(tmp_path / "data").claim("")


def test_a_folder_with_other_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "sink").mkdir()
    folder = DataFolder(tmp_path)
    folder.claim("")  # a sink may have been started there before
    folder.release()
    (tmp_path / "lock").unlink()
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(StackError, match="holds other files"):
        DataFolder(tmp_path).claim("")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_named(data_dir: Path, number: int) -> None:
    with pytest.raises(StackError, match="Cannot write to"), write_errors_as_sentences(data_dir):
        raise OSError(number, os.strerror(number), str(data_dir))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_a_sentence(data_dir: Path) -> None:
    with pytest.raises(StackError, match="is full"), write_errors_as_sentences(data_dir):
        Path("/dev/full").write_text("x")


def test_too_little_room_is_a_sentence_and_lets_go_of_the_folder(data_dir: Path) -> None:
    with pytest.raises(StackError, match=r"fewer than .* MB are free"):
        DataFolder(data_dir).claim("", room=1 << 62)
    folder = DataFolder(data_dir)
    folder.claim("")
    folder.release()


def test_reset_refuses_while_it_runs_and_then_wipes_all(data_dir: Path) -> None:
    with a_stack(data_dir) as stack:
        stack.start()
        with pytest.raises(StackError, match="already runs"):
            a_stack(data_dir).wipe()
        cluster = Postgres(data_dir).cluster
        assert cluster.is_dir()
    a_stack(data_dir).wipe()
    assert not data_dir.exists()
    assert not cluster.exists()


def test_ports_stay_the_same_until_somebody_takes_one(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = ports.remembered(file, ["web", "postgres"])
    assert ports.remembered(file, ["web", "postgres"]) == first
    with ports.socket.socket() as taken:
        taken.bind(("127.0.0.1", first["web"]))
        taken.listen()
        second = ports.remembered(file, ["web", "postgres"])
    assert second["web"] != first["web"]
    assert second["postgres"] == first["postgres"]


def test_the_last_runs_env_file_does_not_count_as_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env").write_text("PORQPINE_URL=http://127.0.0.1:1\nREDIS_URL=redis://127.0.0.1:1\n")
    monkeypatch.setenv("BETEDGE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORQPINE_URL", "http://127.0.0.1:1")  # what reading the file put there
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:1")  # what the caller said
    assert "PORQPINE_URL" not in outer_environment()
    assert outer_environment()["REDIS_URL"] == "redis://elsewhere:1"


def test_a_process_that_ignores_being_asked_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 600 & echo $!; wait; sleep 600"
    log = tmp_path / "log"
    child = Child(name="deaf", argv=["/bin/sh", "-c", script], log=log, env={**BARE, MARK: str(tmp_path)})
    child.start()
    eventually(lambda: log.read_text().strip())
    child.stop(timeout=0.2)
    eventually(lambda: marked(tmp_path) == [])


def test_a_log_that_grew_large_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * (LOG_BYTES + 1))
    child = Child(name="web", argv=["/bin/sh", "-c", "sleep 600"], log=log, env=BARE)
    child.start()
    Keeper(child, say=[].append).look()
    assert log.stat().st_size == 0
    child.kill()
