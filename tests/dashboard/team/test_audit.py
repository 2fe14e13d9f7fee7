"""The audit log's page and export: what they show of whom, in pages, by filters, harmless to spreadsheets."""

import csv
import io
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from apps.accounts.audit import SYSTEM, Actor, Kind, record
from apps.accounts.models import AuditEntry, Organization
from apps.core.times import rfc3339
from apps.dashboard.team import audit
from tests.accounts.acting import NOW, STAFF, by
from tests.dashboard.people import address, person, signed_in
from tests.dashboard.team.test_team import said
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme <b>&")


@pytest.fixture
def jane(acme):
    """Signed in as the owner."""
    return signed_in(person("jane@example.com", acme))


def exported(client, organization, **asked: str) -> list[list[str]]:
    answer = client.get(address(organization, "audit-log.csv"), asked)
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def test_the_empty_log_says_what_will_stand_in_it(acme, jane) -> None:
    assert "Nothing was changed yet" in said(jane.get(address(acme, "audit-log")))


def test_an_entry_says_who_did_what_when_and_from_where(acme, jane) -> None:
    record(acme, "member.role_changed", by=by(person("jane@example.com")), now=NOW, subject="dev@example.com",
           role="viewer", before="admin")  # fmt: skip
    page = said(jane.get(address(acme, "audit-log")))
    assert "25 May 2026 09:00:00 UTC jane@example.com changed a role: dev@example.com" in page
    assert "role viewer" in page
    assert "198.51.100.7" in page


def test_our_own_staff_are_named_as_ours_and_their_address_is_not_told(acme, jane) -> None:
    record(acme, "tier.granted", by=STAFF, now=NOW, subject="growth")
    page = said(jane.get(address(acme, "audit-log")))
    assert "BetEdge staff" in page
    assert STAFF.address not in page
    assert STAFF.address not in str(exported(jane, acme))


def test_a_change_made_on_a_page_is_logged_with_the_address_that_our_proxy_saw(acme, jane) -> None:
    forged = {"X-Forwarded-For": "203.0.113.66, 198.51.100.20"}
    jane.post(address(acme, "team/rename"), {"name": "Acme"}, headers=forged)
    entry = acme.audit_entries.get()
    assert (entry.actor, entry.address, entry.subject) == ("jane@example.com", "198.51.100.20", "Acme")


def test_all_text_is_escaped(acme, jane) -> None:
    actor = Actor(Kind.KEY, "<script>who</script>")
    record(acme, "key.created", by=actor, now=NOW, subject="<script>what</script>", note="<script>more</script>")
    page = jane.get(address(acme, "audit-log"), {"text": "<script>"}).text
    for word in ("who", "what", "more"):
        assert f"<script>{word}" not in page
        assert f"&lt;script&gt;{word}" in page


def test_pages_of_fifty_lead_to_the_oldest_and_keep_the_filters(acme, jane, django_assert_max_num_queries) -> None:
    for number in range(120):
        record(acme, "key.created", by=SYSTEM, now=NOW - timedelta(minutes=number // 4), subject=f"key {number}")
        record(acme, "key.revoked", by=SYSTEM, now=NOW, subject="another")
    seen, query = [], "action=key.created"
    jane.get(address(acme, "audit-log"))
    while query:
        with django_assert_max_num_queries(8):
            answer = jane.get(address(acme, f"audit-log?{query}"))
        seen += [line.subject for line in answer.context["lines"]]
        query = answer.context["older"]
    assert sorted(seen) == sorted(f"key {number}" for number in range(120))
    assert len(seen) == 120


@pytest.mark.parametrize("after", ["x", "-1", "9" * 50, "0", "\x00", "٣"])
def test_a_crafted_place_is_the_first_page(acme, jane, after) -> None:
    record(acme, "key.created", by=SYSTEM, now=NOW, subject="shop")
    assert "shop" in said(jane.get(address(acme, "audit-log"), {"after": after}))


def test_the_entry_of_another_tenant_is_no_place(acme, jane) -> None:
    record(acme, "key.created", by=SYSTEM, now=NOW, subject="shop")
    theirs = record(OrganizationFactory(), "key.created", by=SYSTEM, now=NOW - timedelta(days=1))
    assert "shop" in said(jane.get(address(acme, "audit-log"), {"after": theirs.pk}))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"since": "yesterday"}, "valid date"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "before the first one"),
        ({"action": "key.stolen"}, "valid choice"),
        ({"who": "\x00"}, "Null"),
        ({"text": "x" * 201}, "at most 200"),
    ],
)
def test_a_wrong_filter_is_said_and_the_export_leads_to_the_page(acme, jane, asked, why) -> None:
    assert why in said(jane.get(address(acme, "audit-log"), asked))
    assert jane.get(address(acme, "audit-log.csv"), asked).url == f"{address(acme, 'audit-log')}?{urlencode(asked)}"


def test_the_export_is_a_file_of_all_that_fits(acme, jane) -> None:
    for number in range(audit.READ_AT_ONCE + 3):
        record(acme, "key.created", by=SYSTEM, now=NOW, subject=f"key {number}")
    record(acme, "key.revoked", by=SYSTEM, now=NOW, subject="another", role="x")
    answer = jane.get(address(acme, "audit-log.csv"), {"action": "key.created"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-log-acme-b-')
    assert "no-store" in answer["Cache-Control"]
    heads, *lines = csv.reader(io.StringIO(answer.getvalue().decode()))
    assert heads == audit.HEADS
    assert len(lines) == audit.READ_AT_ONCE + 3
    assert lines[0][:5] == [rfc3339(NOW), "BetEdge", "system", "key.created", f"key {audit.READ_AT_ONCE + 2}"]


def test_the_export_ends_at_its_bound(acme, jane, monkeypatch) -> None:
    monkeypatch.setattr(audit, "READ_AT_ONCE", 10)
    monkeypatch.setattr(audit, "MOST_EXPORTED", 20)
    for _ in range(25):
        record(acme, "key.created", by=SYSTEM, now=NOW)
    assert len(exported(jane, acme)) == 1 + 20


@pytest.mark.parametrize("subject", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(acme, jane, subject) -> None:
    AuditEntry.objects.create(organization=acme, at=NOW, action="key.created", actor=subject, subject=subject)
    [_, line] = exported(jane, acme)
    assert line[1] == line[4] == f"'{subject}"


def test_quotes_commas_and_line_ends_stay_in_their_cell(acme, jane) -> None:
    record(acme, "key.created", by=SYSTEM, now=timezone.now(), subject='a "b", c\nd', note="é, ü")
    [_, line] = exported(jane, acme)
    assert (line[4], line[5]) == ('a "b", c\nd', '{"note": "é, ü"}')
