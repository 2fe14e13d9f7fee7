"""THE table of tiers: what each costs in requests, and which endpoints it opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """What an organisation on this tier may do.

    hourly: requests of one key in any 3,600 s. monthly: requests of the organisation in a UTC calendar month.
    active_keys: how many working keys it may hold. rank: order of the tiers, the dearest highest.
    """

    slug: str
    rank: int
    hourly: int
    monthly: int
    active_keys: int


STARTER = Tier("starter", rank=1, hourly=100, monthly=10_000, active_keys=2)
GROWTH = Tier("growth", rank=2, hourly=1_000, monthly=100_000, active_keys=10)
ENTERPRISE = Tier("enterprise", rank=3, hourly=10_000, monthly=1_000_000, active_keys=50)


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that a tier opens, and where it is under /api/v1."""

    path: str
    words: str


OPENS = {  # by tier what it opens beyond the one below it
    STARTER.slug: (
        Opening("/picks", "Published and settled picks"),
        Opening("/usage", "What is left of the hour and the month"),
    ),
    GROWTH.slug: (
        Opening("/webhooks", "Webhooks: events sent to a URL of yours"),
        Opening("/track-record", "The track record, with its standard errors"),
        Opening("/match-analyses", "The analysis of each pick"),
    ),
    ENTERPRISE.slug: (Opening("/picks/stream", "The stream: picks as they are published"),),
}
TIERS = {tier.slug: tier for tier in (STARTER, GROWTH, ENTERPRISE)}


def reaches(current: str, minimum: str) -> bool:
    """Whether a tier opens what the minimum tier opens. KeyError for an unknown slug."""
    return TIERS[current].rank >= TIERS[minimum].rank


def lost_between(current: str, wanted: str) -> list[Opening]:
    """What the current tier opens and the wanted one does not, in the table's order. KeyError for an unknown slug."""
    lost = [slug for slug in TIERS if reaches(current, slug) and not reaches(wanted, slug)]
    return [each for slug in lost for each in OPENS[slug]]


def opening(minimum: Tier) -> list[str]:
    """The slugs of the tiers that open what the minimum tier opens."""
    return [slug for slug in TIERS if reaches(slug, minimum.slug)]
