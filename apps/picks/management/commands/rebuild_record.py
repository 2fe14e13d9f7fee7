"""Prove the daily record equal to the settled picks, and make it anew from them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.picks import rollup


class Command(BaseCommand):
    help = "Rebuild the daily record from the settled picks and prove the two equal; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        found = rollup.differences()
        for line in found:
            self.stderr.write(line)
        if options["check"]:
            if found:
                raise CommandError(f"{len(found)} days differ. Run rebuild_record without --check to mend them.")
            self.stdout.write("The record equals the settled picks.")
            return
        days = rollup.rebuild()
        if rollup.differences():
            raise CommandError("The record still differs after the rebuild: picks were settled meanwhile; run again.")
        self.stdout.write(f"Rebuilt {days} days and sports; {len(found)} were different.")
