"""Keys, subscriptions and picks in review: what a run begins with. Runs in a process that Django is set up in."""

import json
from datetime import timedelta

from django.utils import timezone

from apps.outbox.models import TYPES
from apps.webhooks.models import MOST_SUBSCRIPTIONS
from apps.webhooks.services import create_subscription
from tests.factories import ApiKeyFactory, PickFactory
from tests.system.chaos.plan import pick_ids

BEFORE_KICKOFF = timedelta(hours=12)


def make(*, seed: int, picks: int, subscriptions: int, host: str) -> None:
    """Make them, and print the keys, and each subscription with its path and secret, as JSON."""
    now = timezone.now()
    for pick_id in pick_ids(seed, picks):
        PickFactory(id=pick_id, kickoff_at=now + BEFORE_KICKOFF)
    keys = [ApiKeyFactory() for _ in range(-(-subscriptions // MOST_SUBSCRIPTIONS))]
    made = []
    for number in range(subscriptions):
        path = f"/{number}"
        subscription, secret = create_subscription(
            key=keys[number // MOST_SUBSCRIPTIONS], url=f"https://{host}{path}", events=TYPES, now=now
        )
        made.append({"id": str(subscription.pk), "path": path, "secret": secret})
    print(json.dumps({"keys": [key.secret for key in keys], "subscriptions": made}))
