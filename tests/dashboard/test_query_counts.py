"""Every page of the dashboard takes a bounded number of queries, however much its organisation has."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.utils import timezone

from apps.accounts.models import Invitation, Membership
from apps.dashboard.urls import BELOW
from apps.webhooks.partitions import make_weeks
from bench import filling, tenants, visits
from tests.dashboard.people import signed_in

MOST = 20
ONE = 1  # may come with more: the count that a short list has no need to ask for
TIMES = 20
LITTLE = {"keys": 2, "revoked": 2, "refusals": 3, "subscribed": 1, "events": 5, "changes": 10, "members": 2}
LITTLE |= {"invitations": 2, "queue": 1}
FEW_PICKS = 30
FORMS_ONLY = {HTTPStatus.FOUND, HTTPStatus.METHOD_NOT_ALLOWED}  # what is only ever posted to leads back, or says so

pytestmark = pytest.mark.django_db


def everything() -> dict[str, Any]:
    """What may stand in an address, by the name that URLs have for it; a new name wants a line here."""
    ids = visits.ids_of(tenants.LARGE)
    organization = ids["organization_id"]
    return {
        **ids,
        "member_id": Membership.objects.filter(organization=organization).latest("pk").pk,
        "invitation_id": Invitation.objects.filter(organization=organization).latest("created_at").pk,
        "tier": "growth",
    }


def path_of(pattern: URLPattern, known: dict[str, Any]) -> str:
    parts = ["organization_id", *pattern.pattern.converters]
    return reverse(f"dashboard:{pattern.name}", kwargs={part: known[part] for part in parts})


def asked(client: Client, path: str) -> tuple[int, int]:
    """Its status and the statements it took, when what is kept for a while has been kept."""
    client.get(path)
    with CaptureQueriesContext(connection) as statements:
        answer = client.get(path)
        b"".join(answer)  # a file may be read as it is sent
    return answer.status_code, len(statements)


def every_page(times: int) -> dict[str, tuple[int, int]]:
    """Status and number of statements by address, where the organisation has so many times of everything."""
    sizes = tenants.Sizes(tenants=3, hours=48, minutes=5, **{name: each * times for name, each in LITTLE.items()})
    with transaction.atomic(), connection.cursor() as cursor:
        make_weeks(timezone.now() - timedelta(days=days) for days in range(31))
        filling.fill(cursor.execute, FEW_PICKS * times)
        tenants.fill(cursor.execute, sizes)
        client, known = signed_in(User.objects.get(username="person1@customer0.example")), everything()
        found = {str(pattern.name): asked(client, path_of(pattern, known)) for pattern in BELOW}
        transaction.set_rollback(True)
    return found


@pytest.mark.usefixtures("redis")
def test_a_page_takes_as_many_queries_for_much_as_for_little() -> None:
    little, much = every_page(1), every_page(TIMES)
    assert {status for status, _ in much.values()} <= {HTTPStatus.OK, *FORMS_ONLY}
    grew = {name: (little[name], much[name]) for name in much if much[name][1] > little[name][1] + ONE}
    assert grew == {}, "status and queries with little, and with 20 times as much"
    assert {name: seen for name, (_, seen) in much.items() if seen > MOST} == {}
