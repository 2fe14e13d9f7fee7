"""What every endpoint of version 1 checks before its own work, in the contract's order."""

from collections.abc import Mapping, Set
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.tiers import STARTER, Tier, reaches
from apps.api.auth import admission_of
from apps.api.bodies import WITH_BODY, InvalidRequest, json_object, take
from apps.api.errors import error_answer
from apps.core.errors import AppError


class TierUpgradeRequired(AppError):
    code = "tier_upgrade_required"


class NotFound(AppError):
    code = "not_found"


class JsonAlways(BaseContentNegotiation):
    """Whatever the caller says it accepts, it is sent JSON; so says the contract."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """An endpoint: method (405), tier (403), body (413, 415, 400); parameters and resource are the handler's.

    `body` is the JSON object that was sent, empty if there was none.
    """

    content_negotiation_class = JsonAlways
    minimum_tier: Tier | None = STARTER  # None: open to everyone, and the gate has asked for no key
    own_codes: Mapping[str, Set[str]] = {}  # by method: errors that few other endpoints answer with
    body: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        self.check_tier(request)
        sent = take(request._request)
        self.body = json_object(sent, content_type=request._request.content_type) if request.method in WITH_BODY else {}

    def parameters(self, query: "type[Serializer[Any]]", request: Request) -> dict[str, Any]:
        """What the query string asks, as the serializer reads it; of a repeated parameter the last one counts.

        ValidationError for the first that cannot be read. An empty one was given: it is read like any other text.
        """
        asked = query(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def sent(self, shape: "type[Serializer[Any]]") -> dict[str, Any]:
        """What the body says, as the serializer reads it; what it does not name is passed over.

        InvalidRequest with `field` for the first that is missing or of another type.
        """
        read = shape(data=self.body)
        if not read.is_valid():
            field, (reason, *_) = next(iter(read.errors.items()))
            raise InvalidRequest(f"{field}: {reason}", field=field)
        return dict(read.validated_data)

    def check_tier(self, request: Request) -> None:
        if self.minimum_tier is None:
            return
        current = admission_of(request._request).tier
        if not reaches(current, self.minimum_tier.slug):
            raise TierUpgradeRequired(
                f"This endpoint needs the {self.minimum_tier.slug} tier or a higher one; this key's is {current}.",
                minimum_tier=self.minimum_tier.slug,
                current_tier=current,
            )


@csrf_exempt
def no_such_path(request: HttpRequest) -> HttpResponse:
    return error_answer("not_found", "There is no such path; /api/v1/picks is one that there is.")
