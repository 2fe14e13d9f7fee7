"""The Celery application: its settings are Django's, its tasks each app's tasks.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "betedge.settings")
app = Celery("betedge")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves the log handlers to Django's LOGGING."""
