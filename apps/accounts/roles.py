"""THE table of roles: who may do what in an organisation. Asked in one place, `dashboard/doors.py`."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Deed(StrEnum):
    """What somebody may want to do in the dashboard."""

    LOOK = "look at keys, usage, webhooks, picks and the team"
    KEYS = "create, rename, rotate and revoke API keys"
    WEBHOOKS = "create, change, test, resend and delete webhooks"
    TEAM = "invite people, change their roles and remove them"
    AUDIT = "read and export the audit log"
    PLAN = "ask for another tier"
    RENAME = "rename the organisation"
    TRANSFER = "make somebody else the owner"


MAY = {
    Role.OWNER: frozenset(Deed),
    Role.ADMIN: frozenset(Deed) - {Deed.TRANSFER},
    Role.DEVELOPER: frozenset({Deed.LOOK, Deed.KEYS, Deed.WEBHOOKS}),
    Role.VIEWER: frozenset({Deed.LOOK}),
}

GIVEN = (Role.ADMIN, Role.DEVELOPER, Role.VIEWER)  # by an invitation or a change; ownership is transferred alone


def may(role: str, deed: Deed) -> bool:
    """Whether somebody of this role may do this. ValueError for a role that there is not."""
    return deed in MAY[Role(role)]


def allowed(deed: Deed) -> list[Role]:
    """The roles that may do this, the mightiest first."""
    return [role for role in Role if deed in MAY[role]]


def may_touch(role: str, other: str) -> bool:
    """Whether somebody of this role may change or remove a person of the other: an owner's is touched by owners."""
    return may(role, Deed.TEAM) and (other != Role.OWNER or role == Role.OWNER)
