"""`python -m apps.devtools.sandbox --port N`: serve an invented world, or a replay of season files."""

import argparse
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from apps.devtools.sandbox.app import Sandbox
from apps.devtools.sandbox.invented import InventedWorld
from apps.devtools.sandbox.replay import ReplayWorld, SeasonUnreadable
from apps.devtools.sandbox.serve import listen, server
from apps.devtools.sandbox.world import World, wall_clock


def instant(text: str) -> datetime:
    """An ISO instant; without an offset it is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="sandbox", description="A stand-in for Porqpine and The Odds API.")
    options.add_argument("files", nargs="*", type=Path, metavar="FILE.csv", help="football-data season files to replay")
    options.add_argument("--port", type=int, required=True, help="0 for any free port")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--source", choices=("invented", "replay"), help="default: replay where files are given")
    options.add_argument("--seed", type=int, default=1, help="of the invented world")
    options.add_argument("--catalogue", type=int, default=0, metavar="N", help="that many more priced fixtures")
    options.add_argument("--minutes", type=float, default=5.0, help="a replay takes, counted from its epoch")
    options.add_argument("--start-in", type=float, default=0.0, metavar="SECONDS", help="before a replay begins")
    options.add_argument("--epoch", type=instant, metavar="ISO-INSTANT", help="when a replay began; default: now")
    return options


def make_world(options: argparse.Namespace) -> World:
    """The world that the options ask for; raises SeasonUnreadable."""
    source = options.source or ("replay" if options.files else "invented")
    if source == "invented":
        if options.files:
            raise SeasonUnreadable("An invented world reads no files: leave them out, or give --source replay.")
        return InventedWorld(seed=options.seed, catalogue=max(options.catalogue, 0))
    epoch = options.epoch or wall_clock()
    return ReplayWorld(options.files, epoch, minutes=options.minutes, start_in=options.start_in)


def main() -> None:
    options = parser().parse_args()
    try:
        world = make_world(options)
    except SeasonUnreadable as error:
        raise SystemExit(str(error)) from None
    try:
        listener = listen(options.host, options.port)
    except (OSError, OverflowError) as error:
        text = f"Cannot listen on {options.host} port {options.port} ({error}): choose another with --port."
        raise SystemExit(text) from None
    host, port = listener.getsockname()[:2]
    print(f"Sandbox ({world.source}) on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a person stops it: no traceback
        server(Sandbox(world)).run(sockets=[listener])


if __name__ == "__main__":
    main()
