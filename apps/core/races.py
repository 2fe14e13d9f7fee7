"""Write beside other workers: what one of them was first with, or both waited for, is tried again."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

T = TypeVar("T")
TRIES = 3


def in_transaction(action: Callable[[], T]) -> T:
    """Do it in a transaction, and give what it gives.

    Tried anew, up to three times in all, where another worker made the same new row first, or where the two waited
    for each other and the database ended one: by then the other is done. The last IntegrityError or OperationalError
    is raised, and every other error at once.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return action()
        except (IntegrityError, OperationalError) as error:
            lost_a_race = isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)
            if not lost_a_race or attempt == TRIES:
                raise
    raise AssertionError  # the loop returns or raises
