"""Organisations in the admin with what they use: a bounded number of statements, however many there are."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.access.models import ApiKey, ApiSecret, UsageHour, UsageMonth
from apps.accounts.models import Membership, Organization, Role
from apps.webhooks.models import Standing, Subscription
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.picks.test_admin_pick import browser_of
from tests.picks.test_admin_queue import text

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/organization/"


@pytest.fixture
def browser() -> Client:
    return browser_of("ann")


def page_of(organization: Organization) -> str:
    return f"{LIST}{organization.pk}/change/"


def webhook_of(key: ApiKey, **fields) -> Subscription:
    url = f"https://example.com/{uuid.uuid4()}"
    made: Subscription = Subscription.objects.create(
        key=key, url=url, compared_url=url, events=["pick.published"], created_at=timezone.now(), begins_after=0,
        sealed_secret="sealed", **fields,
    )  # fmt: skip
    return made


def busy(**fields) -> Organization:
    """With two working keys and a revoked one, requests, and two webhooks, of which one is exhausted."""
    now = timezone.now()
    organization: Organization = OrganizationFactory(tier="growth", **fields)
    keys = [ApiKeyFactory(organization=organization, **each) for each in ({}, {}, {"revoked_at": now})]
    ApiSecret.objects.filter(key=keys[0]).update(last_used_at=now)
    UsageMonth.objects.create(organization=organization, month=now.astimezone(UTC).date().replace(day=1), counted=1234)
    UsageHour.objects.create(key=keys[0], hour=now.replace(minute=0, second=0, microsecond=0), endpoint="picks",
                             counted=1234, limited=5, refused=30, failed=4)  # fmt: skip
    webhook_of(keys[0])
    webhook_of(keys[1], status=Standing.EXHAUSTED, stopped_at=now)
    webhook_of(keys[1], deleted_at=now)
    return organization


def test_the_list_shows_tier_keys_month_last_request_and_webhooks(browser):
    busy(name="Acme")
    page = text(browser.get(LIST))
    assert re.search(r"Acme Growth 2 of 10 1,234 of 100,000 \d+ \w+ \d{4} \d\d:\d\d UTC 2 1 exhausted", page)


def test_who_asked_nothing_is_listed_too(browser):
    OrganizationFactory(name="Silent", tier="starter")
    assert re.search(r"Silent Starter 0 of 2 0 of 10,000 never 0 ", text(browser.get(LIST)))


def test_the_month_before_does_not_count(browser):
    organization = OrganizationFactory(tier="starter")
    UsageMonth.objects.create(organization=organization, month=datetime(2020, 1, 1, tzinfo=UTC).date(), counted=9_999)
    assert "0 of 10,000" in text(browser.get(LIST))


def test_a_hundred_organisations_take_as_many_statements_as_two(browser, django_assert_max_num_queries):
    for _ in range(100):
        busy()
    browser.get("/admin/")  # the first page of a session notes where it was begun
    with django_assert_max_num_queries(6):
        assert text(browser.get(LIST)).count("1 exhausted") == 100


def test_the_page_shows_people_keys_webhooks_and_requests_by_day(browser, django_assert_max_num_queries):
    organization = busy()
    Membership.objects.create(organization=organization, user=User.objects.create_user("dora"), role=Role.OWNER)
    browser.get("/admin/")
    with django_assert_max_num_queries(20):
        answer = browser.get(page_of(organization))
    page = text(answer)
    for shown in ("dora", "1,234 of 100,000 requests this month", "working", "revoked", "exhausted", "Over a limit"):
        assert shown in page
    # Accepted, limited, refused, failed, of today; the other 6 days are in the picture alone.
    assert re.search(r"\d+ \w+ \d{4} 1,200 5 30 4 ", page)
    chart = answer.context["requests"]["chart"]
    assert chart["kind"] == "stacked"
    assert len(chart["x"]) == 7
    assert [one["values"][-1] for one in chart["series"]] == [1200, 5, 30, 4]


def test_requests_of_others_and_of_long_ago_are_not_shown(browser):
    busy()
    organization = OrganizationFactory()
    key = ApiKeyFactory(organization=organization)
    UsageHour.objects.create(key=key, hour=timezone.now() - timedelta(days=8), endpoint="picks", counted=9)
    page = text(browser.get(page_of(organization)))
    assert "No request in the last 7 days" in page
    assert "No webhook." in page


def test_an_empty_organisation_and_one_that_is_not_there_open(browser):
    assert "No key in these days" in text(browser.get(page_of(OrganizationFactory())))
    assert browser.get(f"{LIST}{uuid.uuid4()}/change/", follow=True).status_code == 200
    assert browser.get(f"{LIST}nonsense/change/", follow=True).status_code == 200
    assert browser.get(f"{LIST}add/").status_code == 200


def test_a_name_is_never_markup(browser):
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    organization = OrganizationFactory(name=evil)
    ApiKeyFactory(organization=organization, name=evil)
    html = "".join(browser.get(path).content.decode() for path in (LIST, page_of(organization)))
    assert "<script>alert" not in html
    assert "<img src=x" not in html
