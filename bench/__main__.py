"""`make bench`: every row of the tables in one run, each beside its peers. ARGS="--quick --json FILE --only pages"."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from apps.devtools.stack.processes import StackError
from bench import profile, report
from bench.install import FOLDER, ROOT
from bench.load import need_wrk
from bench.run import PARTS, QUICK, WHOLE, Run


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="The benchmark tables, each row beside its peers.")
    parser.add_argument("--quick", action="store_true", help="100,000 picks and three short runs: four minutes, rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the rows; else below bench/results/")
    parser.add_argument("--only", choices=PARTS, help="one part alone, without the profile")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    sys.path.append(str(FOLDER))  # the peers, for what this process asks of them: their versions
    sizes = QUICK if asked.quick else WHOLE
    file = asked.json or ROOT / "bench" / "results" / time.strftime("%Y%m%dT%H%M%SZ.json", time.gmtime())
    try:
        need_wrk()
        with tempfile.TemporaryDirectory(prefix="betedge-bench-") as folder, Run(Path(folder), sizes) as run:
            rows, parts = (run.part(asked.only), {}) if asked.only else (run.rows(), run.profile())
    except StackError as error:
        sys.exit(str(error))
    where = report.machine()
    print(
        f"\n{where['cores']} cores, {where['memory_gib']} GiB, Python {where['python']}; medians of {sizes.runs} runs."
    )
    print(", ".join(f"{name} {number}" for name, number in report.versions().items()), end="\n\n")
    print(report.table(rows))
    if parts:
        print(f"\n{profile.table(parts)}")
    report.write(file, rows, parts, runs=sizes.runs, picks=sizes.many)
    print(f"\n{sum(row.met for row in rows)} of {len(rows)} rows met. Written to {file}.")


if __name__ == "__main__":
    main()
