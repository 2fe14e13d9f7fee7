"""The web process with limits that no fuzzer reaches: the same application, after THE table of tiers was raised.

A module of the tests, so that the product has no setting by which a limit could be lifted.
"""

from dataclasses import replace

from apps.accounts.tiers import TIERS

for slug, tier in TIERS.items():
    TIERS[slug] = replace(tier, hourly=1_000_000, monthly=10_000_000)

from betedge.wsgi import application  # noqa: E402  the table comes first

__all__ = ["application"]
