"""The short way in: a kept page, asked with a key that has room left, leaves before Django is woken.

All else goes the long way, which is never told a decision twice. What is decided and said here is the gate's.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication

from django.db import close_old_connections, connection
from django.utils import timezone

from apps.access.decisions import OK
from apps.access.door import admit
from apps.access.keys import secret_in
from apps.api.answers import ASK_EACH_TIME, JSON, is_known
from apps.api.auth import ADMISSION
from apps.api.gate import EVERY_ANSWER
from apps.api.limits import limit_headers
from apps.api.pages import PAGES, Environ
from apps.core.requests import HEADER, name_request

EVERY_PAGE = [*EVERY_ANSWER.items(), ("Cache-Control", ASK_EACH_TIME)]


def short_way(long_way: WSGIApplication) -> WSGIApplication:
    """The application that is served."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        page = PAGES.find(environ)
        secret = secret_in(environ.get("HTTP_AUTHORIZATION", "")) if page else None
        if page is None or secret is None:
            return long_way(environ, start_response)
        name = name_request(environ)
        try:
            admission = admit(secret=secret, endpoint=page.endpoint, now=timezone.now())
        except Exception:  # the long way will meet it again, and has words for it
            return long_way(environ, start_response)
        finally:
            if connection.connection is not None:  # a state was read anew
                close_old_connections()
        if admission is None or admission.decision != OK:
            environ[ADMISSION] = admission
            return long_way(environ, start_response)
        headers = [*EVERY_PAGE, *limit_headers(admission), ("ETag", page.tag), (HEADER, name)]
        if is_known(environ, page.tag):
            start_response("304 Not Modified", headers)
            return [b""]
        start_response("200 OK", [*headers, ("Content-Type", JSON), ("Content-Length", str(len(page.content)))])
        return [page.content]

    return application
