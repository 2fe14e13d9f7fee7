"""`manage.py replay`: a season file through sandbox, Celery, PostgreSQL and API, on databases and ports of its own."""

import shutil
import signal
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.devtools import replay
from apps.devtools.sandbox.replay import SeasonUnreadable, read_season
from apps.devtools.stack.folder import outer_environment
from apps.devtools.stack.happenings import read_from
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import StackError
from apps.devtools.stack.stack import Stack

OWN = ("BETEDGE_", "PORQPINE_", "ODDS_API_", "DATABASE_URL", "REDIS_URL")  # settings of the real thing do not reach in
START_SECONDS = 15  # until the first match may be listed as coming: the databases are made meanwhile
BAR = 30


class Command(BaseCommand):
    help = "Replay football-data season files through the whole running system and print what the API says of them."
    requires_system_checks: list[str] = []  # they may ask a database; this command starts its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.csv")
        parser.add_argument("--minutes", type=float, default=4.0, help="how long the season lasts (4)")
        parser.add_argument("--keep", action="store_true", help="keep the data folder, and say where it is")

    def handle(self, *_args: Any, files: list[Path], minutes: float, keep: bool, **_options: Any) -> None:
        if not 2 <= minutes <= 24 * 60:
            raise CommandError("--minutes must be from 2 to 1440.")
        try:
            matches = sum(len(read_season(path)) for path in files)
        except SeasonUnreadable as error:
            raise CommandError(str(error)) from error
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.stderr.write(f"Replaying {matches} matches in {minutes:g} minutes; starting databases and processes …")
        stack = self._stack(files, minutes)
        try:
            told, account = self._run(stack, minutes)
        except KeyboardInterrupt:
            raise CommandError("Stopped before the season was over.", returncode=130) from None
        except StackError as error:
            keep = True  # its logs are what helps now
            raise CommandError(str(error)) from error
        finally:
            if keep:
                self.stderr.write(f"The data folder is kept: {stack.folder.path}")
            else:
                stack.wipe()
        self._tell(told, account, matches)

    def _stack(self, files: list[Path], minutes: float) -> Stack:
        timing = ["--minutes", f"{minutes + START_SECONDS / 60:g}", "--start-in", str(START_SECONDS)]
        season = [str(path.resolve()) for path in files]
        return Stack(
            Path(tempfile.mkdtemp(prefix="betedge-replay-")),
            port=free_port(),
            environ={name: value for name, value in outer_environment().items() if not name.startswith(OWN)},
            sandbox_args=["--source", "replay", "--epoch", timezone.now().isoformat(), *timing, *season],
            prepare=("migrate",),
            say=self.stderr.write,
        )

    def _run(self, stack: Stack, minutes: float) -> tuple[list[str], replay.Account]:
        with stack:
            stack.start()
            stack.make_demo("--publish-everything")
            stack.wait_ready()
            read_from(stack.env["DATABASE_URL"])
            self.stderr.write(f"Running at {stack.url}, sandbox data only.")
            replay.follow(stack, minutes=minutes + 1, show=self._show)
            if sys.stderr.isatty():
                self.stderr.write("")
            return replay.summary(stack), replay.account()

    def _show(self, progress: replay.Progress) -> None:
        """One line that is drawn over itself on a terminal; a line every tenth of the way elsewhere."""
        share = progress.ended / max(progress.total, 1)
        text = (
            f"[{'#' * int(BAR * share):<{BAR}}] {progress.ended}/{progress.total} matches, "
            f"{progress.picks} picks, {progress.settled} settled"
        )
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns
            self.stderr.write(f"\r{text[: width - 1]}", ending="")
            self.stderr.flush()
        elif int(10 * share) > getattr(self, "_told", -1):
            self._told = int(10 * share)
            self.stderr.write(text)

    def _tell(self, told: list[str], account: replay.Account, matches: int) -> None:
        self.stdout.write(f"{'Matches':<17}{matches}")
        for reason, count in account.by_reason.items():
            self.stdout.write(f"  {count:>5}  {reason}")
        self.stdout.write("The API says (sandbox data)")
        for line in told:
            self.stdout.write(f"  {line}")
        explained = sum(account.by_reason.values())
        if account.unexplained or explained != matches:
            raise CommandError(
                "\n".join([f"{explained} of {matches} matches came through.", *account.unexplained[:20]])
            )
        self.stdout.write(f"Every one of the {matches} matches ended settled or explained.")
