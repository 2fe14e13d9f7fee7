"""Encrypt stored secrets anew, so that an old key of BETEDGE_FERNET_KEYS can be taken away."""

from django.db import transaction

from apps.core.sealing import is_newest, seal_anew
from apps.webhooks.models import Subscription

BATCH = 200  # rows locked at once: deliverers pass these over meanwhile


def renew_encryption(*, batch: int = BATCH) -> int:
    """See that every secret is encrypted with the newest key; how many subscriptions had one that was not.

    A killed one goes on when it is called again. ImproperlyConfigured for a secret that no key opens.
    """
    renewed, last = 0, None
    while True:
        with transaction.atomic():
            rows = Subscription.objects.order_by("pk")
            held = list((rows.filter(pk__gt=last) if last else rows).select_for_update(no_key=True)[:batch])
            renewed += sum(_renew(subscription) for subscription in held)
        if len(held) < batch:
            return renewed
        last = held[-1].pk


def _renew(subscription: Subscription) -> bool:
    """Whether there was anything to do; a deleted one has no secrets."""
    before = subscription.sealed_secret, subscription.sealed_previous
    renewed = [sealed and (sealed if is_newest(sealed) else seal_anew(sealed)) for sealed in before]
    if renewed == list(before):
        return False
    subscription.sealed_secret, subscription.sealed_previous = renewed
    subscription.save(update_fields=["sealed_secret", "sealed_previous"])
    return True
