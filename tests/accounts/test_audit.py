"""The audit log: written with each change, never changed, read by what is asked."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.audit import SYSTEM, record
from apps.accounts.models import AuditEntry, Organization
from apps.accounts.queries import Asked, Place, audit_entries
from tests.accounts.acting import NOW, STAFF, by
from tests.dashboard.people import person
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme")


def test_an_entry_is_neither_changed_nor_deleted(acme) -> None:
    entry = record(acme, "key.created", by=SYSTEM, now=NOW, subject="shop")
    for change in (lambda: entry.delete(), lambda: AuditEntry.objects.update(actor="nobody")):
        with pytest.raises(IntegrityError, match="entries are added, never changed"), transaction.atomic():
            change()


def test_an_action_without_words_is_refused(acme) -> None:
    with pytest.raises(KeyError):
        record(acme, "key.stolen", by=SYSTEM, now=NOW)


def test_each_filter_finds_what_is_asked(acme) -> None:
    jane = by(person("jane@example.com", acme))
    first = record(acme, "key.created", by=jane, now=NOW, subject="shop")
    second = record(acme, "key.revoked", by=SYSTEM, now=NOW + timedelta(days=1), subject="100% off_er")
    third = record(acme, "tier.granted", by=STAFF, now=NOW + timedelta(days=2), subject="growth")
    record(OrganizationFactory(), "key.created", by=jane, now=NOW, subject="shop")
    day = NOW.date()
    for asked, found in [
        (Asked(), [third, second, first]),
        (Asked(who="JANE@"), [first]),
        (Asked(action="key.revoked"), [second]),
        (Asked(since=day + timedelta(days=1)), [third, second]),
        (Asked(until=day), [first]),
        (Asked(since=date.min, until=date.max), [third, second, first]),
        (Asked(since=day + timedelta(days=1), until=day + timedelta(days=1)), [second]),
        (Asked(text="sho"), [first]),
        (Asked(text="0% off_e"), [second]),
        (Asked(text="198.51"), [first]),
        (Asked(text="192.0.2"), []),  # where our own staff sat is not told
        (Asked(who="jane", action="key.revoked"), []),
    ]:
        assert list(audit_entries(acme, asked)) == found, asked


def test_pages_lead_through_all_entries_of_one_instant(acme) -> None:
    for number in range(7):
        record(acme, "key.created", by=SYSTEM, now=NOW, subject=str(number))
    seen, place = [], None
    while page := list(audit_entries(acme, Asked(), after=place)[:2]):
        seen += [entry.subject for entry in page]
        place = Place(page[-1].at, page[-1].pk)
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_page_costs_the_same_beside_much_of_others(acme) -> None:
    others = OrganizationFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry (organization_id, at, action, actor_kind, actor, subject, details) "
            "SELECT %s, %s - n * interval '1 minute', 'key.created', 'system', 'BetEdge', 'shop', '{}' "
            "FROM generate_series(1, 100000) n",
            [others.pk, NOW],
        )
        cursor.execute("ANALYZE accounts_auditentry")
    for number in range(60):
        record(acme, "key.created", by=SYSTEM, now=NOW - timedelta(hours=number), subject=str(number))
    for asked in (Asked(), Asked(who="nobody", text="nothing"), Asked(since=date(2026, 5, 1), action="key.revoked")):
        plan = json.loads(audit_entries(acme, asked)[:51].explain(format="json", analyze=True))[0]["Plan"]
        read = 0
        nodes = [plan]
        while nodes:
            node = nodes.pop()
            nodes += node.get("Plans", [])
            read += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * ("Relation Name" in node)
        assert read <= 60, plan
