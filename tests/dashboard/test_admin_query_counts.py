"""Every page of the admin takes a bounded number of queries, however much there is."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.webhooks.models import Delivery
from apps.webhooks.partitions import make_weeks
from bench import filling, tenants, visits
from tests.dashboard.test_query_counts import FEW_PICKS, LITTLE, MOST, ONE, TIMES, asked

pytestmark = pytest.mark.django_db


def paths() -> dict[str, str]:
    """The pages of the bench, every list, and the log of a webhook."""
    ids = visits.ids_of(tenants.LARGE)
    found = {
        page.what: reverse(page.url_name, kwargs={name: ids[name] for name in page.ids}) + f"?{page.query}"
        for page in visits.PAGES
        if page.area == visits.ADMIN
    }
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        found[name] = reverse(f"admin:{name}_changelist")
    found["webhooks_delivery"] += f"?subscription__id__exact={ids['subscription_id']}"
    found["settlement queue"] = reverse("admin:picks_pick_changelist") + "?queue=settlement"
    found["first page"] = reverse("admin:index")
    found["a key"] = reverse("admin:access_apikey_change", args=[ids["key_id"]])
    found["a pick"] = reverse("admin:picks_pick_change", args=[ids["pick_id"]])
    assert Delivery.objects.filter(subscription=ids["subscription_id"]).exists()
    return found


def every_page(times: int) -> dict[str, tuple[int, int]]:
    """Status and number of statements of each, where the large customer has so many times of everything."""
    sizes = tenants.Sizes(tenants=3 * times, hours=48, minutes=5, **{name: n * times for name, n in LITTLE.items()})
    with transaction.atomic(), connection.cursor() as cursor:
        make_weeks(timezone.now() - timedelta(days=days) for days in range(31))
        filling.fill(cursor.execute, FEW_PICKS * times)
        tenants.fill(cursor.execute, sizes)
        client = Client()
        client.force_login(User.objects.create_superuser("ann"), backend=visits.BACKEND)
        found = {what: asked(client, path) for what, path in paths().items()}
        transaction.set_rollback(True)
    return found


@pytest.mark.usefixtures("redis")
def test_a_page_of_the_admin_takes_as_many_queries_for_much_as_for_little() -> None:
    little, much = every_page(1), every_page(TIMES)
    assert {status for status, _ in much.values()} == {HTTPStatus.OK}
    grew = {what: (little[what], much[what]) for what in much if much[what][1] > little[what][1] + ONE}
    assert grew == {}, "status and queries with little, and with 20 times as much"
    assert {what: seen for what, (_, seen) in much.items() if seen > MOST} == {}
