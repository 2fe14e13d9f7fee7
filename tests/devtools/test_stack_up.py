"""`manage.py up`: what a newcomer sees, and what is left when he has seen enough."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil
import pytest
import requests

from apps.devtools.management.commands.up import port_asked_for
from apps.devtools.stack.folder import ROOT
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.processes import StackError, marked, working_in

SERVERS = ("DATABASE_URL", "REDIS_URL", "BETEDGE_ENV")  # ours, of this test run


def until_shown(output: IO[str], text: str) -> str:
    """What is printed up to and with the line that has this text in it, or all there is."""
    shown = ""
    for line in output:
        shown += line
        if text in line:
            break
    return shown


def test_up_tells_the_way_in_and_leaves_nothing_behind(data_dir: Path) -> None:
    port = free_port()
    outer = {name: value for name, value in os.environ.items() if name not in SERVERS}
    with subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**outer, "PORT": str(port), "BETEDGE_DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as up:
        assert up.stdout
        try:
            shown = until_shown(up.stdout, "Ctrl-C stops everything")
            assert f"BetEdge runs at http://127.0.0.1:{port}" in shown, shown
            assert "https://sink.betedge.test:8443/demo" in shown
            key = re.findall(r"^  enterprise +(betedge_[0-9a-f]{64})$", shown, re.MULTILINE)[0]
            answer = requests.get(
                f"http://127.0.0.1:{port}/api/v1/picks", headers={"Authorization": f"Bearer {key}"}, timeout=10
            )
            assert answer.status_code == 200
            assert psutil.Process(up.pid).children(recursive=True)
        finally:
            up.send_signal(signal.SIGINT)
            rest = up.stdout.read()
    assert up.returncode == 0
    assert rest.endswith("Stopped; `make run` goes on with the same data.\n")
    assert marked(data_dir) == []
    assert working_in(Postgres(data_dir).cluster, "postgres") == []


@pytest.mark.parametrize("asked", ["eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_a_sentence(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", asked)
    with pytest.raises(StackError, match="set it to a number from 1 to 65535"):
        port_asked_for()
