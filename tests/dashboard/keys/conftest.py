"""The place where tests of the pages about keys walk."""

import pytest


@pytest.fixture
def place(db, redis):
    from tests.dashboard.keys.place import a_place  # pytest loads this file before Django's apps are

    return a_place()
