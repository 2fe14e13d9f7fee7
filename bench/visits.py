"""The product's own side of the pages' rows, in a process of its own: sessions, and what is asked for."""

import os
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import psycopg

from bench import filling, tenants
from bench.product import serve

STAFF = "staff@bench.example"
ADMIN, FRONT, AUDIT = "the admin", "the front", "audit log"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Page(NamedTuple):
    """One address as a person names it. ids: what stands in its path, by the names that the URL has for it.

    The area says who opens it: FRONT is for everybody, ADMIN for staff, all else for an organisation's owner.
    """

    area: str
    what: str
    url_name: str
    ids: tuple[str, ...] = ()
    query: str = ""


ITS = ("organization_id",)
KEY, WEBHOOK, PICK = (*ITS, "key_id"), (*ITS, "subscription_id"), (*ITS, "pick_id")
DELIVERY = (*WEBHOOK, "delivery_id")
PAGES = [
    Page(FRONT, "/", "dashboard:front"),
    Page("API keys", "list", "dashboard:keys", ITS),
    Page("API keys", "those that ended", "dashboard:keys_ended", ITS, "page=4"),
    Page("API keys", "one, 24 hours", "dashboard:key", KEY),
    Page("API keys", "one, 30 days", "dashboard:key", KEY, "range=30d&errors=all"),
    Page("API keys", "why one request was refused", "dashboard:key_why", KEY, "request={refused}"),
    Page("webhooks", "list", "dashboard:webhooks", ITS),
    Page("webhooks", "one, with its log", "dashboard:webhook", WEBHOOK),
    Page("webhooks", "failed deliveries", "dashboard:webhook", WEBHOOK, "status=failed"),
    Page("webhooks", "log, two weeks down", "dashboard:webhook", WEBHOOK, "{two_weeks_down}"),
    Page("webhooks", "a delivery", "dashboard:delivery", DELIVERY),
    Page("picks and record", "picks", "dashboard:picks", ITS),
    Page(
        "picks and record",
        "tennis, half a year down",
        "dashboard:picks",
        ITS,
        "sport=tennis&{half_a_year_down}",
    ),
    Page("picks and record", "a pick", "dashboard:pick", PICK),
    Page("picks and record", "record of a year", "dashboard:record", ITS, "days_back=365"),
    Page("organisation", "team", "dashboard:team", ITS),
    Page("organisation", "plan", "dashboard:plan", ITS),
    Page("organisation", AUDIT, "dashboard:audit", ITS),
    Page("organisation", "audit log of somebody unknown", "dashboard:audit", ITS, "who=nobody"),
    Page(ADMIN, "review queue", "admin:picks_pick_changelist"),
    Page(ADMIN, "picks, all", "admin:picks_pick_changelist", query="queue=all"),
    Page(ADMIN, "organisations", "admin:accounts_organization_changelist"),
    Page(ADMIN, "one organisation", "admin:accounts_organization_change", ("object_id",)),
    Page(ADMIN, "health", "admin_health"),
]


def fill(picks: int, sizes: dict[str, int]) -> None:
    """Migrate the database, fill it with picks and customers, and let the planner know."""
    from django.core.management import call_command
    from django.utils import timezone

    from apps.webhooks.partitions import make_weeks

    call_command("migrate", verbosity=0)
    make_weeks(timezone.now() - timedelta(days=days) for days in range(31))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        filling.fill(connection.execute, picks)
        tenants.fill(connection.execute, tenants.Sizes(**sizes))
        connection.execute("VACUUM ANALYZE")


def sign_in(email: str) -> str:
    """The key of a new session of this person; STAFF is made for it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    if email == STAFF:
        User.objects.get_or_create(username=email, defaults={"email": email, "is_staff": True, "is_superuser": True})
    user = User.objects.get(username=email)
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def pages(customer: str) -> list[tuple[str, str, str]]:
    """Area, name and path of every page that this customer's owner is shown."""
    from django.urls import reverse

    ids, words = ids_of(customer), words_of(customer)
    return [
        (
            page.area,
            page.what,
            reverse(page.url_name, kwargs={name: ids[name] for name in page.ids})
            + (page.query and "?" + page.query.format(**words)),
        )
        for page in PAGES
    ]


def ids_of(customer: str) -> dict[str, UUID]:
    """By the names that URLs have for them: the customer's first key, its first webhook, a delivery that failed if
    one did, and the newest pick."""
    from apps.accounts.models import Organization
    from apps.picks.models import OUT, Pick
    from apps.webhooks.models import Delivery, Subscription

    organization = Organization.objects.get(name=customer)
    key = organization.api_keys.get(name="key 1")
    webhook = Subscription.objects.filter(key=key).earliest("created_at")
    return {
        "organization_id": organization.pk,
        "object_id": organization.pk,
        "key_id": key.pk,
        "subscription_id": webhook.pk,
        "delivery_id": Delivery.objects.filter(subscription=webhook).order_by("-attempts", "-created_at")[0].pk,
        "pick_id": Pick.objects.filter(status__in=OUT).latest("kickoff_at").pk,
    }


def words_of(customer: str) -> dict[str, str]:
    """What its addresses carry: the places of pages far down, and the id of a request that a limit refused, if any."""
    from django.utils import timezone

    from apps.access.models import ApiError

    nobody, now = UUID(int=0), timezone.now()
    two_weeks, half_a_year = (now - timedelta(days=days) for days in (14, 182))
    refused = ApiError.objects.filter(key__organization__name=customer, window_limit__isnull=False).first()
    return {
        "two_weeks_down": urlencode({"after": f"{two_weeks.isoformat()}~{nobody}"}),
        "half_a_year_down": urlencode({"before": half_a_year.isoformat(), "behind": nobody}),
        "refused": refused.request_id if refused else "",
    }


CALLS = {call.__name__: call for call in (fill, sign_in, pages)}

if __name__ == "__main__":
    serve(CALLS, settings="betedge.settings")
