"""Data folders for stacks under test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.processes import end_all, marked
from apps.devtools.stack.valkey import Valkey


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet; what a failed test leaves on it or outside it is cleared away."""
    folder = tmp_path / "data"
    yield folder
    end_all((process for process in marked(folder) if process.name() != "postgres"), timeout=2)
    Valkey(folder).end_leftovers()
    Postgres(folder).end_leftovers()
    Postgres(folder).wipe()
