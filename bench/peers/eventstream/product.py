"""django-eventstream's own side of a run, in a process of its own: one call a line, as bench.product."""

import time
from typing import Any

from bench.product import serve


def tell(pick: dict[str, Any]) -> float:
    """Send one event to all; when that began, in Unix seconds."""
    from django_eventstream import send_event  # type: ignore[import-not-found]  # it lies in .venv-bench

    began = time.time()
    send_event("picks", "pick.published", pick)
    return began


if __name__ == "__main__":
    serve({"tell": tell}, settings="bench.peers.eventstream.settings")
