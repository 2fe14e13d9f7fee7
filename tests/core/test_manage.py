"""Commands say in one sentence that the databases are away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = {"DATABASE_URL": "postgres://u:s3cr3t@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize("command", [["rebuild_record"], ["create_key", "--org", "A", "--tier", "growth"]])
def test_a_command_without_its_database_says_what_to_start(command: list[str], tmp_path: Path) -> None:
    environ = {**os.environ, **NOWHERE, "BETEDGE_ENV": "development", "BETEDGE_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("PostgreSQL does not answer")
    assert "make run" in last
    assert "Traceback" not in done.stderr
    assert "s3cr3t" not in done.stderr
