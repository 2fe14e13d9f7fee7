"""Where somebody is signed in: when each session was last seen, how to end it, what its browser is called and keeps."""

from collections.abc import Callable
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

GetResponse = Callable[[HttpRequest], HttpResponseBase]
SEEN = "seen"  # in the session: the Unix time at which it was last written down
EVERY_SECONDS = 300  # a page costs no write but every five minutes; it moves the session's end on, too

# The first that is found in a User-Agent: those that imitate others come before them.
BROWSERS = [
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
]  # fmt: skip
SYSTEMS = [
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Macintosh", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux"),
]  # fmt: skip


def noted(get_response: GetResponse) -> GetResponse:
    """Middleware: write down when a signed-in session was last seen, from where and by which browser."""

    def noting(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        session, now = request.session, timezone.now().timestamp()
        if session.accessed and SESSION_KEY in session and now - session.get(SEEN, 0) > EVERY_SECONDS:
            session[SEEN] = now
            UserSession.objects.create_from_request(request)
        return response

    return noting


def unkept(get_response: GetResponse) -> GetResponse:
    """Middleware: no cache keeps, nor does the back button show, what was made with a look at the session.

    A view that says itself how long its page may be kept is trusted.
    """

    def answering(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.session.accessed and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return answering


def end_session(*, user_id: int, session_id: int) -> None:
    """Sign this session out; UserSession.DoesNotExist if it is not theirs, or over."""
    UserSession.objects.get(user=user_id, pk=session_id).end()


def end_all_sessions(*, user_id: int) -> None:
    """Sign out everywhere."""
    for session in UserSession.objects.filter(user=user_id):
        session.end()


def forget_sessions() -> None:
    """Delete sessions that are over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(living)).delete()


def browser(user_agent: str) -> str:
    """`Firefox on Windows`; what a User-Agent seems to say, which anybody may forge."""
    name = next((name for sign, name in BROWSERS if sign in user_agent), "A program")
    system = next((system for sign, system in SYSTEMS if sign in user_agent), "")
    return f"{name} on {system}" if system else name
