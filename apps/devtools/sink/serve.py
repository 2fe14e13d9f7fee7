"""Run a sink until it is told to stop: its options, its two sockets, and what it prints."""

import argparse
import asyncio
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

from apps.devtools.sink.arrivals import MOST_KEPT, Arrival, Arrivals
from apps.devtools.sink.behaviours import NAMES, behaviours
from apps.devtools.sink.certificates import authority, server_context
from apps.devtools.sink.control import serve_control
from apps.devtools.sink.receiver import Receiver
from apps.devtools.sink.sink import EVERYWHERE, Sink

NAME = "sink.betedge.test"
HOST = "127.0.0.1"


class CannotServe(Exception):
    """The sink cannot start; str() is the sentence that says what to do."""


def add_options(options: argparse.ArgumentParser, *, folder: Path) -> None:
    """Every option of the sink; `folder` is where certificates and secrets are kept if nobody says otherwise."""
    options.add_argument("--port", type=int, default=9443, help="for HTTPS (9443); 0 for any free one")
    options.add_argument("--control", type=int, metavar="PORT", help="for its control address (the one after --port)")
    options.add_argument("--behaviour", choices=NAMES, default="ok", help="where the path names none (ok)")
    options.add_argument("--retry-after", type=int, default=120, metavar="SECONDS", help="that 429 asks to wait (120)")
    options.add_argument("--secret", action="append", default=[], metavar="HEX", help="to check signatures with")
    options.add_argument("--name", action="append", metavar="HOST", help=f"in its certificate ({NAME})")
    options.add_argument("--folder", type=Path, default=folder, help="for its certificates and secrets")
    options.add_argument("--keep", type=int, default=MOST_KEPT, metavar="N", help=f"requests in memory ({MOST_KEPT})")
    options.add_argument("--quiet", action="store_true", help="print no line an arrival")


def run(told: argparse.Namespace) -> None:
    """Serve until Ctrl-C or SIGTERM; CannotServe, in a sentence, where something is in the way."""
    _allow_many_connections()
    asyncio.run(_serve(told))


async def _serve(told: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        by = authority(told.folder)
        context = server_context(by, *(told.name or [NAME]))
        sink = _sink(told)
    except OSError as error:
        raise CannotServe(f"Cannot use {told.folder} ({error.strerror}): choose another with --folder.") from error
    receiver = Receiver(sink, _listen(told.port), context)
    port = receiver.listener.getsockname()[1]
    try:
        control = await _control(sink, told, port)
        print(
            f"Sink on https://{HOST}:{port} as {', '.join(told.name or [NAME])}; its authority is {by.file}; "
            f"control http://{HOST}:{control.sockets[0].getsockname()[1]}\n"
            f"The service finds it with BETEDGE_WEBHOOK_RESOLVE={(told.name or [NAME])[0]}:8443={HOST}:{port} and "
            f"BETEDGE_WEBHOOK_CA_FILE={by.file}",
            flush=True,
        )
        async with control:
            await stopped.wait()
    finally:
        receiver.close()


def _sink(told: argparse.Namespace) -> Sink:
    say = _nothing if told.quiet else _say
    most_kept = max(told.keep, 1)
    sink = Sink(
        behaviours(retry_after=told.retry_after), say, told.folder / "secrets.json", Arrivals(most_kept=most_kept)
    )
    sink.choose(EVERYWHERE, told.behaviour)
    for secret in told.secret:
        sink.learn(EVERYWHERE, secret)
    return sink


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        raise CannotServe(f"Cannot listen on port {port} ({error}): choose another with --port.") from error


async def _control(sink: Sink, told: argparse.Namespace, port: int) -> asyncio.Server:
    asked = told.control if told.control is not None else port + 1 if told.port else 0
    try:
        return await serve_control(sink, HOST, asked)
    except (OSError, OverflowError) as error:
        raise CannotServe(f"Cannot listen on port {asked} ({error}): choose another with --control.") from error


def _say(arrival: Arrival) -> None:
    with suppress(OSError):  # whoever read along has gone; that is no reason to stop
        print(arrival.line, flush=True)


def _nothing(_arrival: Arrival) -> None:
    pass


def _allow_many_connections() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS names a limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
