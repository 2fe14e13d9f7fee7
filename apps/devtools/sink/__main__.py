"""`python -m apps.devtools.sink`: an HTTPS receiver of webhooks that behaves as well or as badly as it is told."""

import argparse
import os
from pathlib import Path

from apps.devtools.sink.serve import CannotServe, add_options, run


def main() -> None:
    options = argparse.ArgumentParser(prog="sink", description="An HTTPS receiver of webhooks to test against.")
    add_options(options, folder=Path(os.environ.get("BETEDGE_DATA_DIR", ".data")) / "sink")
    try:
        run(options.parse_args())
    except CannotServe as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
