"""Every setting of the service, read once from the environment. docs/settings.md says what each one does."""

from math import inf, nan
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from betedge import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

BETEDGE_ENV = env.str("BETEDGE_ENV", default="development")
if BETEDGE_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"BETEDGE_ENV is {BETEDGE_ENV!r}; set it to development, test or production.")
PRODUCTION = BETEDGE_ENV == "production"
BETEDGE_DATA_DIR = (BASE_DIR / env.str("BETEDGE_DATA_DIR", default=".data")).resolve()

# `make run` writes where its databases and its stand-in of the feed are to <data folder>/env, so that
# every command finds them. What the environment itself says always wins.
if BETEDGE_ENV == "development" and (BETEDGE_DATA_DIR / "env").is_file():
    env.read_env(str(BETEDGE_DATA_DIR / "env"), overwrite=False)


def required(name: str, development: str) -> str:
    """The value of a setting that production cannot do without."""
    if not PRODUCTION:
        return str(env.str(name, default=development))
    value = str(env.str(name, default=""))
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; production needs it (docs/settings.md says what it holds).")
    return value


def address(name: str, default: str) -> str:
    """An http or https address without a slash at its end."""
    value = str(env.str(name, default=default)).rstrip("/")
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise ImproperlyConfigured(f"{name} must be an address such as {default}.")
    return value


def number(name: str, default: float) -> float:
    """A finite number above 0."""
    written = str(env.str(name, default=str(default)))
    try:
        value = float(written)
    except ValueError:
        value = nan
    if not 0 < value < inf:
        raise ImproperlyConfigured(f"{name} is {written!r}; it must be a number above 0.")
    return value


def whole(name: str, default: int) -> int:
    """A whole number above 0."""
    value = number(name, default)
    if value != int(value):
        raise ImproperlyConfigured(f"{name} is {value}; it must be a whole number.")
    return int(value)


def count(name: str, default: int) -> int:
    """A whole number of 0 or more."""
    written = str(env.str(name, default=str(default)))
    if not (written.isascii() and written.isdigit()):
        raise ImproperlyConfigured(f"{name} is {written!r}; it must be a whole number, 0 or more.")
    return int(written)


def encryption_keys(name: str, development: str) -> list[str]:
    """Keys that encrypt what must be readable again, the newest first."""
    keys = [key.strip() for key in required(name, development).split(",") if key.strip()]
    try:
        [Fernet(key) for key in keys]
    except ValueError:
        keys = []
    if not keys or (PRODUCTION and development in keys):
        raise ImproperlyConfigured(
            f"{name} must hold keys of 32 random bytes in URL-safe base64, the newest first, with commas between."
        )
    return keys


def outside_production(name: str) -> str:
    """A setting for development and tests: in production it would weaken what it touches."""
    value = str(env.str(name, default=""))
    if PRODUCTION and value:
        raise ImproperlyConfigured(f"{name} is for development and tests; unset it in production.")
    return value


def five_delays(name: str, default: str) -> tuple[float, ...]:
    """The seconds before each of the five retries."""
    written = outside_production(name) or default
    try:
        delays = tuple(float(each) for each in written.split(","))
    except ValueError:
        delays = ()
    if len(delays) != 5 or not all(0 < delay < inf for delay in delays):
        raise ImproperlyConfigured(f"{name} is {written!r}; it must be five numbers of seconds, such as {default}.")
    return delays


# --- The process -------------------------------------------------------------------------------------------------
SECRET_KEY = required("BETEDGE_SECRET_KEY", "development-only-" + "0" * 40)
if PRODUCTION and (len(SECRET_KEY) < 50 or SECRET_KEY.startswith(("development-", "django-insecure-"))):
    raise ImproperlyConfigured("BETEDGE_SECRET_KEY is too weak: set at least 50 random characters.")
