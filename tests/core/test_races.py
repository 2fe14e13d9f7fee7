"""Two workers that write at once: whoever loses tries again, and only then."""

from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.core.races import TRIES, in_transaction
from apps.feed.models import Poll
from tests.together import at_once


@pytest.mark.django_db(transaction=True)
def test_two_that_wait_for_each_other_both_get_done() -> None:
    Poll.objects.bulk_create([Poll(name=name, due_at=timezone.now()) for name in ("a", "b")])
    met = Barrier(2, timeout=10)
    tries = dict.fromkeys(("a", "b"), 0)

    def both(first: str, second: str) -> None:
        tries[first] += 1
        Poll.objects.filter(name=first).update(records=1)
        if tries[first] == 1:
            met.wait()  # each holds one row now, and wants the other's
        Poll.objects.filter(name=second).update(skipped=1)

    outcomes = at_once(*[partial(in_transaction, partial(both, *pair)) for pair in (("a", "b"), ("b", "a"))])
    assert outcomes == [None, None]
    assert sorted(tries.values()) == [1, 2]
    assert set(Poll.objects.values_list("records", "skipped")) == {(1, 1)}


@pytest.mark.django_db
def test_what_fails_every_time_is_raised_after_three_tries() -> None:
    tries = []

    def refused() -> None:
        tries.append(1)
        raise IntegrityError("always")

    with pytest.raises(IntegrityError, match="always"):
        in_transaction(refused)
    assert len(tries) == TRIES


@pytest.mark.django_db
def test_any_other_error_is_raised_at_once() -> None:
    tries = []

    def broken() -> None:
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_transaction(broken)
    assert len(tries) == 1
