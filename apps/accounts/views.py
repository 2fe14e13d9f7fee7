"""The pages of one's own account that allauth does not bring."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.accounts.sessions import end_all_sessions, end_session

TRY_AGAIN_SECONDS = 60  # every limit that leads to the page is counted by the minute


@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What there is to set, and how it stands."""
    types = list(Authenticator.objects.filter(user=request.user.pk).values_list("type", flat=True))
    words = {
        "app": Authenticator.Type.TOTP in types,
        "passkeys": types.count(Authenticator.Type.WEBAUTHN),
        "sessions": UserSession.objects.filter(user=request.user.pk).count(),
    }
    return render(request, "account/index.html", words)


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """Sign out the session that is named, or all of them."""
    assert request.user.pk
    asked = request.POST.get("session", "")
    if asked == "all":
        end_all_sessions(user_id=request.user.pk)
        return redirect("account_login")
    try:
        end_session(user_id=request.user.pk, session_id=int(asked))
    except (ValueError, OverflowError, UserSession.DoesNotExist):
        raise Http404("You have no such session.") from None
    messages.success(request, "That session is signed out.")
    return redirect("usersessions_list")


def too_many(request: HttpRequest) -> HttpResponse:
    """429: what allauth answers to who goes past a limit."""
    answer = render(request, "429.html", status=429)
    answer["Retry-After"] = str(TRY_AGAIN_SECONDS)
    return answer
