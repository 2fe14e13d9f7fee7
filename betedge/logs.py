"""One log line an event: JSON in production, readable in development; keys and secrets are struck out."""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

SECRET = re.compile(
    r"betedge_[0-9a-f]{9,}|(?<=apiKey=)[^&\s\"']+|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
    r"|(?:(?<=/invitations/)|(?<=%2Finvitations%2F))[\w-]{43}"
)


def strike_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace API keys, upstream keys in URLs and URL passwords in every text of the event."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRET.sub("[secret]", value)
    return event


def config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The LOGGING dictionary; also sets structlog up to end in the standard library's handlers."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    strike_secrets,
                    renderer,
                ],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "celery.app.trace": {"level": "WARNING"},  # a line a tick says nothing
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},  # what is refused is told to who asked, and kept for the key's owner
            "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody may send any Host
            "psycopg.pool": {"level": "ERROR"},  # it warns of every try; the last one is an error of its own
            "urllib3": {"level": "WARNING"},
        },
    }
