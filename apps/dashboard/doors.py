"""Who stands before a page of the dashboard, and may they come in? The one place where roles are asked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from apps.accounts.audit import Actor, Kind
from apps.accounts.models import Membership, Organization
from apps.accounts.roles import Deed, Role, allowed, may
from apps.core.requests import address_of
from apps.dashboard.shown import show

P = ParamSpec("P")
LAST = "organization"  # in the session: the one that was looked at last, to which /dashboard leads


@dataclass(frozen=True, slots=True)
class Visit:
    """A person in one of their organisations."""

    user: User
    organization: Organization
    role: Role
    actor: Actor

    def may(self, deed: Deed) -> bool:
        return may(self.role, deed)

    @property
    def deeds(self) -> dict[str, bool]:
        """By the name of each deed whether they may do it, for templates: `visit.deeds.KEYS`."""
        return {deed.name: self.may(deed) for deed in Deed}


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
Entered = Callable[Concatenate[HttpRequest, Visit, P], HttpResponseBase]


def door(deed: Deed = Deed.LOOK) -> Callable[[Entered[P]], View[...]]:
    """Let the members of the URL's organisation in whose role may do this; a view then gets their Visit.

    Who is not signed in is led to the sign-in and back. An organisation that is not theirs is 404, as one that does
    not exist. A role that may not: 403, with the sentence that says who may. Nothing behind a door is ever cached.
    """

    def guarded(view: Entered[P]) -> View[...]:
        @never_cache
        @wraps(view)
        def opened(request: HttpRequest, organization_id: UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            visit = visit_of(request, organization_id)
            if not visit.may(deed):
                return refused(request, visit, deed)
            return view(request, visit, *args, **kwargs)

        return opened

    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead there and back. Who sent a form meanwhile is told that nothing came of it."""
    if request.method == "POST":
        messages.warning(request, "You were signed out, so nothing was done. Sign in, then send the form again.")
    return redirect_to_login(request.get_full_path())


def visit_of(request: HttpRequest, organization_id: UUID) -> Visit:
    """Who stands there, read afresh: a role that was taken away is gone with the next request. Http404."""
    found = Membership.objects.select_related("organization").filter(organization=organization_id, user=request.user.pk)
    membership = found.first()
    if membership is None:
        raise Http404("None of your organisations has this address.")
    if request.session.get(LAST) != str(organization_id):
        request.session[LAST] = str(organization_id)
    return Visit(
        user=membership_user(request),
        organization=membership.organization,
        role=Role(membership.role),
        actor=person(request),
    )


def membership_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def person(request: HttpRequest) -> Actor:
    """Whoever is signed in, as the audit log names them."""
    user = membership_user(request)
    return Actor(Kind.PERSON, user.email or user.get_username(), user_id=user.pk, address=address_of(request) or None)


def refused(request: HttpRequest, visit: Visit, deed: Deed) -> HttpResponse:
    roles = [role.value for role in allowed(deed)]
    words = {"deed": deed.value, "who": " or ".join([", ".join(roles[:-1]), roles[-1]] if roles[1:] else roles)}
    return show(request, visit, "dashboard/refused.html", words, status=403)
