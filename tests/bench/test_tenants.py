"""The customers that the bench fills a database with are what the product would have written, and see their pages."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiError, ApiKey, UsageHour
from apps.access.queries import working
from apps.accounts.models import AuditEntry, Membership, Organization
from apps.outbox.models import OutboxEvent
from apps.webhooks.models import Attempt, Delivery, Standing, State, Subscription
from apps.webhooks.partitions import make_weeks
from bench import filling, visits
from bench.pages import NEW_OWNER, OWNER
from bench.tenants import LARGE, NEW, Sizes, fill

LITTLE = {"tenants": 12, "keys": 4, "revoked": 3, "hours": 30, "minutes": 70, "refusals": 20, "events": 45}
SIZES = Sizes(**LITTLE, changes=60, members=3, invitations=25, queue=5)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]


@pytest.fixture(autouse=True)
def filled() -> None:
    make_weeks(timezone.now() - timedelta(days=days) for days in range(31))
    with connection.cursor() as cursor:
        filling.fill(cursor.execute, 30)
        fill(cursor.execute, SIZES)


def test_every_row_points_at_rows_that_are_there() -> None:
    connection.check_constraints()  # the foreign keys were not asked while it was filled
    assert not Delivery.objects.exclude(subscription__in=Subscription.objects.all()).exists()
    assert not Delivery.objects.exclude(sequence__in=OutboxEvent.objects.values("sequence")).exists()
    assert not Attempt.objects.exclude(delivery_id__in=Delivery.objects.values("pk")).exists()


def test_the_large_one_has_as_much_of_everything_as_was_asked_for() -> None:
    large = Organization.objects.get(name=LARGE)
    keys = ApiKey.objects.filter(organization=large)
    assert (working(now=timezone.now()) & keys).count() == SIZES.keys
    assert keys.count() == SIZES.keys + SIZES.revoked
    assert UsageHour.objects.filter(key__organization=large).count() == SIZES.keys * SIZES.hours * 3
    assert ApiError.objects.filter(key__organization=large, window_limit__isnull=False).count() == SIZES.refusals
    assert AuditEntry.objects.filter(organization=large).count() == SIZES.changes
    assert Membership.objects.filter(organization=large).count() == SIZES.members
    webhooks = Subscription.objects.filter(key__organization=large)
    assert Delivery.objects.filter(subscription__in=webhooks).count() == 5 * SIZES.events
    assert webhooks.get(status=Standing.EXHAUSTED)


def test_the_new_one_has_hardly_anything() -> None:
    new = Organization.objects.get(name=NEW)
    assert ApiKey.objects.filter(organization=new).count() == 1
    assert Delivery.objects.filter(subscription__key__organization=new).count() == 1
    assert not UsageHour.objects.filter(key__organization=new).exists()


def test_a_delivery_has_its_attempts_and_what_failed_was_tried_six_times() -> None:
    for status, number in ((State.DELIVERED, 1), (State.FAILED, 6)):
        delivery = Delivery.objects.filter(status=status).latest("created_at")
        assert Attempt.objects.filter(delivery_id=delivery.pk).count() == delivery.attempts == number


@pytest.mark.parametrize(("customer", "owner"), [(LARGE, OWNER), (NEW, NEW_OWNER)])
def test_their_owners_are_shown_every_page(customer: str, owner: str) -> None:
    for area, what, path in visits.pages(customer):
        client = Client()
        if area != visits.FRONT:
            client.cookies["sessionid"] = visits.sign_in(visits.STAFF if area == visits.ADMIN else owner)
        assert client.get(path).status_code == HTTPStatus.OK, f"{area}: {what}, {path}"
