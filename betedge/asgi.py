"""The ASGI door, served by uvicorn: the stream, and nothing else."""

import os

from django import setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "betedge.settings")
setup()

from apps.access.ledger import watch_redis  # noqa: E402  they need what the line above loads
from apps.api.stream.app import application  # noqa: E402
from apps.core.postgres import POSTGRES  # noqa: E402

POSTGRES.begin()
watch_redis()
__all__ = ["application"]
