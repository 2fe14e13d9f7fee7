"""The WSGI door, served by Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "betedge.settings")
os.environ.setdefault("BETEDGE_STATEMENT_SECONDS", "5")  # a statement that waits longer keeps a thread from others
django = get_wsgi_application()

from apps.access.ledger import watch_redis  # noqa: E402  they need what the line above loads
from apps.api.short_way import short_way  # noqa: E402
from apps.core.postgres import POSTGRES  # noqa: E402

POSTGRES.begin()
watch_redis()
application = short_way(django)
