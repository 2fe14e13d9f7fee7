"""Settings of django-eventstream: the same Redis as ours; nobody is asked for a key."""

from urllib.parse import urlsplit

import environ

env = environ.Env()

SECRET_KEY = "nothing is signed"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_eventstream"]
ROOT_URLCONF = "bench.peers.eventstream.urls"
TIME_ZONE = "UTC"
USE_TZ = True
_redis = urlsplit(env.str("REDIS_URL"))
EVENTSTREAM_REDIS = {
    "host": _redis.hostname,
    "port": _redis.port,
    "password": _redis.password,
    "db": int(_redis.path[1:]),
}
# Of its two stores the one that holds thousands: with its other, each open stream keeps a connection of PostgreSQL's.
EVENTSTREAM_STORAGE_CLASS = "django_eventstream.storage.RedisStorage"
EVENTSTREAM_STORAGE_CONNECTION = EVENTSTREAM_REDIS
