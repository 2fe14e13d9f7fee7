"""The ASGI door of django-eventstream, served by uvicorn."""

import os

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.peers.eventstream.settings"
application = get_asgi_application()
