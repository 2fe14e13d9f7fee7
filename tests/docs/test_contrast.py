"""Every colour of the documentation can be read on every ground it stands on: AA, light and dark."""

import re

import pytest
from django.contrib.staticfiles import finders

DARK = "@media (prefers-color-scheme: dark)"
INKS = ("ink", "quiet", "accent", "word", "text", "number", "name")
GROUNDS = ("page", "raised", "sunken")
PAIRS = [
    *((ink, ground) for ink in INKS for ground in GROUNDS),
    ("ink", "accent-soft"),
    ("ink", "mark"),
    ("on-accent", "accent"),
]


def colours(scheme: str) -> dict[str, str]:
    """The variables of both style sheets; dark ones replace light ones."""
    found: dict[str, str] = {}
    for name in ("site/site.css", "docs/docs.css"):
        with open(str(finders.find(name))) as file:
            light, _, rest = file.read().partition(DARK)
        dark = rest.partition("\n}\n")[0] if scheme == "dark" else ""
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", light + dark))
    return found


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(scheme: str) -> None:
    found = colours(scheme)
    for ink, ground in PAIRS:
        darker, lighter = sorted((luminance(found[ink]), luminance(found[ground])))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{ink} on {ground}"
