"""The WSGI door, served by Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "betedge.settings")
application = get_wsgi_application()

from apps.access.watch import Watch  # noqa: E402  it needs what the line above loads

Watch().begin()
