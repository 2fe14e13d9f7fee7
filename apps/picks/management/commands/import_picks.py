"""`import_picks FILE.jsonl`: take in picks with history from elsewhere."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import AppError
from apps.picks.importing import Imported, import_picks


class Command(BaseCommand):
    help = (
        "Take in picks with history from elsewhere: one JSON object a line, with the API's fields and `analysis`, "
        "`anchor`, `closing_fair_odds`, `published_at`. With one bad line nothing of the file is taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl")
        parser.add_argument("--announce", action="store_true", help="tell webhooks and streams of every pick, too")

    def handle(self, *args: Any, file: Path, announce: bool, **options: Any) -> None:
        started = monotonic()
        try:
            with file.open("rb") as lines:
                made = import_picks(lines, now=timezone.now(), announce=announce, tell=self.tell)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except AppError as error:
            raise CommandError(str(error)) from error
        finally:
            self.tell("")
        self.stdout.write(summary(made, seconds=monotonic() - started))

    def tell(self, step: str) -> None:
        """Show the step under way, on one line that the next one replaces; nothing where no person looks on."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{step}{' …' if step else ''}")
            sys.stderr.flush()


def summary(made: Imported, *, seconds: float) -> str:
    """The last line: what was made, and in how many seconds."""
    return (
        f"Imported {made.picks:,} picks ({made.settled:,} settled) "
        f"and made {made.fixtures:,} fixtures in {seconds:.1f} s."
    )
