"""Lines of a file for import_picks."""

import json
from pathlib import Path
from typing import Any


def line(**fields: Any) -> dict[str, Any]:
    """A pick in review, with anything else said of it."""
    return {
        "sport": "soccer",
        "league": "Premier League",
        "home_team": "Arsenal",
        "away_team": "Chelsea",
        "kickoff_at": "2026-05-25T15:00:00Z",
        "pick": "Arsenal -0.5 Asian Handicap",
        "odds": 1.91,
        "edge_pct": 4.2,
        "confidence": 3,
        "status": "admin_review",
        "settled_at": None,
        "result": None,
    } | fields


def written(folder: Path, *lines: Any) -> Path:
    """A file of these lines: dictionaries as JSON, texts and bytes as they are."""
    file = folder / "picks.jsonl"
    file.write_bytes(b"".join(_bytes(each) + b"\n" for each in lines))
    return file


def _bytes(each: Any) -> bytes:
    if isinstance(each, bytes):
        return each
    return (each if isinstance(each, str) else json.dumps(each)).encode()
