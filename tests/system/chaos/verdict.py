"""Account for every event: what must hold after a run, each violation in a sentence, and the figures for a table."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.system.chaos.killing import DELIVERERS
from tests.system.chaos.ledger import Arrival
from tests.system.chaos.run import Seen

PUBLISHED, SETTLED = "pick.published", "pick.settled"
MOST_SHOWN = 5  # of one kind
LATE_SECONDS = 0.5  # a receiver may read a request so long after its sender's end


def violations(seen: Seen) -> list[str]:
    """Empty where nothing was lost, altered, told out of turn or told too often."""
    kinds = (the_log, arrived, genuine, in_turn, repeated, streamed, recorded, consistent)
    return [sentence for kind in kinds for sentence in shortened(list(kind(seen)))]


def shortened(sentences: list[str]) -> list[str]:
    more = len(sentences) - MOST_SHOWN
    return sentences if more <= 0 else [*sentences[:MOST_SHOWN], f"… and {more} more of this kind."]


def the_log(seen: Seen) -> Iterator[str]:
    """Every pick was published and settled, once, and is listed."""
    if [row[0] for row in seen.log] != list(range(1, 2 * seen.size.picks + 1)):
        yield f"The log holds {len(seen.log)} events, of {2 * seen.size.picks}, or has gaps."
    told = Counter((kind, pick) for _sequence, _id, kind, pick, _body in seen.log)
    for (kind, pick), times in told.items():
        if times != 1:
            yield f"{kind} of pick {pick} stands in the log {times} times."

    if seen.listed != seen.size.picks:
        yield f"The API lists {seen.listed} picks of {seen.size.picks}."


def arrived(seen: Seen) -> Iterator[str]:
    """Every event was accepted by every receiver, and nothing else was."""
    accepted = seen.arrivals.accepted()
    expected = {(path, row[1]) for path in seen.paths.values() for row in seen.log}
    for path, event in sorted(expected - accepted.keys()):
        yield f"Event {event} never arrived at {path}."
    for path, event in sorted(accepted.keys() - expected):
        yield f"Event {event} arrived at {path} and is in no log."


def genuine(seen: Seen) -> Iterator[str]:
    """Every request had the very bytes of the log, and a signature that both verifiers take."""
    bodies = {event: (kind, body.encode()) for _sequence, event, kind, _pick, body in seen.log}
    for arrival in seen.arrivals.arrivals:
        if bodies.get(arrival.event_id) != (arrival.event, arrival.body):
            yield f"Event {arrival.event_id} arrived at {arrival.path} with other bytes than the log's."
        if not arrival.signed:
            yield f"Event {arrival.event_id} arrived at {arrival.path} with a signature that does not verify."


def in_turn(seen: Seen) -> Iterator[str]:
    """No receiver was told that a pick is settled before it had accepted that the pick is published."""
    accepted = seen.arrivals.accepted()
    first = {key: min(each.answered or 0.0 for each in found) for key, found in accepted.items()}
    picks = {(pick, kind): event for _sequence, event, kind, pick, _body in seen.log}
    published = {picks[pick, SETTLED]: picks[pick, PUBLISHED] for pick, kind in picks if kind == SETTLED}
    for arrival in seen.arrivals.arrivals:
        before = published.get(arrival.event_id)
        if before is not None and arrival.began < first.get((arrival.path, before), float("inf")):
            yield f"Event {arrival.event_id} came to {arrival.path} before the publication of its pick was accepted."


def repeats(seen: Seen) -> list[tuple[Arrival, Arrival]]:
    """Each acceptance of what had been accepted already, with the one before it."""
    return [pair for found in seen.arrivals.accepted().values() for pair in pairwise(found)]


def repeated(seen: Seen) -> Iterator[str]:
    """Only what was under way at a kill came twice."""
    kills = sorted(at for name, at in seen.killed if name in DELIVERERS)
    again = repeats(seen)
    for first, second in again:
        next_kill = bisect_left(kills, first.began - LATE_SECONDS)
        if next_kill == len(kills) or kills[next_kill] > second.began:
            yield f"Event {first.event_id} came to {first.path} twice, and no deliverer was killed in between."
    bound = len(kills) * seen.arrivals.most_under_way
    if len(again) > bound:
        yield f"{len(again)} deliveries came again: more than {len(kills)} kills × {seen.arrivals.most_under_way}."


def streamed(seen: Seen) -> Iterator[str]:
    """Every reader was told every event once, in the log's order, as the log has it."""
    expected = [(sequence, kind, json.loads(body)["data"]) for sequence, _id, kind, _pick, body in seen.log]
    for number, reader in enumerate(seen.readers, start=1):
        told = [(each.sequence, each.event, json.loads(each.data)) for each in reader.told]
        if told != expected:
            yield f"Reader {number} of the stream was told {differences([row[0] for row in told], len(expected))}."


