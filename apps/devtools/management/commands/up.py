"""`manage.py up`: the whole service on this machine, until Ctrl-C. `make run` calls it."""

import os
import signal
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand

from apps.devtools.stack.folder import default_data_dir, outer_environment
from apps.devtools.stack.happenings import Watcher, read_from
from apps.devtools.stack.letters import Letters
from apps.devtools.stack.processes import StackError
from apps.devtools.stack.stack import Stack

KINDS = {
    "arrived": "\033[35m",
    "mail": "\033[1m",
    "settled": "\033[36m",
    "published": "\033[32m",
    "proposed": "\033[33m",
    "fixture": "\033[2m",
}
TICK_SECONDS = 0.25


class Command(BaseCommand):
    help = "Start everything on this machine and keep it running. PORT and BETEDGE_DATA_DIR say where."
    requires_system_checks: list[str] = []  # they may ask the database, which this command is about to start

    def handle(self, *_args: Any, **_options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            run(port_asked_for())
        except KeyboardInterrupt:
            say("Stopped; `make run` goes on with the same data.")
        except StackError as error:
            sys.exit(str(error))


def run(port: int) -> None:
    """Start, tell, watch and keep running until Ctrl-C; everything has ended when this returns or raises."""
    outer = outer_environment()
    sandbox_args = None if "PORQPINE_URL" in outer else ()
    stack = Stack(default_data_dir(), port=port, environ=outer, sandbox_args=sandbox_args, with_sink=True, say=say)
    with stack:
        say("Starting …")
        stack.start()
        stack.wait_ready()
        say(banner(stack))
        read_from({**stack.env, **outer}["DATABASE_URL"])
        watcher = Watcher(say, stack.sink, Letters(stack.mail_folder))
        watcher.start()
        try:
            keep_running(stack)
        finally:
            say("Stopping …")
            watcher.stop()


def keep_running(stack: Stack) -> None:
    """Until Ctrl-C, or StackError when something cannot stay up."""
    while True:
        stack.tick()
        time.sleep(TICK_SECONDS)


def port_asked_for() -> int:
    """PORT, 8000 if unset; StackError when it is no port."""
    asked = os.environ.get("PORT") or "8000"
    if not asked.isdecimal() or not 0 < int(asked) < 65_536:
        raise StackError(f"PORT is {asked!r}; set it to a number from 1 to 65535.")
    return int(asked)


def banner(stack: Stack) -> str:
    """Where everything is, and how to get in."""
    keys, webhook = stack.demo["keys"], stack.demo["webhook"]
    lines = [
        f"\nBetEdge runs at {stack.url}\n",
        f"  Dashboard  {stack.url}/dashboard   {who(stack.demo['customer'])}",
        f"  Admin      {stack.url}/admin/   {who(stack.demo['admin'])}",
        f"  API        {stack.url}/api/v1",
        f"  Docs       {stack.url}/docs",
        f"  Ready?     {stack.url}/readyz",
        f"  Data       {stack.folder.path}   (logs in logs/)",
        "\nOne key a tier, for development only:",
        *(f"  {tier:<10}  {key}" for tier, key in keys.items()),
        f"\nThe Growth key's webhook, {webhook['url']}, leads to a receiver on this machine: each arrival is a line.",
        "Mail is shown here, too: sign up with any address and open the link that appears.",
        "\nTry",
        f'  curl -H "Authorization: Bearer {list(keys.values())[-1]}" {stack.url}/api/v1/picks',
        "\nCtrl-C stops everything, `make run` goes on with the same data, `make reset` wipes it.\n",
    ]
    return "\n".join(lines)


def who(person: dict[str, str]) -> str:
    return f"{person['email']}, password {person['password']}"


def say(text: str) -> None:
    """Print, in colour on a terminal; a closed terminal or pipe is no reason to stop."""
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        for kind, colour in KINDS.items():
            text = text.replace(f"UTC  {kind}", f"UTC  {colour}{kind}\033[0m", 1)
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of this process
