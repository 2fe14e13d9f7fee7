"""Make the conventional stack's own tables and some keys: `python -m bench.peers.conventional.prepare 100`."""

import json
import os
import sys

import django
from django.core.management import call_command


def main(count: int) -> None:
    """Print as many keys, as JSON."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.peers.conventional.settings"
    django.setup()
    call_command("migrate", "rest_framework_api_key", verbosity=0)

    from rest_framework_api_key.models import APIKey  # it cannot be loaded before Django is

    print(json.dumps([APIKey.objects.create_key(name=f"bench {n}")[1] for n in range(count)]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
