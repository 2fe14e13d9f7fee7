"""What a newcomer needs to look around: an admin sign-in, an organisation with a key on each tier, the switch on."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

from django.contrib.auth.models import User

from apps.access.keys import hash_secret
from apps.access.models import ApiKey
from apps.access.services import create_key, revoke_key
from apps.accounts.services import organization_on_tier
from apps.accounts.tiers import TIERS
from apps.picks.models import AutoPublish

ADMIN = "admin"
# The floors of `make run`: low enough that a newcomer sees picks go out, above the engine's own all the same.
SPORTS_FLOORS = {"min_edge_pct": Decimal("2.5"), "min_confidence": 2, "delay_seconds": 6}
REPLAY_FLOORS = {"min_edge_pct": Decimal(0), "min_confidence": 1, "delay_seconds": 1}
SANDBOX_SPORTS = (
    "soccer", "tennis", "cricket", "basketball", "ice-hockey", "table-tennis", "handball", "volleyball",
    "horse-racing", "greyhound",
)  # fmt: skip


class Demo(TypedDict):
    """The demo's secrets: an admin's name and password, and a key by tier."""

    admin: dict[str, str]
    keys: dict[str, str]


def make_demo(*, kept: Path, now: datetime, everything: bool = False) -> Demo:
    """Make or renew the demo; secrets are kept in the file `kept`, readable by its owner alone.

    everything: publish every candidate but suspicious ones (for replay), instead of those above the floors by sport.
    Only fixtures of the sandbox are ever published so. A key that no longer works is replaced.
    """
    demo = _kept(kept)
    _admin(demo)
    for tier in TIERS:
        demo["keys"][tier] = _key(tier, demo["keys"].get(tier, ""), now=now)
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
        return Demo(admin=dict(found["admin"]), keys=dict(found["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Demo(admin={}, keys={})


def _admin(demo: Demo) -> None:
    password = demo["admin"].get("password") or secrets.token_urlsafe(12)
    user, _made = User.objects.get_or_create(username=ADMIN, defaults={"is_staff": True, "is_superuser": True})
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    demo["admin"] = {"user": ADMIN, "password": password}


def _key(tier: str, secret: str, *, now: datetime) -> str:
    """The kept key of the tier if it still works, else a new one."""
    organization = organization_on_tier(name=f"Demo {tier.title()}", tier=tier)
    mine = ApiKey.objects.filter(organization=organization, name="Demo key", revoked_at=None)
    if secret and mine.filter(secrets__secret_hash=hash_secret(secret), expires_at=None).exists():
        return secret
    for key in mine:
        revoke_key(key_id=key.pk, now=now)
    _key_row, secret = create_key(organization=organization, name="Demo key", now=now)
    return secret


def _switch_on(sports: Sequence[str], floors: dict[str, Any]) -> None:
    """Set the switch where nobody has set it yet: what a person chose in the admin is left alone."""
    for sport in sports:
        AutoPublish.objects.get_or_create(sport=sport, defaults={"enabled": True, "sandbox_only": True, **floors})