def differences(sequences: Sequence[int], last: int) -> str:
    times = Counter(sequences)
    missing = [each for each in range(1, last + 1) if not times[each]]
    twice = [each for each, number in times.items() if number > 1]
    back = [after for before, after in pairwise(sequences) if after <= before]
    return (
        f"{len(sequences)} events of {last}; missing {missing[:5]} ({len(missing)}), "
        f"repeated {twice[:5]} ({len(twice)}), out of order {back[:5]} ({len(back)})"
    )


def recorded(seen: Seen) -> Iterator[str]:
    """The database says so too: one delivery per event and subscription, all delivered, nobody stopped."""
    expected = {(subscription, row[1]) for subscription in seen.paths for row in seen.log}
    found = Counter((subscription, event) for _id, subscription, event, _status, _attempts in seen.deliveries)
    if found != Counter(expected):
        yield f"There are {len(seen.deliveries)} deliveries for {len(expected)} pairs of event and subscription."
    for delivery, _subscription, event, status, _attempts in seen.deliveries:
        if status != "delivered":
            yield f"Delivery {delivery} of event {event} is {status}."
    for subscription, status in seen.subscriptions:
        if status != "active":
            yield f"Subscription {subscription} is {status}."


def consistent(seen: Seen) -> Iterator[str]:
    """Attempts are numbered without gaps, end with the one that arrived, and are those that the receivers saw."""
    attempts = defaultdict(list)
    for delivery, number, status, _error in seen.attempts:
        attempts[delivery].append((number, status))
    for delivery, _subscription, _event, status, count in seen.deliveries:
        tried = attempts[delivery]
        if [number for number, _status in tried] != list(range(1, count + 1)):
            yield f"Delivery {delivery} counts {count} attempts and has {[number for number, _status in tried]}."
        well = [number for number, status in tried if status == 200]
        if status == "delivered" and well != [count]:
            yield f"Delivery {delivery} is delivered, and these of {count} attempts were accepted: {well}."
    answered = Counter((each.delivery_id, each.attempt, each.status) for each in seen.arrivals.arrivals)
    for delivery, number, status, _error in seen.attempts:
        if status is not None and not answered[delivery, number, status]:
            yield f"Attempt {number} of delivery {delivery} was answered {status}, and no receiver did."


def table(seen: Seen) -> list[tuple[str, str]]:
    """Figures of the run, each with what it counts."""
    kills = Counter(name for name, _at in seen.killed)
    statuses = Counter(each.status for each in seen.arrivals.arrivals)
    of_deliverers = sum(kills[name] for name in DELIVERERS)
    unanswered = sum(status is None for _delivery, _number, status, _error in seen.attempts)
    return [
        ("seconds", f"{seen.seconds:.0f}"),
        ("killed", ", ".join(f"{name} {count}" for name, count in sorted(kills.items()))),
        ("events", f"{len(seen.log):,}"),
        ("subscriptions × events", f"{len(seen.paths) * len(seen.log):,}"),
        (
            "requests that arrived",
            f"{len(seen.arrivals.arrivals):,}: {statuses[200]:,} accepted, {statuses[500]:,} refused",
        ),
        ("attempts recorded", f"{len(seen.attempts):,}, of which {unanswered} without an answer"),
        ("most under way at once", f"{seen.arrivals.most_under_way} at the receivers"),
        ("under way at a deliverer's kill", f"{sum(seen.in_flight)} in {of_deliverers} kills"),
        ("accepted twice", f"{len(repeats(seen))} of at most {of_deliverers * seen.arrivals.most_under_way}"),
        ("streams opened", ", ".join(str(reader.opened) for reader in seen.readers)),
        ("streams refused", ", ".join(str(dict(reader.refused)) for reader in seen.readers)),
        ("events told by each stream", ", ".join(f"{len(reader.told):,}" for reader in seen.readers)),
    ]
