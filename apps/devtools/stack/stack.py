"""Servers, sandbox, sink and the Procfile's processes on one data folder: start, keep running, stop."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from apps.devtools.sink.certificates import trust
from apps.devtools.sink.client import SinkClient
from apps.devtools.sink.serve import NAME as SINK_NAME
from apps.devtools.stack import ports, procfile
from apps.devtools.stack.folder import FREE_BYTES, ROOT, DataFolder, write_errors_as_sentences
from apps.devtools.stack.keeper import Keeper
from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.processes import MARK, Child, StackError, end_all, marked
from apps.devtools.stack.valkey import Valkey

STOP_ORDER = ("beat", "deliver", "worker", "stream", "web", "front", "sandbox", "sink", "valkey", "postgres")
PORTS = ("postgres", "valkey", "web", "stream", "sandbox", "sink", "sink control")
STOP_SECONDS = 10.0
LEAST_BYTES = 30_000_000  # left for the databases to end cleanly when the disk fills up under them

# Against the sandbox, whose matches last a minute and which nobody's quota protects.
SANDBOX_PACE = {
    "ODDS_API_KEY": "sandbox",
    "PORQPINE_REQUESTS_PER_SECOND": "60",
    "BETEDGE_KICKOFF_LEAD_SECONDS": "20",
    "BETEDGE_POLL_CATALOGUE_SECONDS": "3",
    "BETEDGE_POLL_LIVE_SECONDS": "2",
    "BETEDGE_POLL_ANCHOR_SECONDS": "2",
    "BETEDGE_POLL_RESULTS_SECONDS": "15",
    "BETEDGE_POLL_HEALTH_SECONDS": "5",
    "BETEDGE_POLL_ODDS_SECONDS": "4",
}


class Stack:
    """Everything that serves one data folder.

    `processes`: which of the Procfile's; `sandbox_args`: the sandbox's options, None for no sandbox; `with_sink`: with
    a receiver of webhooks, which deliveries find and trust, and to which the demo subscribes; `prepare`: the management
    commands to run first, `demo` being the one whose JSON is kept as `self.demo`; `environ`: the outer environment,
    whose DATABASE_URL and REDIS_URL are used instead of own servers; `extra_env` wins over all.
    Use it as a context manager: leaving it stops everything.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int,
        environ: Mapping[str, str],
        processes: Collection[str] = ("front", "web", "stream", "worker", "deliver", "beat"),
        sandbox_args: Sequence[str] | None = (),
        with_sink: bool = False,
        prepare: Sequence[str] = ("migrate", "demo"),
        extra_env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.folder = DataFolder(data_dir)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.environ = dict(environ)
        self.processes = processes
        self.sandbox_args = sandbox_args
        self.with_sink = with_sink
        self.prepare = prepare
        self.extra_env = dict(extra_env or {})
        self.say = say
        self.env: dict[str, str] = {}  # what we add to the outer environment, and write to the env file
        self.ports: dict[str, int] = {}
        self.demo: dict[str, Any] = {}
        self._keepers: dict[str, Keeper] = {}
        self._postgres = Postgres(self.folder.path, log=self.folder.logs / "postgres.log")
        self._valkey = Valkey(self.folder.path, log=self.folder.logs / "valkey.log")

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def children(self) -> dict[str, Child]:
        """The running children by name."""
        return {name: keeper.child for name, keeper in self._keepers.items()}

    @property
    def sink(self) -> SinkClient | None:
        """The sink's control, once it is started; None without one."""
        return SinkClient(f"http://127.0.0.1:{self.ports['sink control']}") if self.with_sink else None

    def start(self) -> None:
        """Start everything, the database prepared; StackError in a sentence when something is in the way."""
        self.folder.claim(self.url)
        with write_errors_as_sentences(self.folder.path):
            self.end_leftovers()
            self._check_port()  # only now: what was left behind may have held it
            self.ports = ports.remembered(self.folder.path / "ports.json", PORTS)
            if self.sandbox_args is not None:
                self._start_sandbox(self.sandbox_args)  # not waited for: it is there long before it is asked
            if self.with_sink:
                self._start_sink()
            self._start_servers()
            self.env = self._settings()
            self.folder.write_env(self.env)
            self._start_processes()

    def end_leftovers(self) -> None:
        """End what a killed supervisor left running on this data folder, the databases cleanly."""
        end_all((p for p in marked(self.folder.path) if p.name() != "postgres"), timeout=STOP_SECONDS)
        self._valkey.end_leftovers()
        self._postgres.end_leftovers()

    def wait_ready(self, *, timeout: float = 60) -> None:
        """Return once /readyz, asked through the front, is not down; StackError after `timeout` seconds."""
        until = time.monotonic() + timeout
        while (state := self._readiness()).get("status") not in ("ok", "degraded"):
            if time.monotonic() > until:
                raise StackError(
                    f"Not ready after {timeout:.0f} s; {self.url}/readyz says {json.dumps(state)}. "
                    f"The logs are in {self.folder.logs}."
                )
            self.tick()
            time.sleep(0.1)

    def tick(self) -> None:
        """Start again what has ended; call it a few times a second.

        StackError when something cannot stay up, or the disk is about to be full.
        """
        self._need_room(LEAST_BYTES)
        for keeper in self._keepers.values():
            keeper.look()

    def stop(self) -> None:
        """End everything in order, each within 10 s; a second Ctrl-C on the way kills. No process is left."""
        try:
            for name in STOP_ORDER:
                if name in self._keepers:
                    self._keepers[name].child.stop(timeout=STOP_SECONDS)
        except KeyboardInterrupt:
            for keeper in self._keepers.values():
                keeper.child.kill()
        if self.folder.held:  # else what runs there is somebody else's
            self.end_leftovers()
        self._keepers.clear()
        self.folder.release()

    def wipe(self) -> None:
        """Delete the data folder and the databases, wherever they lie; StackError while somebody runs on it."""
        self.folder.claim("being wiped", room=0)
        with write_errors_as_sentences(self.folder.path):
            self.end_leftovers()
            self._postgres.wipe()
            self.folder.wipe()

    def manage(self, *arguments: str) -> str:
        """Run a management command against this stack; its standard output, or StackError with what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise StackError(f"`manage.py {arguments[0]}` failed:\n{said}")
        return done.stdout

    def _check_port(self) -> None:
        if "front" in self.processes and not ports.is_free(self.port):
            other = self.port + 10 if 1024 <= self.port <= 65_000 else 8000
            raise StackError(
                f"Port {self.port} is in use or not allowed. Stop what uses it, or choose another: "
                f"`PORT={other} make run`."
            )

    def _start_servers(self) -> None:
        if "DATABASE_URL" not in self.environ:
            self._need_room(FREE_BYTES)
            self._postgres.prepare()
            self._keep(self._postgres.start(self.ports["postgres"]), self._postgres.end_leftovers)
            self._postgres.make_database(self.ports["postgres"])
        if "REDIS_URL" not in self.environ:
            self._keep(self._valkey.start(self.ports["valkey"]))

    def _need_room(self, room: int) -> None:
        """StackError unless `room` bytes are free, in the data folder and where PostgreSQL keeps its data."""
        for disk in (self.folder.path, self._postgres.home.parent):
            if shutil.disk_usage(disk).free < room:
                raise StackError(
                    f"The disk under {disk} is full. Free some space and run it again, or choose another folder "
                    "with BETEDGE_DATA_DIR."
                )

    def _start_sandbox(self, options: Sequence[str]) -> None:
        port = str(self.ports["sandbox"])
        self._start("sandbox", [sys.executable, "-m", "apps.devtools.sandbox", "--port", port, *options])

    def _start_sink(self) -> None:
        trust(self._sink_folder)  # made here, or the sink and we would each make an authority at the same moment
        listening = ["--port", str(self.ports["sink"]), "--control", str(self.ports["sink control"])]
        folder = str(self._sink_folder)
        self._start("sink", [sys.executable, "-m", "apps.devtools.sink", *listening, "--folder", folder])

    @property
    def _sink_folder(self) -> Path:
        return self.folder.path / "sink"

    def _start_processes(self) -> None:
        """The front at once, the others when there are tables; the demo data while they start."""
        commands = procfile.commands(ROOT / "Procfile")
        for name in ("front", "web", "stream", "worker", "deliver", "beat"):
            if name == "web":
                self._prepare("migrate")
            if name in self.processes:
                self._start(name, procfile.argv(commands[name]))
        self._prepare("demo")

    def make_demo(self, *options: str) -> None:
        """Make the demo data and keep its secrets as `self.demo`."""
        sink = ["--sink", self.sink.url] if self.sink else []
        self.demo = json.loads(self.manage("demo", *sink, *options))

    def _prepare(self, command: str) -> None:
        if command in self.prepare:
            if command == "demo":
                self.make_demo()
            else:
                self.manage(command)

    def _start(self, name: str, argv: list[str]) -> None:
        child = Child(name=name, argv=argv, log=self.folder.logs / f"{name}.log", env=self._environment(), cwd=ROOT)
        child.start()
        self._keep(child)

    def _keep(self, child: Child, before_restart: Callable[[], None] = lambda: None) -> None:
        self._keepers[child.name] = Keeper(child, self.say, before_restart)

    def _settings(self) -> dict[str, str]:
        """What the env file says: where everything is, and the sandbox's pace; what the environment sets stays."""
        settings = {
            **self.folder.secrets(),
            "BETEDGE_PUBLIC_URL": self.url,
            "EMAIL_URL": f"filemail:///{quote(str(self.mail_folder))}",
        }
        if "postgres" in self._keepers:
            settings["DATABASE_URL"] = self._postgres.url(self.ports["postgres"])
        if "valkey" in self._keepers:
            settings["REDIS_URL"] = self._valkey.url(self.ports["valkey"])
        if self.sandbox_args is not None:
            sandbox = f"http://127.0.0.1:{self.ports['sandbox']}"
            settings |= {"PORQPINE_URL": sandbox, "ODDS_API_URL": sandbox, **SANDBOX_PACE}
        ours = {name: value for name, value in settings.items() if name not in self.environ}
        return {**ours, **(self._way_to_the_sink() if self.with_sink else {}), **self.extra_env}

    @property
    def mail_folder(self) -> Path:
        """Where mail goes, so that the supervisor can show it; only its owner may read what opens accounts."""
        folder = self.folder.path / "mail"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _way_to_the_sink(self) -> dict[str, str]:
        """How deliveries find and trust the sink, beside what the environment has them find and trust."""
        given = self.environ.get("BETEDGE_WEBHOOK_RESOLVE", "")
        route = f"{SINK_NAME}:8443=127.0.0.1:{self.ports['sink']}"
        return {
            "BETEDGE_WEBHOOK_RESOLVE": ",".join(entry for entry in (given, route) if entry),
            "BETEDGE_WEBHOOK_CA_FILE": str(trust(self._sink_folder, beside=self._authorities_given())),
        }

    def _authorities_given(self) -> bytes:
        file = self.environ.get("BETEDGE_WEBHOOK_CA_FILE")
        try:
            return Path(file).read_bytes() if file else b""
        except OSError as error:
            raise StackError(f"BETEDGE_WEBHOOK_CA_FILE, {file}, cannot be read: {error.strerror}.") from error

    def _environment(self) -> dict[str, str]:
        """The whole environment of a child: the outer one, the settings, and where the processes listen."""
        data, venv = self.folder.path, Path(sys.executable).parent
        return {
            **self.environ,
            "PATH": f"{venv}:{self.environ.get('PATH', '/usr/bin:/bin')}",
            "PYTHONUNBUFFERED": "1",
            "BETEDGE_ENV": "development",
            "BETEDGE_DATA_DIR": str(data),
            "BETEDGE_SITE": f"http://:{self.port}",
            "BETEDGE_BIND": "127.0.0.1",
            "BETEDGE_WEB_UPSTREAM": f"127.0.0.1:{self.ports['web']}",
            "BETEDGE_WEB_PORT": str(self.ports["web"]),
            "BETEDGE_STREAM_UPSTREAM": f"127.0.0.1:{self.ports['stream']}",
            "BETEDGE_STREAM_PORT": str(self.ports["stream"]),
            "BETEDGE_BEAT_SCHEDULE": str(data / "beat"),
            "XDG_DATA_HOME": str(data / "caddy"),
            "XDG_CONFIG_HOME": str(data / "caddy"),
            **self.env,
            MARK: str(data),
        }

    def _readiness(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return {"status": "down", "said": error.read().decode(errors="replace")[:500]}
        except (OSError, ValueError):
            return {"status": "down", "said": "nothing"}
