"""What the pages say of endpoints and error codes; tiers are accounts.tiers', statuses core.errors'."""

from dataclasses import dataclass

from apps.accounts.tiers import ENTERPRISE, GROWTH, STARTER, TIERS, Tier
from apps.core.errors import PUBLIC_STATUS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """path: below /api/v1. tier: the lowest that opens it. page: the slug of the page about it. methods: it takes."""

    path: str
    tier: Tier
    page: str
    about: str
    methods: tuple[str, ...] = ("GET",)

    @property
    def opened_by(self) -> list[Tier]:
        return [tier for tier in TIERS.values() if tier.rank >= self.tier.rank]


ENDPOINTS = (
    Endpoint("/picks", STARTER, "picks", "Published and settled picks, newest kick-off first."),
    Endpoint("/picks/stream", ENTERPRISE, "stream", "Picks as they are published, over a connection that stays open."),
    Endpoint("/picks/{id}", STARTER, "picks", "One of them."),
    Endpoint("/track-record", GROWTH, "track-record", "How settled picks did over the last days."),
    Endpoint("/match-analyses/{matchId}", GROWTH, "match-analyses", "The text behind a pick."),
    Endpoint("/usage", STARTER, "usage", "What is left of the hour and the month. Never counted."),
    Endpoint("/webhooks", GROWTH, "webhooks", "Have events sent to a URL of yours.", ("POST", "GET")),
    Endpoint("/webhooks/{id}", GROWTH, "webhooks", "One webhook.", ("GET", "PATCH", "DELETE")),
    Endpoint("/webhooks/{id}/rotate-secret", GROWTH, "webhooks", "A new secret for it.", ("POST",)),
    Endpoint("/webhooks/{id}/test", GROWTH, "webhooks", "Send it a test.", ("POST",)),
    Endpoint("/webhooks/{id}/enable", GROWTH, "webhooks", "Switch it on again.", ("POST",)),
    Endpoint("/webhooks/{id}/deliveries", GROWTH, "webhooks", "What was sent to it, and what came of it."),
    Endpoint(
        "/webhooks/{id}/deliveries/{delivery_id}/redeliver", GROWTH, "webhooks", "Send a delivery again.", ("POST",)
    ),
)
BY_PATH = {endpoint.path: endpoint for endpoint in ENDPOINTS}


@dataclass(frozen=True, slots=True)
class Meaning:
    """when: what went wrong. do: what the caller's program should do. fields, headers: what comes beside the code.

    `Backticks` hold code.
    """

    when: str
    do: str
    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


MEANINGS = {
    "invalid_cursor": Meaning(
        "The cursor is neither a `next_cursor` of ours nor an RFC 3339 time.",
        "Send `next_cursor` back exactly as it came, URL-encoded; or leave `cursor` out to begin at the first page.",
    ),
    "invalid_events": Meaning(
        "An event is named that there is not.",
        "Name those in `allowed`: in `events` of a stream with a comma, of a webhook in a list.",
        fields=("allowed",),
    ),
    "invalid_url": Meaning(
        "A webhook's URL breaks a rule; `reason` says which.",
        "Register an `https://` URL on port 443 or 8443 whose host the whole internet can reach.",
        fields=("reason",),
    ),
    "invalid_parameter": Meaning(
        "A query parameter cannot be read, such as `limit=ten`.",
        "Mend the parameter that is named. The same request will fail again.",
        fields=("parameter",),
    ),
    "invalid_request": Meaning(
        "The request as a whole cannot be read: its address, its host or its body; then `field` says which part of the "
        "body, where it is one. Or a delivery is to be sent again to a webhook that is not active.",
        "Look at how your program builds the request. The same request will fail again.",
        fields=("field",),
    ),
    "invalid_api_key": Meaning(
        "The key is missing, malformed, unknown, expired or revoked. The answer is the same for all five, "
        "so that nobody learns by guessing.",
        "Send one `Authorization` header with a key that works. Do not retry: failed keys are limited by address.",
        headers=("WWW-Authenticate",),
    ),
    "tier_upgrade_required": Meaning(
        "Your key works, but your tier does not open this endpoint.",
        "Stop calling it, or move to the tier in `minimum_tier`. A new tier counts from the next request.",
        fields=("minimum_tier", "current_tier"),
    ),
    "not_found": Meaning(
        "There is no such path; or no pick or analysis with this id, or none that has been published; or no webhook or "
        "delivery of your key.",
        "Check the path and the id. A pick keeps its id once it is published; a webhook answers only to its own key.",
    ),
    "method_not_allowed": Meaning(
        "The path exists but does not take this method.",
        "Use one of the methods in the `Allow` header.",
        headers=("Allow",),
    ),
    "payload_too_large": Meaning(
        "The request's body holds more than 64 KiB.",
        "Send less: nothing on these pages needs more than 4 KiB.",
    ),
    "unsupported_media_type": Meaning(
        "The body of a `POST`, `PUT` or `PATCH` is not declared as `application/json`.",
        "Declare it as `Content-Type: application/json`, or send no body where none is asked for.",
    ),
    "rate_limit_exceeded": Meaning(
        "Your key has used its hour. Without limit headers: too many keys that do not work came from your address.",
        "Wait `retry_after_seconds`, then send the same request again.",
        fields=("retry_after_seconds",),
        headers=("Retry-After",),
    ),
    "monthly_quota_exceeded": Meaning(
        "Your organisation has used its month.",
        "Stop until `resets_at`, or move to a higher tier.",
        fields=("resets_at",),
        headers=("Retry-After",),
    ),
    "stream_limit": Meaning(
        "Your key has as many streams open as it may.",
        "End one, or wait the seconds in `Retry-After`: one that broke is free within six seconds.",
        fields=("limit",),
        headers=("Retry-After",),
    ),
    "duplicate_url": Meaning(
        "The key has a webhook with this URL already.",
        "Use the one named in `subscription_id`: its events can be changed.",
        fields=("subscription_id",),
    ),
    "subscription_limit": Meaning(
        "The key has as many webhooks as it may: `limit`.",
        "Delete one that you do not need, or change the URL of one. Waiting alone does not help.",
        fields=("limit",),
        headers=("Retry-After",),
    ),
    "internal_error": Meaning(
        "Something failed on our side.",
        "Try again with growing pauses. If it stays, tell us the `request_id`.",
        fields=("request_id",),
    ),
    "service_unavailable": Meaning(
        "One of our stores cannot be reached, the service is being restarted, or another webhook is being tested.",
        "Wait the seconds in `Retry-After`, then send the same request again.",
        headers=("Retry-After",),
    ),
}


def errors() -> list[tuple[str, int, Meaning]]:
    """Code, status and meaning of every public error, by status. KeyError for a code that nobody has described."""
    return sorted(((code, status, MEANINGS[code]) for code, status in PUBLIC_STATUS.items()), key=lambda row: row[1])
