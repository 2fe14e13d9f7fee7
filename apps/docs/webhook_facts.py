"""What the pages say of webhooks that the code decides: the rules for URLs, the schedule, the limits."""

from typing import Any

from django.conf import settings

from apps.webhooks.answers import MOST_KEPT
from apps.webhooks.models import MOST_SUBSCRIPTIONS, Reason, State
from apps.webhooks.sender import DEADLINE
from apps.webhooks.services import PREVIOUS_VALID
from apps.webhooks.tls import MOST_READ
from apps.webhooks.urls import RULES

KIB = 1024


def webhooks() -> dict[str, Any]:
    """By the names that the templates have for them; durations in seconds, sizes in KiB."""
    delays = settings.WEBHOOK_RETRY_SECONDS
    return {
        "rules": RULES.items(),
        "delays": delays,
        "sends": len(delays) + 1,
        "most": MOST_SUBSCRIPTIONS,
        "deadline": DEADLINE,
        "read": MOST_READ // KIB,
        "kept": MOST_KEPT // KIB,
        "previous_valid": PREVIOUS_VALID.total_seconds(),
        "states": [state.value for state in State],
        "reasons": [(reason.value, reason.label) for reason in Reason if reason],
    }
