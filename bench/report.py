"""What a run found: rows with their targets, as a table for people and as JSON for programs."""

import json
import operator
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

MUST: dict[str, Callable[[float, float], bool]] = {"≤": operator.le, "≥": operator.ge, "=": operator.eq}
PACKAGES = [
    "django",
    "djangorestframework",
    "granian",
    "redis",
    "djangorestframework-api-key",
    "limits",
    "django-eventstream",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: `ours` against `against`, and what their quotient must be: `must` is ≤, ≥ or =.

    Without `against` it is `ours` itself that has the target. `beside` is shown for comparison only.
    """

    what: str
    unit: str
    ours: float
    target: float
    must: str = "≤"
    against: float | None = None
    against_name: str = ""
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours if self.against is None else self.ours / self.against

    @property
    def met(self) -> bool:
        return MUST[self.must](self.ratio, self.target)

    def cells(self) -> tuple[str, ...]:
        if self.against is None:
            against, ratio, target = "", "", f"{self.must} {shown(self.target)} {self.unit}"
        else:
            against = f"{self.against_name} {shown(self.against)}"
            ratio, target = f"{self.ratio:.2f} ×", f"{self.must} {self.target:g} ×"
        beside = ", ".join(f"{name} {shown(value)}" for name, value in self.beside.items())
        return (self.what, f"{shown(self.ours)} {self.unit}", against, ratio, target, self.verdict(), beside)

    def verdict(self) -> str:
        return "met" if self.met else "NOT MET"


HEAD = ("what", "ours", "against", "ratio", "target", "", "beside")


def shown(value: float) -> str:
    """Three figures, or whole from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """Markdown, with columns that stand under each other on a terminal too."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Cores and memory: what a figure depends on most, and nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count(), "memory_gib": round(memory), "python": platform.python_version()}


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def write(file: Path, rows: Sequence[Row], profile: dict[str, dict[str, float]], *, runs: int, picks: int) -> None:
    """All rows, with the machine and the versions they belong to."""
    found = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "versions": versions(),
        "runs": runs,
        "picks": picks,
        "profile": profile,
        "rows": [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
