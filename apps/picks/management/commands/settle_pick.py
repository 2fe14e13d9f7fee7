"""`settle_pick ID --result R`: what the admin's settle button does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import AppError
from apps.picks.management.known import known_pick
from apps.picks.models import Outcome
from apps.picks.services import settle_pick


class Command(BaseCommand):
    help = "Settle a published pick, or correct a settled one, as the admin's button does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", metavar="ID")
        parser.add_argument("--result", required=True, metavar="R", help=", ".join(Outcome.values))
        parser.add_argument("--reason", default="", help="why; kept with the settlement")

    def handle(self, *args: Any, id: str, result: str, reason: str, **options: Any) -> None:
        if result not in Outcome.values:
            raise CommandError(f"{result!r} is no result; known are {', '.join(Outcome.values)}.", returncode=2)
        try:
            settlement = settle_pick(pick_id=known_pick(id), result=result, now=timezone.now(), reason=reason)
        except AppError as error:
            raise CommandError(str(error)) from error
        pick = settlement.pick
        self.stdout.write(f"{pick}, {pick.fixture}: {settlement.result}, {settlement.profit.normalize():+f} units.")
