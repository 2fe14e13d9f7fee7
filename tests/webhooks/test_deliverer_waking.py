"""A deliverer that is woken from several threads at the same moment, as a worker does when it starts."""

import pytest

from apps.webhooks.deliverer import Deliverer, deliverer
from apps.webhooks.installed import sender
from tests.together import at_once


def test_woken_by_several_at_once_it_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(Deliverer, "_go_on", lambda self: begun.append("go on") or self._ending.wait())
    monkeypatch.setattr(Deliverer, "_listen", lambda self: begun.append("listen") or self._ending.wait())
    sender.cache_clear()  # so that it takes its time, as in a process that has just started
    woken = Deliverer()
    at_once(*[woken.wake] * 4)
    woken.end()
    assert sorted(begun) == ["go on", "listen"]


def test_there_is_one_in_a_process_whoever_asks_first() -> None:
    assert len({id(found) for found in at_once(*[deliverer] * 8)}) == 1
