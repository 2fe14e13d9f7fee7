"""Make .venv hold exactly the locked packages. Runs on the machine's own Python, before anything is installed."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKED = ROOT / "requirements-dev.txt"
MADE = VENV / "made"  # the Python and the place that it was made for
INSTALLED = VENV / "installed"  # the locked packages that it holds
NO_VENV = "Python's venv is missing; install it first (Debian and Ubuntu: apt install python3-venv)."


def made_for() -> str:
    """This Python and this place: the scripts in bin/ name both."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {ROOT}"


def packages() -> str:
    return hashlib.sha256(LOCKED.read_bytes()).hexdigest()


def says(stamp: Path, text: str) -> bool:
    return stamp.is_file() and stamp.read_text() == text and PYTHON.exists()


def make() -> None:
    """An empty .venv. Each stamp comes last, so that what was interrupted does not count."""
    try:
        import ensurepip  # noqa: F401 - Debian ships venv without it, which fails halfway
        import venv
    except ImportError:
        sys.exit(NO_VENV)
    if VENV.is_symlink():
        sys.exit(".venv is a link, perhaps to what others use; remove it, then run the same command again.")
    venv.create(VENV, clear=True, with_pip=True, symlinks=True)
    MADE.write_text(made_for())


def install() -> None:
    """Bring every locked package to its locked version."""
    print("Installing the packages into .venv (half a minute; only when they change) …", flush=True)
    INSTALLED.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "-r", str(LOCKED)]
    quiet = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, env=os.environ | quiet, check=False)
    if done.returncode:
        sys.exit("pip could not install the packages; what it said stands above. Then run the same command again.")
    INSTALLED.write_text(packages())


def main() -> None:
    here = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(here, fcntl.LOCK_EX)  # `make run` and `make test` at once: the second waits for the first
    if not says(MADE, made_for()):
        make()
    if not says(INSTALLED, packages()):
        install()


if __name__ == "__main__":
    main()
