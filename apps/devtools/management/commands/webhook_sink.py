"""`manage.py webhook_sink`: an HTTPS receiver of webhooks on this machine, whose behaviour can be switched."""

from argparse import ArgumentParser, Namespace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.devtools.sink.serve import CannotServe, add_options, run


class Command(BaseCommand):
    help = "Receive webhooks over HTTPS and print a line for each; answers well, or as badly as it is told."
    requires_system_checks: list[str] = []  # it needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser, folder=settings.BETEDGE_DATA_DIR / "sink")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run(Namespace(**options))
        except CannotServe as error:
            raise CommandError(str(error)) from error
