"""The samples shown on the pages: files of this folder that run as they are, once host and key are filled in."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.docs.colours import coloured

FOLDER = Path(__file__).parent / "samples"
HOST = "https://betedge.tips"  # stands in the files for whatever address the service has
KEY = "betedge_<your_api_key>"  # stands there for the reader's key, on the page too


@dataclass(frozen=True, slots=True)
class Language:
    """suffix: of its files. label: on its tab."""

    suffix: str
    label: str


LANGUAGES = (Language("sh", "curl"), Language("mjs", "JavaScript"), Language("py", "Python"))


def names() -> list[str]:
    """Every sample, as `subject/name`."""
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("*/*.sh"))


def read(name: str, suffix: str) -> str:
    """A file of the samples with its placeholders. FileNotFoundError when there is none."""
    return (FOLDER / name).with_suffix(f".{suffix}").read_text()


def has(name: str, suffix: str) -> bool:
    return (FOLDER / name).with_suffix(f".{suffix}").is_file()


def filled(text: str, *, host: str, key: str = KEY) -> str:
    return text.replace(HOST, host).replace(KEY, key)


def shown(name: str, suffix: str) -> str:
    """A file as the page shows it, coloured: our own address, and the place of the key marked."""
    return coloured(filled(read(name, suffix), host=settings.BETEDGE_PUBLIC_URL), suffix=suffix, mark=KEY)
