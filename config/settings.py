"""One file of settings. Runs on a laptop with no variable set but the two addresses; refuses to start in production
without its secrets. Every variable is explained in .env.example."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

PRODUCTION = env.one_of("RECOVERY_ENV", "development", {"development", "production"}) == "production"
DEBUG = False  # never: an error page of Django's shows answers and names


def _secret(name: str, stand_in: str) -> str:
    """A value that production must be given and a laptop need not."""
    return env.text(name, None if PRODUCTION else stand_in)


SECRET_KEY = _secret("SECRET_KEY", "not-secret-and-refused-in-production")
# What was signed or sealed under earlier keys is still read (docs/security.md: changing the key).
SECRET_KEY_FALLBACKS = env.text("SECRET_KEY_FALLBACKS", "").split()
ALLOWED_HOSTS = [host.strip() for host in _secret("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")]
BASE_URL = _secret("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# --- what the project is made of -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "recovery",
]

MIDDLEWARE = [
    "recovery.asking.remembered",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recovery.api.middleware.PhoneRequests",  # takes phones straight to their view; what follows is for pages
    "recovery.dashboard.middleware.refusals_are_kept_by_nobody",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "recovery.dashboard.middleware.StaffSessions",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "recovery" / door / "templates" for door in ("dashboard", "api", "phone")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"drawing": "recovery.dashboard.drawing", "on_call": "recovery.dashboard.on_call"},
        },
    },
]

# --- PostgreSQL: the only source of truth --------------------------------------------------------------------------
# `default` is the application's role, which owns nothing; `owner` is used by migrations alone.

_database_url = _secret("DATABASE_URL", "postgresql://recovery_app@127.0.0.1/recovery")
_owner_url = env.text("DATABASE_OWNER_URL", _database_url)
STATEMENT_TIMEOUT_MS = env.integer("STATEMENT_TIMEOUT_MS", 5_000, least=100, most=600_000)

DATABASES = {
    "default": env.database(_database_url, name="DATABASE_URL")
    | {
        "ENGINE": "config.postgres",  # with an end to every wait, which migrations must not have
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    },
    "owner": env.database(_owner_url, name="DATABASE_OWNER_URL") | {"TEST": {"MIRROR": "default"}},
}
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "prepare_threshold": 1_000_000,  # prepared is what recovery/statements.py asks for; None would forbid it
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=2000"
    " -c idle_in_transaction_session_timeout=10000 -c plan_cache_mode=force_generic_plan -c timezone=UTC",
} | DATABASES["default"]["OPTIONS"]
# A migration that waits for a lock keeps everybody out who comes after it: it gives up and is run again.
DATABASES["owner"]["OPTIONS"] = {"options": "-c lock_timeout=2000 -c timezone=UTC"} | DATABASES["owner"][
    "OPTIONS"
]
DATABASE_APP_ROLE = DATABASES["default"]["USER"] or "recovery_app"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Used by nothing but the limits on signing in: counted once for all processes, and needed by no phone (ADR 0014).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "recovery_tries",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# --- Celery: a nudge, never the truth (design: reference rows F1 and F2) -------------------------------------------

REDIS_URL = _secret("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "health_check_interval": 10,
    "visibility_timeout": 600,
}
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = (
    None  # the worker waits for its broker for ever; the producer never does
)
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_SOFT_TIME_LIMIT = 30
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_TIMEZONE = "UTC"

# --- mail ----------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
globals().update(env.smtp(_secret("EMAIL_URL", "smtp://127.0.0.1:1025"), name="EMAIL_URL"))
EMAIL_TIMEOUT = 10
DELIVERY_LEASE_S = env.integer(
    "DELIVERY_LEASE_S", 8, least=1, most=600
)  # renewed while a provider is waited for
DEFAULT_FROM_EMAIL = env.text(
    "MAIL_FROM", "no-reply@localhost"
)  # a name would show on locked screens: choose it well

# --- webhooks ------------------------------------------------------------------------------------------------------

# Inside these networks webhooks may go, and without TLS: for tests, a demo, a receiver behind the same wall.
WEBHOOK_ALLOWED_NETWORKS = env.networks("WEBHOOK_ALLOWED_NETWORKS")

# --- the watcher is watched ------------------------------------------------------------------------------------------

# Called while all is well and not otherwise; who stands behind it raises an alarm when five minutes pass without.
DEADMAN_URL = env.text("DEADMAN_URL", "")
# Who is mailed straight over SMTP when something is wrong with the service itself.
OPERATOR_MAIL = [address.strip() for address in env.text("OPERATOR_MAIL", "").split(",") if address.strip()]
# What /metrics asks for as a bearer token; without one there is no such page.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
AUDIT_EVERY_S = env.integer("AUDIT_EVERY_S", 20, least=1, most=60)
AUDIT_STATEMENT_MS = env.integer("AUDIT_STATEMENT_MS", 5_000, least=1, most=60_000)
AUDIT_RUNS_KEPT = 100_000
# Where the canary's messages go: a mailbox that throws them away.
CANARY_MAIL = env.text("CANARY_MAIL", "canary@localhost.localdomain")
# Where the canary's phone finds the API: past the proxy, if the public address cannot be reached from inside.
CANARY_URL = env.text("CANARY_URL", BASE_URL).rstrip("/")
CANARY_EVERY_S = env.integer("CANARY_EVERY_S", 300, least=5, most=3_600)
CANARY_WITHIN_S = env.integer("CANARY_WITHIN_S", 60, least=1, most=600)  # later is absent

# --- text messages: optional, by Twilio ----------------------------------------------------------------------------
# A number of ours or a messaging service (MG...) sends them. Another address of the API is for tests.

TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN", None if TWILIO_ACCOUNT_SID else "")
TWILIO_FROM = env.text("TWILIO_FROM", None if TWILIO_ACCOUNT_SID else "")
TWILIO_API_URL = env.text("TWILIO_API_URL", "https://api.twilio.com")
if PRODUCTION and not TWILIO_API_URL.startswith("https://"):
    raise ImproperlyConfigured("TWILIO_API_URL must begin with https:// in production: the token goes there.")

# --- who may sign in -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "recovery.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "recovery.dashboard.accounts.StaffAccounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # written and thrown away (recovery/dashboard/accounts.py, send_mail)
# Tries are counted for each address; without this all the world would have the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if PRODUCTION else 0
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # recovery/sessions.py, ASKED_AGAIN_AFTER
# The second factor (ADR 27): every session needs it. The forms are ours: codes count once, whatever comes at once, and
# a copied passkey is refused. A passkey belongs to the host that its page was asked from, one of ALLOWED_HOSTS.
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_ADAPTER = "recovery.dashboard.ceremony.StaffKeys"
MFA_FORMS = {
    "authenticate": "recovery.dashboard.forms.second_factor.SecondFactorForm",
    "authenticate_webauthn": "recovery.dashboard.forms.passkeys.PasskeyForm",
}
# For the demo alone: one secret for everybody; the sign-in page then shows the code and says so.
DEMO_SECOND_FACTOR = env.text("DEMO_SECOND_FACTOR", "")
if DEMO_SECOND_FACTOR and PRODUCTION:
    raise ImproperlyConfigured(
        "DEMO_SECOND_FACTOR must not be set in production: everybody could read the code."
    )
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:board"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = (
    "recovery.dashboard.sessions"  # ends after 15 minutes without a deed, after 12 hours in any case
)
SESSION_COOKIE_AGE = 12 * 3600
# A browser takes such a cookie from us alone, over TLS alone, and for every path.
SESSION_COOKIE_NAME = "__Host-sessionid" if PRODUCTION else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if PRODUCTION else "csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "recovery.dashboard.views.csrf_failure"

# No redirect: a phone would send its token in the clear once. The proxy refuses plain HTTP (deploy/nginx).
SECURE_SSL_REDIRECT = False
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # see above
    "auth.W004",  # e-mail addresses are unique by a constraint on their lower-case form
]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],  # the patient's page opens offline
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- the HTTP API --------------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # a batch; one check-in is held to 256 kB by its own parser
FILE_UPLOAD_HANDLERS = ["recovery.dashboard.uploads.InMemory"]  # no list of patients on a disk
DATA_UPLOAD_MAX_NUMBER_FILES = 5
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["recovery.api.authentication.DeviceAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["recovery.api.authentication.IsPhone"],
    "DEFAULT_PARSER_CLASSES": ["recovery.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "recovery.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Recovery check-ins",
    "DESCRIPTION": "What a patient's phone says to the service, and what it is told.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["recovery.api.openapi.complete"],  # pydantic names its own enumerations
}

# --- time, language, static files, logs ----------------------------------------------------------------------------

DEMO_CLOCK = env.text("DEMO_CLOCK", "")
if DEMO_CLOCK and PRODUCTION:
    raise ImproperlyConfigured("DEMO_CLOCK must not be set in production: time would not be real.")

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "/static/"
# A laptop serves them from where they lie; production collects them first.
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static"))) if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "recovery" / door / "static" for door in ("dashboard", "api", "phone")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.WithoutErrorTexts",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.one_of("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"}),
    },
    "loggers": {
        "django": {"handlers": []},  # instead of its own, which write and mail whole errors
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody may send one, any number of times
        "fido2": {"level": "WARNING"},  # names each passkey that is used
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
