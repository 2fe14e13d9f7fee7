"""The WSGI door of the conventional stack, served by Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.peers.conventional.settings"
application = get_wsgi_application()
