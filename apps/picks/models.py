"""A pick: one bet we recommend, the life it may lead, and everything that is kept about it."""

import uuid
from decimal import ROUND_HALF_EVEN, Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from apps.core.errors import AppError
from apps.feed.models import Kind, Side
from apps.picks.wording import short_odds


class Status(models.TextChoices):
    REVIEW = "admin_review"  # the engine proposed it; only reviewers see it
    PUBLISHED = "published"  # a reviewer let it out; customers see it
    REJECTED = "rejected"  # a reviewer kept it in
    EXPIRED = "expired"  # kick-off came first
    SETTLED = "settled"  # the result is known


# The whole life of a pick. A move that is not written here cannot happen: not in Python, and not in the database,
# whose trigger (migration 0002) holds the same table.
MOVES = {
    Status.REVIEW: {Status.PUBLISHED, Status.REJECTED, Status.EXPIRED},
    Status.PUBLISHED: {Status.SETTLED},
}
OUT = [Status.PUBLISHED, Status.SETTLED]  # what customers may see


class Outcome(models.TextChoices):
    WIN = "win"
    HALF_WIN = "half_win"
    PUSH = "push"
    HALF_LOSS = "half_loss"
    LOSS = "loss"
    VOID = "void"


class Origin(models.TextChoices):
    ENGINE = "engine"
    IMPORT = "import"


class MoveNotAllowed(AppError):
    code = "pick_move_not_allowed"


