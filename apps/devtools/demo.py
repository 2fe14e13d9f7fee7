"""What a newcomer needs to look around: a sign-in, a key on each tier, a webhook that is received, the switch on."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User

from apps.access.keys import hash_secret
from apps.access.models import ApiKey
from apps.access.services import create_key, revoke_key
from apps.accounts.models import Membership, Organization
from apps.accounts.roles import Role
from apps.accounts.services import organization_on_tier
from apps.accounts.tiers import TIERS
from apps.devtools.sink.client import SinkClient
from apps.devtools.sink.serve import NAME as SINK_NAME
from apps.outbox.models import TYPES
from apps.picks.models import AutoPublish
from apps.webhooks.models import Subscription
from apps.webhooks.services import create_subscription, delete_subscription

ADMIN, CUSTOMER = "admin@example.com", "demo@example.com"
SINK_PATH = "/demo"
SINK_URL = f"https://{SINK_NAME}:8443{SINK_PATH}"
# The floors of `make run`: low enough that a newcomer sees picks go out, above the engine's own all the same.
SPORTS_FLOORS = {"min_edge_pct": Decimal("2.5"), "min_confidence": 2, "delay_seconds": 6}
REPLAY_FLOORS = {"min_edge_pct": Decimal(0), "min_confidence": 1, "delay_seconds": 1}
SANDBOX_SPORTS = (
    "soccer", "tennis", "cricket", "basketball", "ice-hockey", "table-tennis", "handball", "volleyball",
    "horse-racing", "greyhound",
)  # fmt: skip


class Demo(TypedDict):
    """The demo's secrets: how an admin and a customer sign in, a key by tier, the sink's subscription with its own."""

    admin: dict[str, str]
    customer: dict[str, str]
    keys: dict[str, str]
    webhook: dict[str, str]


def make_demo(*, kept: Path, now: datetime, everything: bool = False, sink: SinkClient | None = None) -> Demo:
    """Make or renew the demo; secrets are kept in the file `kept`, readable by its owner alone.

    everything: publish every candidate but suspicious ones (for replay), instead of those above the floors by sport.
    Only fixtures of the sandbox are ever published so. A key that no longer works is replaced.
    sink: subscribe it to all events, for the key of the Growth tier, and tell it the secret; OSError if it is away.
    """
    demo = _kept(kept)
    demo["admin"] = _person(ADMIN, demo["admin"], is_staff=True, is_superuser=True)
    demo["customer"] = _person(CUSTOMER, demo["customer"])
    for tier in TIERS:
        organization = organization_on_tier(name=f"Demo {tier.title()}", tier=tier, now=now)
        _own(organization, CUSTOMER)
        demo["keys"][tier] = _key(organization, demo["keys"].get(tier, ""), now=now)
    if sink:
        demo["webhook"] = _webhook(demo["keys"]["growth"], demo["webhook"], now=now)
        sink.learn(demo["webhook"]["secret"], path=SINK_PATH)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(demo, indent=1))
    if everything:
        _switch_on(["*"], REPLAY_FLOORS)
    else:
        _switch_on(SANDBOX_SPORTS, SPORTS_FLOORS)
    return demo


def _kept(path: Path) -> Demo:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return Demo(
            admin=dict(found["admin"]),
            customer=dict(found.get("customer", {})),
            keys=dict(found["keys"]),
            webhook=dict(found.get("webhook", {})),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Demo(admin={}, customer={}, keys={}, webhook={})


def _person(email: str, kept: dict[str, str], **rights: bool) -> dict[str, str]:
    """Somebody who can sign in with the kept password, else with a new one: the address is confirmed."""
    password = kept.get("password") or secrets.token_urlsafe(12)
    user, _made = User.objects.get_or_create(username=email.partition("@")[0], defaults=rights)
    user.email = email
    if not user.check_password(password):
        user.set_password(password)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return {"email": email, "password": password}


def _own(organization: Organization, email: str) -> None:
    user = User.objects.get(email=email)
    Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": Role.OWNER})


def _key(organization: Organization, secret: str, *, now: datetime) -> str:
    """The kept key of the organisation if it still works, else a new one."""
    mine = ApiKey.objects.filter(organization=organization, name="Demo key", revoked_at=None)
    if secret and mine.filter(secrets__secret_hash=hash_secret(secret), expires_at=None).exists():
        return secret
    for key in mine:
        revoke_key(key_id=key.pk, now=now)
    _key_row, secret = create_key(organization=organization, name="Demo key", now=now)
    return secret


def _webhook(secret: str, webhook: dict[str, str], *, now: datetime) -> dict[str, str]:
    """The kept subscription if it is still there, else a new one in place of one whose secret is lost."""
    key = ApiKey.objects.get(secrets__secret_hash=hash_secret(secret))
    for mine in Subscription.objects.filter(key=key, url=SINK_URL, deleted_at=None):
        if str(mine.pk) == webhook.get("id"):
            return webhook
        delete_subscription(subscription_id=mine.pk, now=now)
    made, hmac_secret = create_subscription(key=key, url=SINK_URL, events=TYPES, now=now)
    return {"id": str(made.pk), "url": SINK_URL, "secret": hmac_secret}


def _switch_on(sports: Sequence[str], floors: dict[str, Any]) -> None:
    """Set the switch where nobody has set it yet: what a person chose in the admin is left alone."""
    for sport in sports:
        AutoPublish.objects.get_or_create(sport=sport, defaults={"enabled": True, "sandbox_only": True, **floors})
