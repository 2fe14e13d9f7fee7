"""Rows for tests, each complete enough to pass the database's own checks.

PickFactory makes a pick in review; `PickFactory(published=True)` and `PickFactory(settled=True)` make one that is out.
Sport, league and kick-off given to a pick are its fixture's too, as in the real thing.
"""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from apps.access.keys import hash_secret, hex_digits, new_secret
from apps.access.models import ApiKey, ApiSecret
from apps.accounts.models import Organization
from apps.feed.models import Fixture, Kind, Side
from apps.picks.models import Outcome, Pick, Status

KICKOFF = datetime(2026, 5, 25, 15, tzinfo=UTC)


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Customer {n}")
    tier = "enterprise"


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """`secret` is given back on the instance, for the test to call with: `ApiKeyFactory(tier="growth").secret`."""

    class Meta:
        model = ApiKey
        exclude = ["secret", "tier"]

    class Params:
        tier = "enterprise"

    secret = factory.LazyFunction(new_secret)
    organization = factory.SubFactory(OrganizationFactory, tier=factory.SelfAttribute("..tier"))
    name = "test"
    prefix = factory.LazyAttribute(lambda key: hex_digits(key.secret)[:8])
    last_four = factory.LazyAttribute(lambda key: hex_digits(key.secret)[-4:])
    created_at = factory.LazyFunction(timezone.now)
    changed_at = factory.SelfAttribute("created_at")

    @classmethod
    def _generate(cls, strategy: Any, params: dict[str, Any]) -> Any:
        params.setdefault("secret", new_secret())
        key = super()._generate(strategy, params)
        key.secret = params["secret"]
        ApiSecret.objects.create(
            key=key,
            secret_hash=hash_secret(key.secret),
            prefix=key.prefix,
            last_four=key.last_four,
            created_at=key.created_at,
        )
        return key


class FixtureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Fixture

    internal_id = factory.Sequence(lambda n: str(10_000 + n))
    bfi = factory.Sequence(lambda n: str(35_000_000 + n))
    sport = "soccer"
    league = "Premier League"
    home_team = "Arsenal"
    away_team = "Chelsea"
    name = factory.LazyAttribute(lambda fixture: f"{fixture.home_team} v {fixture.away_team}")
    kickoff_at = KICKOFF
    kickoff_source = "feed"
    first_seen_at = factory.LazyAttribute(lambda fixture: (fixture.kickoff_at or KICKOFF) - timedelta(days=3))
    last_seen_at = factory.SelfAttribute("first_seen_at")


class PickFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Pick

    class Params:
        published = factory.Trait(
            status=Status.PUBLISHED,
            published_at=factory.LazyAttribute(lambda pick: pick.kickoff_at - timedelta(hours=7)),
        )
        settled = factory.Trait(
            published=True,
            status=Status.SETTLED,
            settled_at=factory.LazyAttribute(lambda pick: pick.kickoff_at + timedelta(hours=2)),
            result=Outcome.WIN,
            profit=factory.LazyAttribute(lambda pick: pick.odds - 1),
        )

    id = factory.LazyFunction(uuid.uuid4)
    sport = "soccer"
    league = "Premier League"
    kickoff_at = KICKOFF
    fixture = factory.SubFactory(
        FixtureFactory,
        sport=factory.SelfAttribute("..sport"),
        league=factory.SelfAttribute("..league"),
        kickoff_at=factory.SelfAttribute("..kickoff_at"),
    )
    question = Kind.MATCH_ODDS
    market = Kind.ASIAN_HANDICAP
    side = Side.HOME
    line = Decimal("-0.5")
    selection = "Arsenal -0.5 Asian Handicap"
    odds = Decimal("1.91")
    fair_odds = Decimal("1.83301")
    fair_probability = 1.042 / 1.91
    edge = Decimal("0.042")
    confidence = 3
    book = "bookmaker"
    anchor = "pinnacle"
    anchor_age_seconds = 40
    method = "power"
    analysis = "Arsenal vs Chelsea: Pinnacle fair value is 1.83 on Arsenal -0.5."
    analysis_at = factory.LazyAttribute(lambda pick: (pick.kickoff_at or KICKOFF) - timedelta(hours=8))
    proposed_at = factory.LazyAttribute(lambda pick: (pick.kickoff_at or KICKOFF) - timedelta(hours=8))
