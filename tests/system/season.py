"""A small football season in the files' own form, so that a replay is as long and as good as a test wants it."""

from datetime import datetime, timedelta
from pathlib import Path

HEADER = "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,PSH,PSD,PSA,MaxH,MaxD,MaxA,PSCH,PSCD,PSCA,MaxCH,MaxCD,MaxCA"
LINE, CLOSE = "2.00,3.60,4.00", "1.95,3.65,4.20"
# Against that line: a bet of 3 %, no bet at all, and one too good to be true.
OFFERS = {"edge": "2.12,3.50,3.90", "none": "1.98,3.50,3.90", "suspicious": "2.42,3.50,3.90"}
GOALS = ("1,0", "0,2", "2,2", "3,1")
BEGAN = datetime(2024, 8, 16, 12, 30)


def kind_of(number: int) -> str:
    """What the match of this number offers."""
    return "none" if number % 6 == 5 else "suspicious" if number % 9 == 7 else "edge"


MATCHES = 12  # of the season that the feed's tests share
EDGES = sum(kind_of(number) != "none" for number in range(MATCHES))


def home_of(number: int) -> str:
    return f"Home{number:03d} Rovers"


def write_season(path: Path, *, matches: int) -> Path:
    """One match an hour between clubs that meet but once."""
    lines = [HEADER]
    for number in range(matches):
        at = BEGAN + timedelta(hours=number)
        offer = OFFERS[kind_of(number)]
        last_offer = offer.replace("3.50", "3.55")  # before the start every price moves, and no bet is lost by it
        lines.append(
            f"E0,{at:%d/%m/%Y},{at:%H:%M},{home_of(number)},Away{number:03d} Wanderers,{GOALS[number % 4]},"
            f"{LINE},{offer},{CLOSE},{last_offer}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path
