"""The commands of the Procfile: production, docker-compose and the development stack run the same ones."""

from pathlib import Path


def commands(file: Path) -> dict[str, str]:
    """Process name -> shell command, in the file's order."""
    lines = (line.partition(":") for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in lines}


def argv(command: str) -> list[str]:
    """What to execute: the shell fills in the settings and becomes the command, so that signals reach it."""
    return ["/bin/sh", "-c", f"exec {command}"]