class Pick(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fixture = models.ForeignKey("feed.Fixture", on_delete=models.PROTECT, related_name="picks")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.ENGINE)
    # Copies of the fixture's, kept in step by follow_fixtures(): a page is read in this order, by these filters.
    sport = models.CharField(max_length=40)
    league = models.CharField(max_length=160, blank=True)
    kickoff_at = models.DateTimeField(null=True, help_text="Scheduled start, UTC.")

    question = models.CharField(max_length=16, choices=Kind, help_text="The market whose prices it came from.")
    market = models.CharField(max_length=16, choices=Kind, help_text="What it is graded as.")
    side = models.CharField(max_length=8, choices=Side)
    line = models.DecimalField(max_digits=6, decimal_places=2, null=True, help_text="Of the side that is backed.")
    selection = models.CharField(max_length=200, help_text="The bet in words.")

    odds = models.DecimalField(max_digits=8, decimal_places=3, help_text="Decimal odds offered.")
    fair_odds = models.DecimalField(max_digits=10, decimal_places=5, help_text="The anchor's, margin removed.")
    fair_probability = models.FloatField()
    edge = models.DecimalField(max_digits=12, decimal_places=8, help_text="odds x fair probability - 1, a fraction.")
    confidence = models.PositiveSmallIntegerField(help_text="1 to 5.")
    book = models.CharField(max_length=24, blank=True, help_text="Whose price is taken.")
    anchor = models.CharField(max_length=24, help_text="Whose price it is measured against.")
    anchor_age_seconds = models.PositiveIntegerField(null=True, help_text="Since the anchor's price was confirmed.")
    method = models.CharField(max_length=16, blank=True, help_text="How the margin was removed.")
    suspicious = models.BooleanField(default=False, help_text="An edge too large to be true: never automatic.")
    evidence = models.JSONField(default=dict, help_text="The quotes behind the edge.")

    analysis = models.TextField(blank=True)
    analysis_at = models.DateTimeField(null=True)
    analysis_edited = models.BooleanField(default=False)

    status = models.CharField(max_length=12, choices=Status, default=Status.REVIEW)
    proposed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)
    result = models.CharField(max_length=9, choices=Outcome, null=True, editable=False)
    profit = models.DecimalField(max_digits=10, decimal_places=4, null=True, editable=False, help_text="Per unit.")
    closing_fair_odds = models.DecimalField(max_digits=10, decimal_places=5, null=True, editable=False)
    clv = models.DecimalField(max_digits=12, decimal_places=8, null=True, editable=False, help_text="A fraction.")
    clv_missing = models.CharField(max_length=120, blank=True, editable=False, help_text="Why there is no CLV.")
    held = models.CharField(max_length=200, blank=True, help_text="Why it waits for a person to settle it.")
    held_at = models.DateTimeField(null=True, editable=False, help_text="When it was last looked at and held.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="pick_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="pick_odds_above_one", condition=Q(odds__gt=1, fair_odds__gt=1)),
            models.CheckConstraint(
                name="pick_probability_in_range", condition=Q(fair_probability__gt=0, fair_probability__lt=1)
            ),
            models.CheckConstraint(name="pick_confidence_1_to_5", condition=Q(confidence__range=(1, 5))),
            models.CheckConstraint(
                name="pick_out_has_times",
                condition=~Q(status__in=OUT) | Q(published_at__isnull=False, kickoff_at__isnull=False),
            ),
            models.CheckConstraint(
                name="pick_settled_has_result",
                condition=Q(status=Status.SETTLED, settled_at__isnull=False, result__isnull=False, profit__isnull=False)
                | (~Q(status=Status.SETTLED) & Q(settled_at__isnull=True, result__isnull=True, profit__isnull=True)),
            ),
            models.CheckConstraint(
                name="pick_result_known", condition=Q(result__isnull=True) | Q(result__in=Outcome.values)
            ),
            models.UniqueConstraint(
                name="pick_one_per_fixture_and_market",
                fields=["fixture", "question"],
                condition=Q(origin=Origin.ENGINE) & ~Q(status="expired"),
            ),
        ]
        indexes = [
            models.Index(F("kickoff_at").desc(), F("id").desc(), name="pick_page", condition=Q(status__in=OUT)),
            models.Index(
                F("sport"), F("kickoff_at").desc(), F("id").desc(), name="pick_page_sport", condition=Q(status__in=OUT)
            ),
            models.Index(
                Upper("league"),
                F("kickoff_at").desc(),
                F("id").desc(),
                name="pick_page_league",
                condition=Q(status__in=OUT),
            ),
            models.Index(fields=["status", "kickoff_at"]),
            models.Index(F("kickoff_at").desc(nulls_last=True), F("id"), name="pick_latest_start"),
            models.Index(
                fields=["settled_at"],
                include=["sport", "result", "profit", "edge", "clv"],
                name="pick_settled",
                condition=Q(status=Status.SETTLED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.selection} @ {short_odds(self.odds)}"

    @property
    def shown_odds(self) -> str:
        """As people write them: 1.90, 1.873."""
        return short_odds(self.odds)

    @property
    def edge_pct(self) -> Decimal:
        """100 x edge, two decimals, half even."""
        return (self.edge * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)

    @property
    def clv_pct(self) -> Decimal | None:
        """100 x CLV, two decimals, half even; None where there is no closing price."""
        return None if self.clv is None else (self.clv * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)

    def move_to(self, status: Status) -> None:
        """Set the new status in memory; saving is the service's job. MoveNotAllowed for any other move."""
        if status not in MOVES.get(Status(self.status), ()):
            raise MoveNotAllowed(f"A pick in {self.status} cannot become {status}.")
        self.status = status


class Decision(models.Model):
    """Who did what to a pick, when and why. `by` is null where the switch for automatic publishing did it."""

    class Action(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"
        EDITED = "edited"
        SETTLED = "settled"
        EXPIRED = "expired"
        KICKOFF = "kickoff_entered"

    pick = models.ForeignKey(Pick, on_delete=models.CASCADE, related_name="decisions")
    action = models.CharField(max_length=16, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.action} by {self.by or 'the system'}"


class Settlement(models.Model):
    """One grading of a pick. The highest number counts; a correction adds one and changes none."""

    pick = models.ForeignKey(Pick, on_delete=models.CASCADE, related_name="settlements")
    number = models.PositiveSmallIntegerField()
    result = models.CharField(max_length=9, choices=Outcome)
    profit = models.DecimalField(max_digits=10, decimal_places=4)
    rule = models.CharField(max_length=40, help_text="Which rule graded it.")
    evidence = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["pick", "number"], name="settlement_numbered_once")]

    def __str__(self) -> str:
        return f"{self.result} ({self.rule})"


class DailyRecord(models.Model):
    """The counted settlements of one UTC day and sport, kept in step by the transaction that settles. No voids."""

    day = models.DateField()
    sport = models.CharField(max_length=40)
    settled = models.IntegerField(default=0)
    pushes = models.IntegerField(default=0)
    wins = models.IntegerField(default=0, help_text="win and half_win.")
    profit = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    profit_squares = models.DecimalField(max_digits=24, decimal_places=8, default=0)
    edge_sum = models.DecimalField(max_digits=18, decimal_places=8, default=0)
    clv_count = models.IntegerField(default=0)
    clv_beats = models.IntegerField(default=0, help_text="CLV above 0.")
    clv_sum = models.DecimalField(max_digits=18, decimal_places=8, default=0)
    clv_squares = models.DecimalField(max_digits=28, decimal_places=16, default=0)

    class Meta:
        ordering = ["day", "sport"]
        constraints = [models.UniqueConstraint(fields=["day", "sport"], name="record_once_per_day_and_sport")]


class PickCount(models.Model):
    """How many picks that are out kick off on a UTC day: one sum for each filter a page may have.

    `sport` and `league` (in capitals) are null in the sums over all of them. The database adds a row with every change
    (migration 0004); `fold_counts` makes many into one. What matters is the sum of a filter's rows, never one row.
    """

    sport = models.CharField(max_length=40, null=True)
    league = models.TextField(null=True)
    day = models.DateField()
    picks = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["sport", "league", "day"], include=["picks"], name="pick_count_of_a_filter")]


class AutoPublish(models.Model):
    """The switch that publishes without a person, per sport. Without a row it is off; suspicious picks never pass."""

    sport = models.CharField(max_length=40, unique=True, help_text="A sport's slug, or * for every sport.")
    enabled = models.BooleanField(default=False)
    sandbox_only = models.BooleanField(default=True, help_text="Only fixtures of the sandbox.")
    min_edge_pct = models.DecimalField(max_digits=6, decimal_places=2, default=3)
    min_confidence = models.PositiveSmallIntegerField(default=3)
    delay_seconds = models.PositiveIntegerField(default=8, help_text="How long a pick waits for a reviewer first.")

    class Meta:
        verbose_name = "automatic publishing"
        verbose_name_plural = "automatic publishing"

    def __str__(self) -> str:
        return f"{self.sport}: {'on' if self.enabled else 'off'}"
