"""manage.py revoke_key: end an API key, found by how it begins."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.access.keys import digits_in
from apps.access.queries import keys_beginning, working
from apps.access.services import revoke_key

NOT_FOUND = 2


class Command(BaseCommand):
    help = "Revoke the working key that begins so; it stops opening the API at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="betedge_1a2b3c4d or 1a2b3c4d; more of the key does no harm.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        digits = digits_in(options["prefix"])
        if digits is None:
            raise CommandError("Give at least the first 8 hex digits of the key.", returncode=NOT_FOUND)
        named = keys_beginning(digits)
        keys = list(working(now=now) & named)
        if len(keys) > 1:
            raise CommandError(f"{len(keys)} working keys begin so; give the whole key.", returncode=NOT_FOUND)
        if not keys and not named.exists():
            raise CommandError("No key begins so.", returncode=NOT_FOUND)
        if not keys:
            self.stderr.write("It no longer worked: nothing to revoke.", self.style.SUCCESS)
        for key in keys:
            self.stderr.write(f"Revoked {revoke_key(key_id=key.pk, now=now)}.", self.style.SUCCESS)
