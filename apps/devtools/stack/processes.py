"""One child process: in a session of its own, its output in a log file, ended for certain. Knows no Django."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from apps.core.errors import AppError

# Every child carries the data folder it works for in its environment, and hands it on to its own children: whoever
# starts on the same folder next can tell what a killed supervisor left behind, whatever became of its numbers.
MARK = "BETEDGE_STACK"
LOG_BYTES = 10_000_000


class StackError(AppError):
    """The stack cannot start or go on; str() is the sentence that says what to do."""

    code = "stack_error"


@dataclass
class Child:
    """A command that is meant to run until it is stopped: `env` is its whole environment, `user` the uid to run as."""

    name: str
    argv: list[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path | None = None
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start it; its output goes to the end of its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                cwd=self.cwd,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def trim_log(self) -> None:
        """Empty the log above 10 MB; whoever writes to it appends, and goes on at its new end."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            os.truncate(self.log, 0)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ending(self) -> str:
        """How it ended, for a sentence: `exit 3` or `SIGKILL`."""
        code = self.process.returncode if self.process else None
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit {code}"

    def ask_to_stop(self) -> None:
        """Send the signal that it ends cleanly on."""
        if self.process and self.alive():
            self.process.send_signal(self.stop_signal)

    def stop(self, *, timeout: float) -> None:
        """Ask it to end and wait up to `timeout` seconds; then kill it and all of its session's group."""
        self.ask_to_stop()
        if self.process:
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.kill()

    def kill(self) -> None:
        """End it and what it left in its group, at once."""
        if not self.process:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], child: Child, *, timeout: float) -> None:
    """Poll until `ready()`; StackError when the child ends first or `timeout` seconds pass."""
    until = time.monotonic() + timeout
    while not ready():
        if not child.alive():
            raise StackError(
                f"{child.name} did not start ({child.ending()}). Its log, {child.log}, ends:\n{child.last_words()}"
            )
        if time.monotonic() > until:
            raise StackError(f"{child.name} is not ready after {timeout:.0f} s; see its log, {child.log}.")
        time.sleep(0.05)


def marked(data_dir: Path) -> list[psutil.Process]:
    """Processes that some supervisor of this data folder started and that are still there."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(data_dir):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone, or another user's
    return found


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Processes of that name whose working folder this is: servers that write their title over their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == name and process.cwd() == str(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_all(processes: Iterable[psutil.Process], *, timeout: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Send `first` to all, wait up to `timeout` seconds together, and kill what is left."""
    processes = list(processes)
    for number, wait in ((first, timeout), (signal.SIGKILL, 5.0)):
        for process in processes:
            try:
                process.send_signal(number)
            except psutil.Error:
                continue
        until = time.monotonic() + wait
        while (processes := [process for process in processes if _runs(process)]) and time.monotonic() < until:
            time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    """Not for one that has ended and waits for its parent to notice: an orphan's may never do."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
