"""Names as upstreams spell them, made comparable. Pure."""

import re
import unicodedata

# Parts of club names that one source writes and the next leaves out.
COMMON_WORDS = frozenset({
    "fc", "cf", "sc", "ac", "afc", "cfc", "ssc", "as", "cd", "ud", "sd", "rc", "rcd", "sv", "vfb", "vfl", "tsg", "fk",
    "sk", "bk", "if", "club", "de", "the",
})  # fmt: skip
# Letters that Unicode does not take apart into a base letter and an accent.
LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ð": "d"})
DRAWS = frozenset({"the draw", "draw", "x", "tie"})
SPORTS = {"football": "soccer"}
CALLED_OFF = frozenset({"abandoned", "cancelled", "canceled", "walkover"})  # ends that name no winner


def fold(name: str) -> str:
    """Case, accents, punctuation and common words gone: `Atlético de Madrid C.F.` -> `atletico madrid`.

    A name made of common words alone keeps them. The empty name stays empty.
    """
    plain = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.findall(r"\w+", re.sub(r"(?<=\b\w)\.(?=\w\b)|['’`]", "", plain))  # C.F. is one word, O'Connell too
    return " ".join([word for word in words if word not in COMMON_WORDS] or words)


def sport_slug(label: str) -> str:
    """`Football` -> `soccer`, `Ice Hockey` -> `ice-hockey`; an unknown label is slugified, never refused."""
    plain = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")
    return SPORTS.get(slug, slug) or "other"


def side_of(name: str, *, home: str, away: str) -> str:
    """Which answer a name is: home, away, draw, or other where it is none of the three."""
    if name.strip().casefold() in DRAWS:
        return "draw"
    folded = fold(name)
    if not folded or fold(home) == fold(away):
        return "other"
    return {fold(home): "home", fold(away): "away"}.get(folded, "other")


def teams_in(name: str) -> tuple[str, str]:
    """The two sides of `Arsenal vs Chelsea` (also v, -, @ with the away side first); empty texts where there are none.

    The spaced separators alone count: `Sheffield-on-Sea` is one name.
    """
    if match := re.fullmatch(r"\s*(.+?)\s+@\s+(.+?)\s*", name):
        return match[2], match[1]
    match = re.fullmatch(r"\s*(.+?)\s+(?:vs?\.?|-|–)\s+(.+?)\s*", name, re.IGNORECASE)
    return (match[1], match[2]) if match else ("", "")


def same_match(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Whether two (name, home, away) may be one match: they share a side or the name, or one of them names nothing."""
    names = [{fold(text) for text in (*match, *teams_in(match[0])) if text} for match in (one, other)]
    return not names[0] or not names[1] or bool(names[0] & names[1])
