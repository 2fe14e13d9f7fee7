"""What stops when an organisation moves to a lower tier: read from what it has and does now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from apps.access.models import UsageHour
from apps.access.queries import month_used, working
from apps.accounts.models import Organization
from apps.accounts.tiers import ENTERPRISE, TIERS, Opening, Tier, lost_between, reaches
from apps.webhooks.models import Subscription
from apps.webhooks.queries import DISABLED, status_of, subscriptions_of_organization
from apps.webhooks.standing import OPENING_TIERS

LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stops:
    """closed: endpoints that answer 403. webhooks: those that become disabled. streams: whether open ones end.

    keys: working ones, where they are more than the tier allows, else 0. used: of this month, where it is more than
    the tier's, else 0. busiest: the most that one key asked in a clock hour of the last 30 days, where it is more than
    the tier admits, else 0.
    """

    tier: Tier
    closed: list[Opening]
    webhooks: list[Subscription]
    streams: bool
    keys: int
    used: int
    busiest: int

    def __bool__(self) -> bool:
        return bool(self.closed or self.webhooks or self.streams or self.keys or self.used or self.busiest)


def what_stops(organization: Organization, wanted: str, *, now: datetime) -> Stops:
    """What moving to the tier of this slug ends; KeyError for an unknown one."""
    tier = TIERS[wanted]
    keys = working(now=now).filter(organization=organization).count()
    used = month_used(organization.pk, now)
    busiest = busiest_hour(organization, now=now)
    return Stops(
        tier=tier,
        closed=lost_between(organization.tier, wanted),
        webhooks=[] if wanted in OPENING_TIERS else sent_to_now(organization, now=now),
        streams=reaches(organization.tier, ENTERPRISE.slug) and not reaches(wanted, ENTERPRISE.slug),
        keys=keys if keys > tier.active_keys else 0,
        used=used if used > tier.monthly else 0,
        busiest=busiest if busiest > tier.hourly else 0,
    )


def sent_to_now(organization: Organization, *, now: datetime) -> list[Subscription]:
    """Its webhooks that are not disabled already."""
    return [each for each in subscriptions_of_organization(organization) if status_of(each, now=now) != DISABLED]


def busiest_hour(organization: Organization, *, now: datetime) -> int:
    """The most requests that one of its keys was counted in a clock hour of the last 30 days."""
    hours = UsageHour.objects.filter(key__organization=organization, hour__gte=now - LOOKED_BACK)
    summed = hours.values("key", "hour").annotate(asked=Sum("counted")).order_by("-asked")
    return summed.values_list("asked", flat=True).first() or 0
