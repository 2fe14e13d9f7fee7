"""Are webhooks sent when they are due? Registered for /readyz."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from apps.outbox.queries import first_told_after
from apps.webhooks.models import FanOut, Subscription

LATE = timedelta(minutes=1)


def deliveries() -> tuple[str, str]:
    """Degraded where something that is due has not been taken up for a minute; requests are served all the same.

    Subscriptions whose receivers are slow do not count: they wait for each other. Nor do those in hand.
    """
    now = timezone.now()
    position = FanOut.objects.values_list("last_sequence", flat=True).first() or 0
    told_at = first_told_after(position)
    in_hand = Q(held_until__gt=now)
    due = Subscription.objects.filter(~in_hand, due_at__isnull=False, drags=False).order_by("due_at")
    due_at = due.values_list("due_at", flat=True).first()
    waiting_since = min((at for at in (told_at, due_at) if at is not None), default=now)
    if now - waiting_since > LATE:
        return "degraded", f"Waiting since {waiting_since:%Y-%m-%d %H:%M:%S} UTC: see that `deliver` and `beat` run."
    return "ok", "Nothing waits."
