"""Settings and commands are documented, and nothing is documented that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTING = r"(?:BETEDGE|PORQPINE|ODDS_API)_[A-Z_]+|DATABASE_URL|REDIS_URL"


def documented(name: str, pattern: str) -> set[str]:
    """What the first column of a page's tables names."""
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / name).read_text(), re.MULTILINE)
    return {found for row in rows for found in re.findall(pattern, row)}


def test_every_setting_is_documented_and_no_other() -> None:
    settings = re.findall(rf'"({SETTING})"', (ROOT / "betedge" / "settings.py").read_text())
    listening = [
        name
        for file in ("Procfile", "Caddyfile")
        for name in re.findall(rf"\{{\$?({SETTING})", (ROOT / file).read_text())
    ]
    assert documented("settings.md", f"`({SETTING}|PORT)`") == {*settings, *listening, "PORT"}


def test_every_command_is_documented_and_no_other() -> None:
    commands = {path.stem for path in ROOT.glob("apps/*/management/commands/*.py")} - {"__init__"}
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"help"}
    assert documented("commands.md", r"`(?:make )?([a-z_]+)") == commands | targets
