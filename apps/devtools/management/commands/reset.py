"""`manage.py reset`: delete the data folder of `make run`. `make reset` calls it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.devtools.stack.folder import default_data_dir
from apps.devtools.stack.processes import StackError
from apps.devtools.stack.stack import Stack


class Command(BaseCommand):
    help = "Delete the development data: databases, keys, logs. Refuses while `make run` runs."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        data_dir = default_data_dir()
        try:
            Stack(data_dir, port=0, environ={}).wipe()
        except StackError as error:
            sys.exit(str(error))
        self.stdout.write(f"Wiped {data_dir}; `make run` begins anew.")
