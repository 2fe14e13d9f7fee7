"""The review queue costs a bounded number of statements, however many picks wait."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.picks.proposing import propose
from tests.picks.scenes import NOW, priced

pytestmark = pytest.mark.django_db


def statements(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/admin/picks/pick/")
    assert page.status_code == 200
    assert b"stands" in page.content
    return len(queries)


def test_a_page_of_sixty_takes_as_many_statements_as_a_page_of_two(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada"))
    client.get("/admin/")  # the first page of a session notes where it was begun
    for count in (2, 58):
        for _ in range(count):
            priced()
        propose(now=NOW)
        if count == 2:
            few = statements(client)
    assert statements(client) == few
