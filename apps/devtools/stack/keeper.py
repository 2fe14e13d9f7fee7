"""Keep one child running: started again when it ends, given up when it cannot stay. Knows no Django."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from apps.devtools.stack.processes import Child, StackError

QUICK_SECONDS = 10.0  # who lives shorter did not really start
GIVE_UP_AFTER = 5
DELAYS = (0.0, 0.5, 1.0, 2.0)  # seconds before the 1st, 2nd, … start in a row


@dataclass
class Keeper:
    """`before_restart` clears away what a dead child leaves that would stop its successor."""

    child: Child
    say: Callable[[str], None]
    before_restart: Callable[[], None] = lambda: None
    quick_deaths: int = 0
    restart_at: float | None = None

    def look(self) -> None:
        """Call it a few times a second. StackError when the child has died quickly 5 times in a row."""
        now = time.monotonic()
        self.child.trim_log()
        if self.restart_at is None and not self.child.alive():
            self._note_death(now)
        if self.restart_at is not None and now >= self.restart_at:
            self.before_restart()
            self.child.start()
            self.restart_at = None

    def _note_death(self, now: float) -> None:
        self.child.kill()  # the rest of its group
        quick = now - self.child.started_at < QUICK_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if quick else 1
        what = f"{self.child.name} ended ({self.child.ending()})"
        if self.quick_deaths >= GIVE_UP_AFTER:
            raise StackError(
                f"{what} {GIVE_UP_AFTER} times in a row. Its log, {self.child.log}, ends:\n{self.child.last_words()}"
            )
        self.restart_at = now + DELAYS[self.quick_deaths - 1]
        self.say(f"{what}; it is started again. Its log: {self.child.log}")
