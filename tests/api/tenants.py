"""A customer's program: one key, and any request with it."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from apps.access.models import ApiKey
from tests.factories import ApiKeyFactory

HOOK = "https://hooks.example.com/a"


@dataclass
class Tenant:
    key: ApiKey = field(default_factory=lambda: ApiKeyFactory(tier="growth"))

    def ask(self, method: str, path: str, body: Any = None, **parameters: Any) -> HttpResponse:
        """The answer to a request with this key: `ask("POST", "/webhooks", {"url": …})`."""
        return Client(raise_request_exception=False).generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            query_params=parameters,
            headers={"Authorization": f"Bearer {self.key.secret}"},
        )

    def subscribe(self, url: str = HOOK, events: tuple[str, ...] = ("pick.published",), **more: Any) -> dict[str, Any]:
        """What is answered to a webhook that is made."""
        answer = self.ask("POST", "/webhooks", {"url": url, "events": list(events), **more})
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


def refusal(answer: HttpResponse) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json()["error"]
