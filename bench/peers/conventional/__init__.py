"""What most would build: DRF, djangorestframework-api-key, DRF's throttle on Redis, ModelSerializer, count(*)."""
