"""Production starts on good settings and refuses bad ones by name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "BETEDGE_ENV": "production",
    "BETEDGE_SECRET_KEY": "x7" * 32,
    "BETEDGE_PUBLIC_URL": "https://api.example.com",
    "BETEDGE_ALLOWED_HOSTS": "api.example.com",
    "DATABASE_URL": "postgres://betedge:secret@127.0.0.1:1/betedge",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "BETEDGE_FERNET_KEYS": "q" * 43 + "=",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}


def start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """`manage.py check` with these settings and no others; None takes one away."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {name: value for name, value in {**kept, **GOOD, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )


def test_good_settings_start() -> None:
    assert start().returncode == 0


@pytest.mark.parametrize("name", [name for name in GOOD if name != "BETEDGE_ENV"])
def test_a_missing_setting_is_named(name: str) -> None:
    refused = start(**{name: None})
    assert refused.returncode == 1
    assert f"Settings: {name} is not set" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BETEDGE_SECRET_KEY", "short"),
        ("BETEDGE_SECRET_KEY", "development-only-" + "0" * 40),
        ("BETEDGE_PUBLIC_URL", "http://api.example.com"),
        ("BETEDGE_ALLOWED_HOSTS", "api.example.com,*"),
        ("BETEDGE_ENV", "staging"),
        ("BETEDGE_EDGE_MIN", "a lot"),
        ("BETEDGE_MARGIN_METHOD", "guessing"),
        ("PORQPINE_URL", "porqpine.cloud"),
        ("BETEDGE_FERNET_KEYS", "x7x7"),
        ("BETEDGE_FERNET_KEYS", "development-only-" + "0" * 26 + "="),
        ("BETEDGE_WEBHOOK_DENY", "not a name"),
        ("BETEDGE_WEBHOOK_RESOLVE", "hooks.example.test:8443=127.0.0.1:9443"),
        ("BETEDGE_WEBHOOK_CA_FILE", "authority.pem"),
        ("BETEDGE_WEBHOOK_RETRY_SECONDS", "1,1,1,1,1"),
    ],
)
def test_an_insecure_or_impossible_setting_is_named_without_its_value_where_that_is_secret(
    name: str, value: str
) -> None:
    refused = start(**{name: value})
    assert refused.returncode == 1
    assert name in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert "x7x7" not in refused.stderr


def test_development_tools_are_not_there_in_production() -> None:
    code = "import django; django.setup(); from django.apps import apps; print(apps.is_installed('apps.devtools'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "betedge.settings", **GOOD},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
