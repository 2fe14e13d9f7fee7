"""The Procfile, docker-compose and the Caddyfile say the same."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from apps.devtools.stack import procfile
from apps.devtools.stack.folder import ROOT

COMMANDS = procfile.commands(ROOT / "Procfile")
COMPOSE = (ROOT / "docker-compose.yml").read_text()
AROUND = {"postgres", "redis", "migrate"}  # what the Procfile leaves to the machine


def services() -> dict[str, str]:
    """Service name -> its block of docker-compose.yml."""
    block = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    names = re.split(r"^  ([a-z]+):\n", block, flags=re.MULTILINE)[1:]
    return dict(zip(names[::2], names[1::2], strict=True))


def test_docker_compose_runs_every_process_of_the_procfile_and_no_other() -> None:
    assert set(services()) == set(COMMANDS) | AROUND


def test_docker_compose_runs_the_procfiles_commands() -> None:
    for name, command in COMMANDS.items():
        asked = f"""command: ["sh", "-c", 'exec {command.replace("$", "$$")}']"""
        assert asked in services()[name], name


def test_every_lasting_service_has_a_health_check() -> None:
    assert [name for name, block in services().items() if "healthcheck:" not in block] == ["migrate"]


def test_the_caddyfile_is_valid(tmp_path: Path) -> None:
    caddy = shutil.which("caddy", path=str(Path(sys.executable).parent))
    assert caddy
    for site in ("http://:8000", "api.example.com"):
        checked = subprocess.run(
            [caddy, "validate", "--config", "Caddyfile", "--adapter", "caddyfile"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={"BETEDGE_SITE": site, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        )
        assert "Valid configuration" in checked.stdout + checked.stderr, checked.stderr
