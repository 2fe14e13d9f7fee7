"""Times that passed, and hints at what to look for, in words."""

from datetime import timedelta

import pytest

from apps.dashboard.webhooks.wording import hint, span
from apps.webhooks.sender import Attempted


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"microseconds": -5}, "0 ms"),
        ({"milliseconds": 412}, "412 ms"),
        ({"milliseconds": 999.6}, "1.0 s"),
        ({"seconds": 4.1}, "4.1 s"),
        ({"seconds": 59.96}, "1 min 00 s"),
        ({"minutes": 12, "seconds": 3}, "12 min 03 s"),
        ({"hours": 1, "minutes": 2}, "1 h 02 min"),
        ({"days": 2, "hours": 3, "minutes": 59}, "2 d 03 h"),
    ],
)
def test_a_span_is_as_exact_as_it_is_short(passed: dict[str, float], words: str) -> None:
    assert span(timedelta(**passed)) == words
    assert span(None) == ""


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (Attempted(status_code=301, error="Answered 301; redirects are not followed."), "Register the address"),
        (Attempted(status_code=405, error="Answered 405."), "POST"),
        (Attempted(status_code=599, error="Answered 599."), "Your receiver's own log"),
        (Attempted(error="No answer came within 10 s."), "Answer first"),
        (Attempted(error="No connection to 192.0.2.1 was made: it was refused."), "Is it running"),
        (Attempted(error="TLS was not agreed on: the certificate is not accepted (expired)."), "The certificate"),
        (Attempted(error="The name hooks.example.test does not resolve."), "public DNS"),
    ],
)
def test_a_failure_hints_at_its_cause(tried: Attempted, words: str) -> None:
    assert words in hint(tried)


@pytest.mark.parametrize("tried", [Attempted(status_code=200), Attempted(status_code=418, error="Answered 418.")])
def test_where_nobody_could_know_better_there_is_no_hint(tried: Attempted) -> None:
    assert hint(tried) == ""
