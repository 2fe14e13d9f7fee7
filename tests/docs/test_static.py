"""In production static files carry a hash of their content: every page finds those it needs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.docs import views
from apps.docs.catalogue import PAGES
from tests.docs.reading import named


@pytest.fixture
def collected(tmp_path: Path, settings: Any) -> Path:
    """Everything as the image is built, and pages written anew for it."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "rest_framework"])
    views.written.cache_clear()
    yield tmp_path
    views.written.cache_clear()


def test_every_page_finds_its_hashed_files(collected: Path) -> None:
    for address in [*(page.address for page in PAGES), "/docs/nowhere"]:
        html = Client().get(address).content.decode()
        wanted = [
            element.attributes.get("src") or element.attributes.get("href", "")
            for element in named(html, "link", "script", "img")
        ]
        files = [path.removeprefix("/static/") for path in wanted if path.startswith("/static/")]
        assert len(files) >= 4
        for file in files:
            assert (collected / file).is_file()
            assert len(Path(file).suffixes) == 2, f"{file} carries no hash"
