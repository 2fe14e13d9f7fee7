"""The data folder of a stack: one user at a time, its secrets, and the settings that every command reads from it."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cryptography.fernet import Fernet

from apps.devtools.stack.processes import StackError

ROOT = Path(__file__).resolve().parents[3]
FREE_BYTES = 300_000_000  # PostgreSQL's files and logs of a few hours; a full disk stops it in the middle of a write
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT)


def default_data_dir() -> Path:
    """`BETEDGE_DATA_DIR`, or `.data` in the checkout."""
    return (ROOT / os.environ.get("BETEDGE_DATA_DIR", ".data")).resolve()


def outer_environment() -> dict[str, str]:
    """What the caller's environment says, without what the settings added to it from the last run's env file."""
    told = read_env(default_data_dir())
    return {name: value for name, value in os.environ.items() if told.get(name) != value}


def read_env(data_dir: Path) -> dict[str, str]:
    """The settings that the last run left in its env file; none where it left none."""
    try:
        lines = (data_dir / "env").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


@contextmanager
def write_errors_as_sentences(data_dir: Path) -> Iterator[None]:
    """Turn a full disk and a file we may not write into a StackError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StackError(
                f"The disk under {data_dir} is full. Free some space, or choose another folder with BETEDGE_DATA_DIR."
            ) from error
        if error.errno in UNWRITABLE:
            raise StackError(
                f"Cannot write to {error.filename or data_dir} ({error.strerror}). Make it writable, or "
                "choose another folder with BETEDGE_DATA_DIR."
            ) from error
        raise


class DataFolder:
    """A folder that one supervisor holds at a time; StackErrors say who does, or why it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: TextIO | None = None

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def held(self) -> bool:
        """Whether it is ours now."""
        return self._lock is not None

    def claim(self, url: str, *, room: int = FREE_BYTES) -> None:
        """Make the folder, see that it is ours and has `room` bytes, and hold it; a second one is told `url`."""
        with write_errors_as_sentences(self.path):
            self._make()
            self._take_lock(url)
            self.logs.mkdir(exist_ok=True)
        if shutil.disk_usage(self.path).free < room:
            self.release()
            raise StackError(
                f"The disk under {self.path} is full: fewer than {room // 1_000_000} MB are free. "
                "Free some space, or choose another folder with BETEDGE_DATA_DIR."
            )

    def release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def secrets(self) -> dict[str, str]:
        """Django's secret key, and the one that encrypts webhook secrets: made once, kept in the env file."""
        kept = read_env(self.path)
        return {
            "BETEDGE_SECRET_KEY": kept.get("BETEDGE_SECRET_KEY") or secrets.token_urlsafe(48),
            "BETEDGE_FERNET_KEYS": kept.get("BETEDGE_FERNET_KEYS") or Fernet.generate_key().decode(),
        }

    def write_env(self, values: Mapping[str, str]) -> None:
        """Put the env file in place whole: a command that reads it meanwhile sees the old or the new one."""
        new = self.path / "env.new"
        new.touch(mode=0o600)
        new.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        new.replace(self.path / "env")

    def wipe(self) -> None:
        """Delete the folder and all that is in it."""
        shutil.rmtree(self.path)
        self.release()

    def _make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        names = set(os.listdir(self.path)) - {"sink"}  # `manage.py webhook_sink` may have been here first
        if names and "lock" not in names:  # `make reset` deletes the whole folder
            raise StackError(f"{self.path} holds other files; choose an empty folder with BETEDGE_DATA_DIR.")

    def _take_lock(self, url: str) -> None:
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(_who_runs(lock.read(), self.path)) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "url": url}))
        lock.flush()
        self._lock = lock


def _who_runs(note: str, path: Path) -> str:
    holder = json.loads(note or "{}")
    return (
        f"BetEdge already runs on {path}: process {holder.get('pid', 'unknown')}, {holder.get('url', 'starting')}. "
        f"Stop it with Ctrl-C or `kill {holder.get('pid', 'PID')}`, or start another beside it: "
        "`PORT=8010 BETEDGE_DATA_DIR=.data-8010 make run`."
    )
