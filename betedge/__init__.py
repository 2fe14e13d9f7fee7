"""The project: settings, addresses and the doors of its processes."""

from betedge.celery import app as celery_app

__all__ = ["celery_app"]
