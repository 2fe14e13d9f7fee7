"""Our tables as another project would see them."""

from django.db import models


class Fixture(models.Model):
    home_team = models.CharField(max_length=160)
    away_team = models.CharField(max_length=160)

    class Meta:
        managed = False
        db_table = "feed_fixture"


class Pick(models.Model):
    id = models.UUIDField(primary_key=True)
    fixture = models.ForeignKey(Fixture, on_delete=models.PROTECT)
    sport = models.CharField(max_length=40)
    league = models.CharField(max_length=160)
    kickoff_at = models.DateTimeField()
    selection = models.CharField(max_length=200)
    odds = models.DecimalField(max_digits=8, decimal_places=3)
    edge = models.DecimalField(max_digits=12, decimal_places=8)
    clv = models.DecimalField(max_digits=12, decimal_places=8, null=True)
    profit = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    confidence = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12)
    settled_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=9, null=True)
    anchor = models.CharField(max_length=24)

    objects: models.Manager["Pick"] = models.Manager()

    class Meta:
        managed = False
        db_table = "picks_pick"
