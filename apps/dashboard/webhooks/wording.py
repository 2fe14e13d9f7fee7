"""How webhooks and deliveries stand, in the words of their pages."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from apps.webhooks.models import Attempt, Delivery, Reason, Standing, State, Subscription
from apps.webhooks.partitions import KEPT
from apps.webhooks.queries import DISABLED, status_of, why_stopped
from apps.webhooks.sender import Attempted

PAUSED_BY_410 = timedelta(minutes=1)  # a pause that comes so soon after a 410 is the 410's
TONES = {
    Standing.ACTIVE: "good",
    Standing.PAUSED: "notice",
    Standing.EXHAUSTED: "bad",
    DISABLED: "notice",
    State.DELIVERED: "good",
    State.FAILED: "bad",
}

STATUS_HINTS = {
    401: "Something asks for a sign-in there: let our requests through, and verify the signature instead.",
    403: "Something refuses it: a firewall in front, or the signature is compared with a body that was changed.",
    404: "Nothing listens at this path: compare it with the one of your receiver.",
    405: "Your receiver must take POST at this path.",
    415: "Your receiver must take application/json.",
    429: "It comes again later; let your receiver take more at once if this lasts.",
    502: "What stands in front of your receiver could not reach it: is it running?",
    504: "Answer first, and do the work afterwards.",
}
HINTS = {
    "No answer came within": "Answer first, and do the work afterwards.",
    "No connection": "Is it running, and does its firewall let the whole internet in?",
    "TLS": "The certificate must be valid for this host, with all intermediate ones sent along.",
    "The name": "Does the host have an address in the public DNS?",
}


@dataclass(frozen=True, slots=True)
class Words:
    """name: in one or two words, for a badge of that tone. meaning: in a sentence or two, why and what it means."""

    name: str
    tone: str
    meaning: str


def words_of(subscription: Subscription, *, now: datetime) -> Words:
    """How a webhook stands."""
    status = status_of(subscription, now=now)
    return Words(status.title(), TONES[status], _why(subscription, now=now))


def _why(subscription: Subscription, *, now: datetime) -> str:
    match why_stopped(subscription, now=now):
        case Reason.KEY:
            ended = "was revoked" if subscription.key.revoked_at else "has expired"
            return f"Its key {ended}, and a key that ended stays so: create a new webhook with a key that works."
        case Reason.TIER:
            return "Webhooks come with Growth. It is sent to again as soon as the plan has them."
        case Reason.EXHAUSTED:
            return (
                f"The fifth retry of one event failed, so nothing more is sent. What it misses is kept for {KEPT.days} "
                "days: mend the receiver, test it, then enable the webhook."
            )
        case Reason.PAUSED if _paused_by_410(subscription):
            return "The receiver answered 410 Gone, which asks for no more. What happens while it is paused is missed."
        case Reason.PAUSED:
            return "Somebody paused it. What happens while it is paused is missed."
    return "Every event is sent to it as it happens."


def _paused_by_410(subscription: Subscription) -> bool:
    stopped, failed = subscription.stopped_at, subscription.last_failed_at
    if subscription.last_failed_status != 410 or stopped is None or failed is None:
        return False
    return abs(stopped - failed) < PAUSED_BY_410


def words_of_delivery(delivery: Delivery) -> Words:
    """How a delivery stands."""
    name, meaning = delivery.get_status_display(), Reason(delivery.reason).label if delivery.reason else ""
    match State(delivery.status):
        case State.PENDING if delivery.failures:
            name = f"Retry {delivery.failures} of {len(settings.WEBHOOK_RETRY_SECONDS)}"
            return Words(name, "notice", "It failed, and is tried again.")
        case State.PENDING:
            return Words("On its way", "", "It is sent as soon as its turn comes.")
        case State.EXPIRED:
            meaning = "Kick-off came first, and this webhook asks for nothing stale."
        case State.CANCELLED:
            name = "Not sent"
        case State.FAILED if delivery.reason == Reason.EXHAUSTED:
            meaning = "The fifth retry failed."
    return Words(name, TONES.get(delivery.status, ""), meaning)


def about(body: str) -> str:
    """What an event's body tells of: `Arsenal v Chelsea: Draw`; empty for a test."""
    try:
        pick = json.loads(body)["data"]
        return f"{pick['home_team']} v {pick['away_team']}: {pick['pick']}"
    except (ValueError, KeyError, TypeError):
        return ""


def hint(tried: Attempt | Attempted) -> str:
    """What its developer may look for, by how an attempt failed; empty where nobody could know better."""
    status, error = tried.status_code, tried.error
    if status is None:
        return next((words for beginning, words in HINTS.items() if error.startswith(beginning)), "")
    if 300 <= status < 400:
        return "Register the address that it leads to."
    return STATUS_HINTS.get(status, "Your receiver's own log of that moment says more." if status >= 500 else "")


def span(passed: timedelta | None) -> str:
    """A time that passed: `412 ms`, `4.1 s`, `12 min 03 s`, `1 h 02 min`, `2 d 03 h`; empty for None."""
    if passed is None:
        return ""
    milliseconds = max(0, round(passed / timedelta(milliseconds=1)))
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def several(count: int, one: str) -> str:
    """`1 event`, `12 events`, `1,200 events`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
