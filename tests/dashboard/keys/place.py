"""An organisation on the growth tier with one key, as somebody of it walks through the pages."""

from dataclasses import dataclass

from django.test import Client

from apps.access.models import ApiKey
from apps.accounts.models import Organization
from tests.dashboard.people import address, person, signed_in
from tests.factories import ApiKeyFactory, OrganizationFactory


@dataclass
class Place:
    """Where a test walks: `get` and `post` take what follows `api-keys`, as the owner or somebody else."""

    organization: Organization
    key: ApiKey
    browser: Client

    def at(self, path: str = "", key: ApiKey | None = None) -> str:
        """`path` below the list, or, where it begins with `/`, below the key."""
        below = f"/{(key or self.key).pk}{path if path != '/' else ''}" if path.startswith("/") else path and f"/{path}"
        return address(self.organization, f"api-keys{below}")

    def get(self, path: str = "", **words: str):
        return self.browser.get(self.at(path), words)

    def post(self, path: str, **words: object):
        return self.browser.post(self.at(path), words)

    def html(self, path: str = "", **words: str) -> str:
        answer = self.get(path, **words)
        assert answer.status_code == 200
        return answer.content.decode()

    def somebody(self, role: str) -> Client:
        return signed_in(person(f"{role}@example.test", self.organization, role))


def a_place() -> Place:
    """Acme, its key, and its owner's browser."""
    organization = OrganizationFactory(tier="growth", name="Acme")
    key = ApiKeyFactory(organization=organization, name="Nightly import")
    return Place(organization, key, signed_in(person("owner@example.test", organization)))
