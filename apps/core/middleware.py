"""What every answer of the web process carries: a request id, and headers that keep browsers careful."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core import requests

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",  # Django admin draws its icons from data: URLs
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def request_id(get_response: GetResponse) -> GetResponse:
    """Name every request, in its answer's X-Request-Id and in every log line written meanwhile."""

    def named(request: HttpRequest) -> HttpResponseBase:
        name = requests.name_request(request.META)
        response = get_response(request)
        response[requests.HEADER] = name
        return response

    return named


def security_headers(get_response: GetResponse) -> GetResponse:
    """Tell browsers what our pages may load and who may frame them. A view that set its own header keeps it."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return guarded
