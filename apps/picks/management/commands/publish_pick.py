"""`publish_pick ID`: what the admin's approve button does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import AppError
from apps.picks.management.known import known_pick
from apps.picks.services import publish_pick


class Command(BaseCommand):
    help = "Publish a pick that waits in review, as the admin's button does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", metavar="ID")
        parser.add_argument("--reason", default="", help="why, where the edge no longer stands")

    def handle(self, *args: Any, id: str, reason: str, **options: Any) -> None:
        try:
            pick = publish_pick(pick_id=known_pick(id), now=timezone.now(), reason=reason)
        except AppError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Published {pick}, {pick.fixture}.")
