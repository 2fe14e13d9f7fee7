#!/usr/bin/env python
"""Run a management command; say in a sentence when the databases are away."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "betedge.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError
    from redis.exceptions import ConnectionError as RedisAway

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except OperationalError as error:
        sys.exit(
            f"PostgreSQL does not answer: {str(error).splitlines()[0]}. Start it with `make run` (for a data folder "
            "other than .data name it in BETEDGE_DATA_DIR), or set DATABASE_URL."
        )
    except RedisAway as error:
        sys.exit(
            f"Redis does not answer: {error}. Start it with `make run` (for a data folder other than .data name it in "
            "BETEDGE_DATA_DIR), or set REDIS_URL."
        )


if __name__ == "__main__":
    main()
