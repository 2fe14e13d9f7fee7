from standardwebhooks import Webhook, WebhookVerificationError


def read_event(raw_body: bytes, headers: dict[str, str], secret: str):
    """The event, or None where it is not genuine or older than five minutes."""
    try:
        return Webhook(secret).verify(raw_body, headers)
    except WebhookVerificationError:
        return None
