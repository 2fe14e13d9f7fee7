"""What the feed told us: fixtures, their markets and prices, results, and how well each poll is doing."""

from datetime import datetime

from django.db import models
from django.db.models import Q


class Origin(models.TextChoices):
    LIVE = "live"  # a real feed
    SANDBOX = "sandbox"  # the stand-in of `make run` and `replay`: shown as such wherever a person sees it
    IMPORT = "import"  # made by import_picks


class Side(models.TextChoices):
    HOME = "home"
    DRAW = "draw"
    AWAY = "away"
    OVER = "over"
    UNDER = "under"
    OTHER = "other"


class Kind(models.TextChoices):
    MATCH_ODDS = "match_odds"
    ASIAN_HANDICAP = "asian_handicap"
    TOTALS = "totals"
    OTHER = "other"


class Fixture(models.Model):
    """One sporting event. Either upstream id may be missing; a record that shows both merges two rows."""

    internal_id = models.CharField(max_length=32, null=True, blank=True, unique=True)
    bfi = models.CharField(max_length=32, null=True, blank=True, unique=True, help_text="Betfair event id.")
    sport = models.CharField(max_length=40)
    league = models.CharField(max_length=160, blank=True)
    name = models.CharField(max_length=255)
    home_team = models.CharField(max_length=160, blank=True)
    away_team = models.CharField(max_length=160, blank=True)
    kickoff_at = models.DateTimeField(null=True, blank=True, help_text="Scheduled start, UTC.")
    kickoff_source = models.CharField(max_length=16, blank=True, help_text="feed, anchor, reviewer or import.")
    started_at = models.DateTimeField(null=True, blank=True, help_text="First seen in play.")
    in_play = models.BooleanField(default=False)
    waiting_at = models.DateTimeField(null=True, blank=True, help_text="Last seen listed and not yet in play.")
    tournament = models.BooleanField(default=False, help_text="A tournament-level market: no picks, no alarms.")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.LIVE)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged", editable=False
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    odds_due_at = models.DateTimeField(null=True, blank=True, help_text="When its prices are asked next.")
    odds_digest = models.CharField(max_length=64, blank=True, help_text="Of its last /odds/unified frame.")
    odds_read_at = models.DateTimeField(null=True, blank=True, help_text="When its prices were last read in full.")
    result_due_at = models.DateTimeField(null=True, blank=True, help_text="When its result is asked next.")
    result_asks = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="fixture_sport_is_slug", condition=Q(sport__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$")),
        ]
        indexes = [
            models.Index(fields=["kickoff_at"]),
            models.Index(fields=["sport", "kickoff_at"]),
            models.Index(fields=["odds_due_at"], condition=Q(odds_due_at__isnull=False), name="fixture_odds_due"),
            models.Index(fields=["result_due_at"], condition=Q(result_due_at__isnull=False), name="fixture_result_due"),
            # Almost none, or almost all: whether a record counts invented matches is asked with every page of it.
            models.Index(fields=["id"], condition=Q(origin="sandbox"), name="fixture_of_the_sandbox"),
        ]

    def __str__(self) -> str:
        return self.name

    def may_have_begun(self, now: datetime) -> bool:
        """Whether it was seen in play, or its start has passed or is not known."""
        return self.started_at is not None or self.kickoff_at is None or self.kickoff_at <= now


class KickoffChange(models.Model):
    """Every change of a scheduled start: a moved kick-off moves the closing price."""

    fixture = models.ForeignKey(Fixture, on_delete=models.CASCADE, related_name="kickoff_changes")
    old = models.DateTimeField(null=True)
    new = models.DateTimeField(null=True)
    source = models.CharField(max_length=16)
    observed_at = models.DateTimeField()

    class Meta:
        ordering = ["observed_at"]


class TeamAlias(models.Model):
    """Two spellings of one side, folded (see anchors/joining.py): `name` is read as `same_as`."""

    sport = models.CharField(max_length=40)
    name = models.CharField(max_length=160)
    same_as = models.CharField(max_length=160)

    class Meta:
        verbose_name_plural = "team aliases"
        constraints = [models.UniqueConstraint(fields=["sport", "name"], name="alias_once_per_sport")]

    def __str__(self) -> str:
        return f"{self.name} = {self.same_as}"


