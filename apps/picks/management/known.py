"""From an id typed on a command line to a pick that exists."""

from uuid import UUID

from django.core.management.base import CommandError

from apps.picks.models import Pick


def known_pick(text: str) -> UUID:
    """The id of a pick that exists; CommandError with exit code 2 where `text` is none."""
    try:
        pick_id = UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is not the id of a pick; ids look like {UUID(int=0)}.", returncode=2) from None
    if not Pick.objects.filter(pk=pick_id).exists():
        raise CommandError(f"No pick has the id {pick_id}; the review queue in the admin shows them.", returncode=2)
    return pick_id
