"""Put what only the peers need into .venv-bench, beside .venv. Runs on .venv's own Python."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-bench"
LOCKED = Path(__file__).with_name("requirements.txt")
INSTALLED = FOLDER / "installed"  # for which Python, and from which lock


def wanted() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor} {hashlib.sha256(LOCKED.read_bytes()).hexdigest()}"


def main() -> None:
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted():
        return
    print("Installing the peers into .venv-bench (some seconds; only when they change) …", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "-r", str(LOCKED)]
    quiet = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if subprocess.run([*command, "--target", str(FOLDER)], env=os.environ | quiet, check=False).returncode:
        sys.exit("pip could not install the peers; what it said stands above. Then run the same command again.")
    INSTALLED.write_text(wanted())


if __name__ == "__main__":
    main()
