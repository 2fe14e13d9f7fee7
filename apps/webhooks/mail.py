"""Tell the owners of an exhausted subscription by mail: once it is sent, or again later."""

from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from apps.accounts.queries import owners_of
from apps.webhooks.models import Subscription

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=5)  # after a mail server that did not take it, or a worker killed in the middle
MOST = 20  # in one turn


def page_of(subscription: Subscription) -> str:
    """Where its owners see what is wrong with it, and enable it."""
    return f"{settings.BETEDGE_PUBLIC_URL}/dashboard/{subscription.key.organization_id}/webhooks/{subscription.pk}"


def tell_owners(*, now: datetime) -> int:
    """Send what is due; how many subscriptions were told of. One whose organisation has no owner is logged."""
    return sum(_tell(subscription, now=now) for subscription in _claim(now=now))


@transaction.atomic
def _claim(*, now: datetime) -> list[Subscription]:
    """Those to tell of now, put off until they are told of: nobody else takes them meanwhile."""
    due = Subscription.objects.filter(mail_due_at__lte=now, deleted_at__isnull=True).order_by("mail_due_at")
    claimed = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("key__organization")[:MOST])
    Subscription.objects.filter(pk__in=[each.pk for each in claimed]).update(mail_due_at=now + AGAIN)
    return claimed


def _tell(subscription: Subscription, *, now: datetime) -> bool:
    organization = subscription.key.organization
    owners = owners_of(organization)
    if owners:
        words = {"subscription": subscription, "organization": organization, "address": page_of(subscription)}
        text = render_to_string("webhooks/exhausted.txt", words)
        message = EmailMessage(f"Webhook stopped: {' '.join(organization.name.split())}", text, to=owners)
        try:
            message.send()
        except (SMTPException, OSError) as error:
            log.error("mail not sent", subscription=str(subscription.pk), error=type(error).__name__)
            return False
    else:
        log.warning(
            "webhook exhausted, nobody to tell", subscription=str(subscription.pk), organization=organization.name
        )
    told = Subscription.objects.filter(pk=subscription.pk, mail_due_at=now + AGAIN)
    told.update(mail_due_at=None)
    return True
