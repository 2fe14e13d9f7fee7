"""Make the demo organisations, keys and sign-in, and print them as JSON: the first thing `make run` does."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.devtools.demo import make_demo
from apps.devtools.sink.client import SinkClient


class Command(BaseCommand):
    help = "Make or renew the demo data (development only) and print its sign-in and keys as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--publish-everything", action="store_true", help="as replay does: all but suspicious ones")
        parser.add_argument("--sink", metavar="URL", help="subscribe the sink with this control address")

    def handle(self, *args: Any, **options: Any) -> None:
        settings.BETEDGE_DATA_DIR.mkdir(parents=True, exist_ok=True)
        demo = make_demo(
            kept=settings.BETEDGE_DATA_DIR / "demo.json",
            now=timezone.now(),
            everything=options["publish_everything"],
            sink=SinkClient(options["sink"]) if options["sink"] else None,
        )
        self.stdout.write(json.dumps(demo))
