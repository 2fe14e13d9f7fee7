"""The table of roles, cell by cell, and that the documentation shows the very table."""

import pytest

from apps.accounts.roles import GIVEN, MAY, Deed, Role, allowed, may, may_touch

TABLE = """
                owner  admin  developer  viewer
LOOK            yes    yes    yes        yes
KEYS            yes    yes    yes        no
WEBHOOKS        yes    yes    yes        no
TEAM            yes    yes    no         no
AUDIT           yes    yes    no         no
PLAN            yes    yes    no         no
RENAME          yes    yes    no         no
TRANSFER        yes    no     no         no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [(role, row[0], word) for row in ROWS[1:] for role, word in zip(ROWS[0], row[1:], strict=True)]


@pytest.mark.parametrize(("role", "deed", "word"), CELLS)
def test_each_role_may_do_what_the_table_says(role, deed, word) -> None:
    assert may(role, Deed[deed]) is (word == "yes")


def test_the_table_is_whole() -> None:
    assert len(CELLS) == len(Role) * len(Deed) == sum(len(Role) for _ in Deed)
    assert set(MAY) == set(Role)


def test_a_role_that_there_is_not_may_nothing() -> None:
    with pytest.raises(ValueError, match="king"):
        may("king", Deed.LOOK)


def test_the_roles_that_may_are_named_from_the_mightiest() -> None:
    assert allowed(Deed.TEAM) == [Role.OWNER, Role.ADMIN]
    assert allowed(Deed.TRANSFER) == [Role.OWNER]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("other", list(Role))
def test_owners_are_touched_by_owners_alone(role, other) -> None:
    expected = role == Role.OWNER or (role == Role.ADMIN and other != Role.OWNER)
    assert may_touch(role, other) is expected


def test_ownership_is_never_given() -> None:
    assert set(GIVEN) == set(Role) - {Role.OWNER}
