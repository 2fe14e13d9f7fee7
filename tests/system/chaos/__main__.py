"""`make chaos`: the long run, `ARGS="--kills N --seed S"`; exit 1 where something was lost or told wrongly."""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from apps.devtools.stack.processes import StackError
from tests.system.chaos.plan import Size
from tests.system.chaos.run import run
from tests.system.chaos.verdict import table, violations

KILLS, SEED = 200, 4
PICKS_A_KILL = 2.5
PAUSE = (1.0, 4.0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Kill everything, and count what arrived.")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many processes ({KILLS}), at least 5")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of what happens when ({SEED})")
    asked = parser.parse_args()
    if asked.kills < 5:
        parser.error("--kills must be at least 5: Redis is emptied and restarted between them.")
    return asked


def main() -> None:
    asked = arguments()
    size = Size(kills=asked.kills, picks=round(asked.kills * PICKS_A_KILL), pause=PAUSE, ending=300.0)
    print(f"{size.kills} kills, {size.picks} picks, {size.subscriptions} subscriptions, seed {asked.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="betedge-chaos-"))
    folder.chmod(0o711)  # so that PostgreSQL, which is not us where we are root, reaches its own folder in it
    try:
        seen = run(
            size, seed=asked.seed, folder=folder, path=os.environ["PATH"], say=lambda line: print(line, flush=True)
        )
    except StackError as error:
        sys.exit(str(error))
    wrong = violations(seen)
    print()
    for what, figure in [*table(seen), ("violations", str(len(wrong)))]:
        print(f"{what:<32} {figure}")
    if wrong:
        sys.exit("\n".join([*wrong, f"The logs of the processes are in {folder / 'logs'}."]))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
