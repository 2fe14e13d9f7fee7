"""manage.py renew_encryption: put every stored secret under the newest key of BETEDGE_FERNET_KEYS."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.renewing import renew_two_factors
from apps.webhooks.renewing import renew_encryption


class Command(BaseCommand):
    help = "Encrypt every stored secret with the first of BETEDGE_FERNET_KEYS; then the others may be taken away."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            renewed = renew_encryption() + renew_two_factors()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{renewed} encrypted anew.")
