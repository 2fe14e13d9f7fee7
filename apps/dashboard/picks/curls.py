"""The same question to the API, as a command that can be pasted into a shell whatever the filters hold."""

import shlex
from collections.abc import Mapping

from django.conf import settings

KEY = "betedge_<your_api_key>"  # where the reader puts theirs, as in the documentation


def curl(path: str, parameters: Mapping[str, str] | None = None) -> str:
    """path: below /api/v1. Values are quoted: a filter is what some link says, and it ends up in a shell."""
    address = f'"{settings.BETEDGE_PUBLIC_URL}/api/v1{path}"'
    lines = [f"curl --get {address}" if parameters else f"curl {address}"]
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in (parameters or {}).items()]
    return " \\\n  ".join([*lines, f'-H "Authorization: Bearer {KEY}"'])
