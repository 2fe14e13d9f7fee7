"""The audit log: one row for every change in an organisation, written in the transaction that makes it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.accounts.models import AuditEntry, Organization
from apps.accounts.words import ACTIONS


class Kind(StrEnum):
    """What sort of actor it was."""

    PERSON = "person"  # somebody of the organisation, in the dashboard
    KEY = "key"  # a program, with one of its API keys
    STAFF = "staff"  # one of ours, in the admin
    SYSTEM = "system"  # a command, or the service by itself


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from where. `name` is what the log shows for good, whatever becomes of the account.

    address: the IP address it came from; None for a command.
    """

    kind: Kind
    name: str
    user_id: int | None = None
    address: str | None = None


SYSTEM = Actor(Kind.SYSTEM, "BetEdge")


def record(
    organization: Organization, action: str, *, by: Actor, now: datetime, subject: str = "", **details: Any
) -> AuditEntry:
    """Write down a change; part of the transaction that makes it. KeyError for an action that `words` does not know.

    subject: what was changed, in words. details: further facts that JSON can hold; never a secret.
    """
    ACTIONS[action]
    return AuditEntry.objects.create(
        organization=organization,
        at=now,
        action=action,
        actor_kind=by.kind,
        actor=by.name[:254],
        user_id=by.user_id,
        address=by.address,
        subject=subject[:300],
        details=details,
    )