DEBUG = False  # our own error pages in every environment: what developers see is what customers see
BETEDGE_PUBLIC_URL = required("BETEDGE_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
if PRODUCTION and urlsplit(BETEDGE_PUBLIC_URL).scheme != "https":
    raise ImproperlyConfigured("BETEDGE_PUBLIC_URL must begin with https:// in production.")
ALLOWED_HOSTS = [
    host.strip()
    for host in required("BETEDGE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
    if host.strip()
]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("BETEDGE_ALLOWED_HOSTS must name the hosts; '*' accepts any forged Host header.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "apps.core",
    "apps.accounts",
    "apps.access",
    "apps.outbox",
    "apps.feed",
    "apps.picks",
    "apps.webhooks",
    "apps.api",
    "apps.dashboard",
    "apps.docs",
    *([] if PRODUCTION else ["apps.devtools"]),
]
MIDDLEWARE = [
    "apps.core.middleware.request_id",
    "apps.api.gate.gate",
    "apps.core.middleware.security_headers",
    "apps.core.unavailable.unavailable",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.accounts.sessions.unkept",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.sessions.noted",
    "apps.accounts.staff.two_factors",
]
ROOT_URLCONF = "betedge.urls"
WSGI_APPLICATION = "betedge.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "betedge.formats"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # a page of 500 picks approved in bulk sends one field a pick

# --- Behind the front --------------------------------------------------------------------------------------------
TRUSTED_PROXIES = count("BETEDGE_TRUSTED_PROXIES", 1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_SSL_REDIRECT = False  # the front does it; under /api/ nothing may ever redirect
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_TRUSTED_ORIGINS = [BETEDGE_PUBLIC_URL]
X_FRAME_OPTIONS = "DENY"

# --- Stores ------------------------------------------------------------------------------------------------------
STATEMENT_SECONDS = number("BETEDGE_STATEMENT_SECONDS", 60)
DATABASES: dict[str, Any] = {
    "default": env.db_url_config(required("DATABASE_URL", "postgres://betedge@127.0.0.1:5432/betedge")),
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    # A worker killed between two statements leaves an open transaction: the server ends it.
    "options": f"-c statement_timeout={1000 * STATEMENT_SECONDS:.0f} -c idle_in_transaction_session_timeout=60000",
    "connect_timeout": 5,
    # A network that swallows packets is noticed within a quarter of a minute, not of an hour.
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
if BETEDGE_ENV != "test":  # the test database is dropped at the end: no pool may hold on to it
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 3}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # a restarted server costs a reconnect, not an error
WEB_WORKERS = whole("BETEDGE_WEB_WORKERS", 2)  # each serves a share of the little that is served without Redis
REDIS_URL = required("REDIS_URL", "redis://127.0.0.1:6379/0")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# --- Accounts ----------------------------------------------------------------------------------------------------
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/dashboard"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "apps.accounts.forms.SignUpForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up; any other is asked to sign in
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one replaces it when it is confirmed
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {  # the "key" is the account's address, known or not
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "confirm_email": "1/3m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
PASSWORD_RESET_TIMEOUT = 3600  # seconds
MFA_ADAPTER = "apps.accounts.adapter.TwoFactorAdapter"
MFA_FORMS = {
    "authenticate": "apps.accounts.forms.CodeForm",
    "reauthenticate": "apps.accounts.forms.CodeAgainForm",
    "add_webauthn": "apps.accounts.forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "BetEdge"
MFA_TOTP_TOLERANCE = 1  # a clock half a minute off, or a code typed as it changes
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody is signed in without a confirmed one; a new one waits for its confirmation
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
STAFF_TWO_FACTORS = PRODUCTION

# --- The feed ----------------------------------------------------------------------------------------------------
PORQPINE_URL = address("PORQPINE_URL", "https://porqpine.cloud")
PORQPINE_REQUESTS_PER_SECOND = whole("PORQPINE_REQUESTS_PER_SECOND", 5)
ODDS_API_URL = address("ODDS_API_URL", "https://api.the-odds-api.com")
ODDS_API_KEY = env.str("ODDS_API_KEY", default="")  # none: no Pinnacle lines, so no picks anchored on them
POLL_SECONDS = {
    "catalogue": number("BETEDGE_POLL_CATALOGUE_SECONDS", 45),
    "live": number("BETEDGE_POLL_LIVE_SECONDS", 5),
    "anchor": number("BETEDGE_POLL_ANCHOR_SECONDS", 60),
    "results": number("BETEDGE_POLL_RESULTS_SECONDS", 600),
    "health": number("BETEDGE_POLL_HEALTH_SECONDS", 30),
    "odds": number("BETEDGE_POLL_ODDS_SECONDS", 10),
}

# --- Which prices become picks (domain: edge and candidates) ------------------------------------------------------
EDGE_MIN = number("BETEDGE_EDGE_MIN", 0.02)
EDGE_MAX = number("BETEDGE_EDGE_MAX", 0.15)
ODDS_MIN = number("BETEDGE_ODDS_MIN", 1.25)
ODDS_MAX = number("BETEDGE_ODDS_MAX", 8.0)
ANCHOR_CAP = number("BETEDGE_ANCHOR_CAP", 1.25)
QUOTE_MAX_AGE_SECONDS = whole("BETEDGE_QUOTE_MAX_AGE_SECONDS", 600)
KICKOFF_LEAD_SECONDS = whole("BETEDGE_KICKOFF_LEAD_SECONDS", 300)
KICKOFF_HORIZON_HOURS = whole("BETEDGE_KICKOFF_HORIZON_HOURS", 48)
SIZE_MIN = number("BETEDGE_SIZE_MIN", 50)
MARGIN_METHOD = env.str("BETEDGE_MARGIN_METHOD", default="power")
if MARGIN_METHOD not in {"power"}:
    raise ImproperlyConfigured("BETEDGE_MARGIN_METHOD must be power.")

# --- Celery ------------------------------------------------------------------------------------------------------
# Nothing waits in the broker: what must wait is a row with a due time. A tick that is late is dropped, not queued.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_ROUTES = {  # slow receivers and mail servers hold threads of their own
    "webhooks.deliver": {"queue": "deliver"},
    "accounts.send_mail": {"queue": "deliver"},
}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": seconds, "options": {"expires": max(seconds, 1)}}
    for name, seconds in {
        "accounts.send_mail": 1.0,
        "accounts.forget_sessions": 3600.0,
        "access.drain_usage": 3.0,
        "access.forget_usage": 600.0,
        "feed.poll": 1.0,
        "feed.refresh_odds": 1.0,
        "feed.ask_results": 2.0,
        "picks.propose": 2.0,
        "picks.publish_due": 1.0,
        "picks.expire": 5.0,
        "picks.settle": 2.0,
        "picks.fold_counts": 60.0,
        "webhooks.deliver": 1.0,
        "webhooks.tell_owners": 5.0,
        "webhooks.keep_weeks": 3600.0,
    }.items()
}

# --- Webhooks and mail --------------------------------------------------------------------------------------------
FERNET_KEYS = encryption_keys("BETEDGE_FERNET_KEYS", "development-only-" + "0" * 26 + "=")
WEBHOOK_DENY = env.str("BETEDGE_WEBHOOK_DENY", default="")
WEBHOOK_RESOLVE = outside_production("BETEDGE_WEBHOOK_RESOLVE")
WEBHOOK_CA_FILE = outside_production("BETEDGE_WEBHOOK_CA_FILE")
WEBHOOK_RETRY_SECONDS = five_delays("BETEDGE_WEBHOOK_RETRY_SECONDS", "60,300,1800,7200,43200")
DELIVER_THREADS = whole("BETEDGE_DELIVER_THREADS", 256)
mail = env.email_url_config(required("EMAIL_URL", "consolemail://"))
MAIL_SENDER = mail["EMAIL_BACKEND"]  # what really sends; pages only queue, so that nobody waits for a mail server
EMAIL_BACKEND = MAIL_SENDER if ".console." in MAIL_SENDER else "apps.accounts.mail.QueuedBackend"
EMAIL_FILE_PATH = mail["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = mail["EMAIL_HOST"] or "localhost", mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = mail["EMAIL_HOST_USER"] or "", mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = mail.get("EMAIL_USE_TLS", False), mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds; without one a mail server that hangs would hold a worker
DEFAULT_FROM_EMAIL = env.str(
    "BETEDGE_EMAIL_FROM", default=f"BetEdge <no-reply@{urlsplit(BETEDGE_PUBLIC_URL).hostname}>"
)

# --- The API and the logs -----------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.api.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "apps.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "BetEdge API",
    "VERSION": "1",
    "POSTPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_PATCH": False,  # a change has a shape of its own
    "SORT_OPERATION_PARAMETERS": False,  # the order of the serializers is the one that callers think in
}
LOG_LEVEL = env.str("BETEDGE_LOG_LEVEL", default="INFO")
LOGGING = logs.config(level=LOG_LEVEL, as_json=PRODUCTION)
