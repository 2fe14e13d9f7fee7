"""What every form of this area does: call a service, say what came of it, and lead on to a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.errors import AppError
from apps.dashboard.doors import Visit

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Visit, P], HttpResponse]


def sent_to(page: str) -> Callable[[View[P]], View[P]]:
    """A view for forms alone: who opens its address otherwise, as after signing in again, is led to the page."""

    def decorated(view: View[P]) -> View[P]:
        @wraps(view)
        def answered(request: HttpRequest, visit: Visit, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, visit.organization.pk)
            return view(request, visit, *args, **kwargs)

        return answered

    return decorated


def done(request: HttpRequest, deed: Callable[[], object], said: str) -> bool:
    """Do it and say so on the next page, or say why it was not done; whether it was."""
    try:
        deed()
    except AppError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, said)
    return True


def done_by(form: Form, deed: Callable[[], object], *, field: str | None = None) -> bool:
    """Do it if the form is filled in rightly; what is refused is said at the field. Whether it was done."""
    if not form.is_valid():
        return False
    try:
        deed()
    except AppError as error:
        form.add_error(field, str(error))
        return False
    return True
