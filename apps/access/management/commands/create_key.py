"""manage.py create_key: a new API key, alone on standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.access.services import create_key
from apps.accounts.services import organization_on_tier
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError


class Command(BaseCommand):
    help = "Create an API key; the organisation is made if need be, an existing one takes the tier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--org", required=True, help="The organisation's name.")
        parser.add_argument("--tier", required=True, choices=list(TIERS))
        parser.add_argument("--name", default="command line", help="What the key is called.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():  # no key, no change of tier
                now = timezone.now()
                organization = organization_on_tier(name=options["org"], tier=options["tier"], now=now)
                key, secret = create_key(organization=organization, name=options["name"], now=now)
        except AppError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{key} for {organization}; it is not shown again.", self.style.SUCCESS)
        self.stdout.write(secret)
