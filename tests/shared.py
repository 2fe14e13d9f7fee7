"""The reference material beside the checkout, where it is there; tests that need it skip where it is not."""

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared reference material is not beside the checkout"
)


def vectors(name: str) -> Any:
    """One file of shared/vectors; an empty object where there is none, so that collecting works everywhere."""
    path = SHARED / "vectors" / name
    return json.loads(path.read_text()) if path.is_file() else {}