class AnchorRow(models.Model):
    """One event as an anchor names it, and the fixture it was joined to, if any."""

    source = models.CharField(max_length=16, default="pinnacle")
    external_id = models.CharField(max_length=64)
    sport = models.CharField(max_length=40)
    home_team = models.CharField(max_length=160)
    away_team = models.CharField(max_length=160)
    commence_at = models.DateTimeField(null=True)
    fixture = models.ForeignKey(Fixture, null=True, on_delete=models.SET_NULL, related_name="anchor_rows")
    swapped = models.BooleanField(default=False, help_text="The anchor names our home side as away.")
    feed = models.CharField(max_length=80, help_text="The upstream list it stands in.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="anchor_row_once")]
        indexes = [models.Index(fields=["source", "feed"])]

    def __str__(self) -> str:
        return f"{self.home_team} v {self.away_team}"


class Market(models.Model):
    """One question about a fixture, as one book asks it."""

    fixture = models.ForeignKey(Fixture, on_delete=models.CASCADE, related_name="markets")
    book = models.CharField(max_length=24, help_text="Whose prices: pinnacle, exchange, bookmaker, …")
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.OTHER)
    line = models.DecimalField(max_digits=6, decimal_places=2, null=True, help_text="The home side's, or the total.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fixture", "book", "external_id"], name="market_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.book})"


class Price(models.Model):
    """What a book offers on a selection at one moment; null odds: nothing on that side of the book."""

    back_odds = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    back_size = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    lay_odds = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    lay_size = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    is_open = models.BooleanField(default=True, help_text="Bets are taken; false once suspended or withdrawn.")
    in_play = models.BooleanField(default=False)
    fresh = models.BooleanField(default=True, help_text="The feed said the price was live.")
    observed_at = models.DateTimeField(help_text="When this price was first seen.")

    class Meta:
        abstract = True


class Selection(Price):
    """One answer to a market, with its latest price. Each change of that price is also a Quote."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="selections")
    name = models.CharField(max_length=160)
    side = models.CharField(max_length=8, choices=Side, default=Side.OTHER)
    last_confirmed_at = models.DateTimeField(help_text="When this price was last seen; age counts from here.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["market", "name"], name="selection_once"),
            models.CheckConstraint(
                name="selection_odds_above_one",
                condition=(Q(back_odds__isnull=True) | Q(back_odds__gt=1))
                & (Q(lay_odds__isnull=True) | Q(lay_odds__gt=1)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.back_odds or '-'}"


class Quote(Price):
    """A price from `observed_at` until `confirmed_until` (null: it is the selection's latest)."""

    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="quotes")
    confirmed_until = models.DateTimeField(null=True, help_text="When it was last seen before it changed.")

    class Meta:
        ordering = ["observed_at", "id"]
        indexes = [models.Index(fields=["selection", "observed_at"])]


class Result(models.Model):
    """How a fixture ended, as the feed said it. A record that says something else is a further row."""

    fixture = models.ForeignKey(Fixture, on_delete=models.CASCADE, related_name="results")
    winner = models.CharField(max_length=160, blank=True, help_text="As upstream names it, tag removed.")
    tagged = models.BooleanField(default=False, help_text="Upstream guessed: `(favourite)`.")
    side = models.CharField(max_length=8, choices=Side, blank=True, help_text="Blank: names neither side nor the draw.")
    home_score = models.PositiveSmallIntegerField(null=True)
    away_score = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=24, default="completed", help_text="completed, abandoned, walkover, …")
    completed_at = models.DateTimeField(null=True)
    observed_at = models.DateTimeField()
    evidence = models.JSONField(default=dict, help_text="The record as it came.")

    class Meta:
        ordering = ["observed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fixture", "winner", "tagged", "home_score", "away_score", "status"],
                name="result_said_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        score = f" {self.home_score}-{self.away_score}" if self.home_score is not None else ""
        return f"{self.winner or 'no winner'}{score}"


class Poll(models.Model):
    """One recurring request to an upstream: when it is due, and how it went. Claimed by moving `due_at`."""

    name = models.CharField(max_length=80, primary_key=True)
    due_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    records = models.PositiveIntegerField(default=0, help_text="In the last good answer.")
    skipped = models.PositiveIntegerField(default=0, help_text="Unreadable records in the last good answer.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
