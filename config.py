"""Settings, all from the environment. `Settings` declares each one; `.env.example` lists them for operators.

`TROUSSEAU_ENV` is `development` (the default: SQLite and the sandbox, nothing to configure) or `production`,
where a missing secret, a debug switch or the sandbox under a live key stops the application at start-up.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import click
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

ROOT = Path(__file__).resolve().parent
MINIMUM_SECRET_LENGTH = 32
# The sandbox's own keys, of no use anywhere else.
SANDBOX_SECRET_KEY = "sk_test_sandbox"  # noqa: S105
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105


class SettingsError(click.ClickException):
    """Settings are wrong, missing or unsafe, a sentence for each. A ClickException, so `flask` prints no traceback."""


def _spelled_out(text: str) -> str:
    # pydantic also takes single letters such as `y`, which are not documented.
    if text.isalpha() and len(text) == 1:
        raise ValueError("a single letter")
    return text


def _with_our_driver(url: str) -> str:
    # Hosting services still use the old scheme `postgres://`, and neither names our driver.
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _in_production(read: dict[str, Any]) -> bool:
    return bool(read["TROUSSEAU_ENV"] == "production")


def _own_hosts(read: dict[str, Any]) -> list[str]:
    netloc, port = urlsplit(read["BASE_URL"]).netloc, read["PORT"]
    own = (f"{name}{end}" for name in ("localhost", "127.0.0.1") for end in ("", f":{port}"))
    return list(dict.fromkeys([netloc, netloc.partition(":")[0], *own]))


Kind = Literal["development", "production"]
LevelName = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LEVELS: tuple[str, ...] = get_args(LevelName)
Level = Annotated[LevelName, BeforeValidator(lambda text: text.upper() if text.upper() in LEVELS else text)]
Whole = Annotated[int, Field(ge=0)]
Switch = Annotated[bool, BeforeValidator(_spelled_out)]
Folder = Annotated[Path, AfterValidator(lambda path: (ROOT / path).resolve())]
Address = Annotated[str, AfterValidator(lambda url: url.rstrip("/"))]
DatabaseAddress = Annotated[str, AfterValidator(_with_our_driver)]
Names = Annotated[list[str], BeforeValidator(lambda text: [*filter(None, map(str.strip, text.split(",")))])]

# Settings that only gunicorn.conf.py reads; it reads PORT too.
SERVER = {"HOST", "WEB_CONCURRENCY", "WEB_THREADS"}
# How a value has to look, by the type of the setting, for the message about a wrong one. Any text is right.
WANTED: dict[Any, str] = {
    Kind: "development or production",
    LevelName: "DEBUG, INFO, WARNING or ERROR",
    int: "a whole number",
    float: "a number",
    bool: "1 or 0 (or true or false, yes or no, on or off)",
}


class Settings(BaseModel):
    """Every setting, under the name of its environment variable. A default may depend on settings above it."""

    model_config = ConfigDict(frozen=True)

    TROUSSEAU_ENV: Kind = "development"
    """`development` (SQLite and the sandbox) or `production` (which refuses to start when a setting is missing or unsafe)."""
    HOST: str = "127.0.0.1"
    """The address the web server listens on; a reverse proxy on the same machine reaches 127.0.0.1."""
    PORT: Whole = 8000
    """Its port; in development the sandbox takes the next one and its mail server the one after."""
    BASE_URL: Address = Field(default_factory=lambda read: f"http://127.0.0.1:{read['PORT']}")
    """The address people type, which mailed links and payment pages lead back to: in production, https."""
    TRUSTED_HOSTS: Names = Field(default_factory=_own_hosts)
    """Host names that requests may use, separated by commas; the name in BASE_URL and localhost's by default."""
    TRUSTED_PROXIES: Whole = 0
    """How many reverse proxies in front of it set X-Forwarded-For, -Proto and -Host; with 0 these are ignored."""
    INSTANCE: Folder = ROOT / "instance"
    """Where development data lives: the SQLite file, the sandbox's, and a secret made on first use."""
    SECRET_KEY: str = ""
    """Signs sessions: in production at least 32 random characters, the same on every machine (`openssl rand -hex 32`)."""
    LOG_LEVEL: Level = "INFO"
    """From which level on messages are logged: DEBUG, INFO, WARNING or ERROR."""
    WEB_CONCURRENCY: Whole = 1
    """Processes of the web server; in production, one for each core."""
    WEB_THREADS: Whole = 8
    """Threads of each process, which mostly wait for the database."""

    DATABASE_URL: DatabaseAddress = Field(
        default_factory=lambda read: f"sqlite:///{read['INSTANCE'] / 'trousseau.sqlite'}"
    )
    """PostgreSQL in production, such as postgresql://trousseau:secret@db.internal/trousseau; a SQLite file in INSTANCE otherwise."""

    STRIPE_SECRET_KEY: str = ""
    """Stripe's secret key (sk_…), a restricted one (rk_…) or an organization's (sk_org_…); without one, the sandbox is used."""
    STRIPE_CONTEXT: str = ""
    """The account (acct_…) for which an organization's key is used; other keys have one of their own."""
    STRIPE_DESK: str = ""
    """What marks this desk's payments in a Stripe account that others use too; after a move, the host of the old BASE_URL."""
    STRIPE_WEBHOOK_SECRET: str = Field(
        default_factory=lambda read: "" if read["STRIPE_SECRET_KEY"] else SANDBOX_WEBHOOK_SECRET
    )
    """The signing secret (whsec_…) of the webhook endpoint that points at BASE_URL/stripe/webhook."""
    STRIPE_TIMEOUT: float = 8.0
    """Seconds that Stripe may take to answer, tries and all, before the customer is told to try again."""
    PAYMENT_PAGE_ORIGIN: Address = ""
    """Where Stripe's payment page is, if Checkout has a domain of your own (https://pay.example.com)."""
    SANDBOX_URL: Address = Field(default_factory=lambda read: f"http://127.0.0.1:{read['PORT'] + 1}")
    """Where the sandbox answers when no key is set; PORT + 1 on this machine by default."""

    MAIL_SERVER: str = Field(default_factory=lambda read: "" if _in_production(read) else "127.0.0.1")
    """The SMTP server; in development the sandbox's, which keeps all mail and sends none."""
    MAIL_PORT: Whole = Field(default_factory=lambda read: 587 if _in_production(read) else read["PORT"] + 2)
    """Its port: 587 in production, the sandbox's (PORT + 2) in development."""
    MAIL_USE_TLS: Switch = Field(default_factory=_in_production)
    """1 starts TLS on an ordinary connection (port 587), as production does unless told otherwise."""
    MAIL_USE_SSL: Switch = False
    """1 speaks TLS from the first byte (port 465)."""
    MAIL_USERNAME: str | None = None
    """The account on the SMTP server, where it wants one."""
    MAIL_PASSWORD: str | None = None
    """That account's password."""
    MAIL_DEFAULT_SENDER: str = Field(
        default_factory=lambda read: "" if _in_production(read) else "desk@trousseau.example"
    )
    """The address that mail is sent from; the name with it is the vendor's."""
    MAIL_TIMEOUT: float = 20.0
    """Seconds that the SMTP server may take to answer."""

    RATELIMIT_STORAGE_URI: str = "memory://"
    """Where tries are counted: memory:// in each process, or redis://… when there are several."""
    RATELIMIT_ENABLED: Switch = True
    """0 switches all limits off, for load tests."""
    SIGN_IN_LIMIT: str = "10 per minute; 50 per hour"
    """Wrong passwords and dead links that one machine may try, and wrong passwords for one mail address."""
    LINK_LIMIT: str = "5 per minute; 20 per hour"
    """Mailed links that may be asked for to one mail address."""
    MACHINE_LINK_LIMIT: str = "20 per minute; 100 per hour"
    """Mailed links that one machine may ask for; a whole office may have one address."""
    LINK_ANSWER_SECONDS: float = 0.3
    """Seconds after which a request for a mailed link is answered, whether the address has an account or not."""

    FLASK_DEBUG: Switch = False
    """Flask's debugger: production refuses to start with it."""


def read(environ: dict[str, str] | None = None) -> Settings:
    """The settings in `environ` (the process's own by default); other names in it are ignored.

    Raises:
        SettingsError: settings are wrong or, in production, missing or unsafe; all of them in one message.
    """
    # An empty value counts as not set: compose files and shells leave settings out in this way.
    given = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(" ".join(_wrong(error))) from None
    if settings.TROUSSEAU_ENV == "production" and (unsafe := _unsafe(settings)):
        raise SettingsError(" ".join(unsafe))
    return settings


def _wrong(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        # Do not report a default that could not be computed because another setting is wrong.
        if fault["type"] != "default_factory_not_called":
            name = str(fault["loc"][0])
            yield f"{name} must be {WANTED[Settings.model_fields[name].annotation]}, not {fault['input']!r}."


def _unsafe(settings: Settings) -> list[str]:
    key = settings.STRIPE_SECRET_KEY
    checks = {
        "SECRET_KEY must be set to at least 32 random characters.": (
            len(settings.SECRET_KEY) >= MINIMUM_SECRET_LENGTH
        ),
        "DATABASE_URL must name the PostgreSQL database.": settings.DATABASE_URL.startswith("postgresql"),
        "BASE_URL must be the public https:// address.": settings.BASE_URL.startswith("https://"),
        "STRIPE_SECRET_KEY must be set: the sandbox is for development.": bool(key),
        "STRIPE_WEBHOOK_SECRET must be set beside STRIPE_SECRET_KEY.": bool(settings.STRIPE_WEBHOOK_SECRET),
        "SANDBOX_URL must not be set under a live key.": not (
            "SANDBOX_URL" in settings.model_fields_set and is_live(key)
        ),
        "STRIPE_CONTEXT must name the account (acct_…) for which an organization's key is used.": bool(
            settings.STRIPE_CONTEXT or not key.startswith("sk_org_")
        ),
        "PAYMENT_PAGE_ORIGIN must be an https:// address.": (
            not settings.PAYMENT_PAGE_ORIGIN or settings.PAYMENT_PAGE_ORIGIN.startswith("https://")
        ),
        "MAIL_SERVER and MAIL_DEFAULT_SENDER must be set.": bool(
            settings.MAIL_SERVER and settings.MAIL_DEFAULT_SENDER
        ),
        "FLASK_DEBUG must be off in production.": not settings.FLASK_DEBUG,
    }
    return [sentence for sentence, holds in checks.items() if not holds]


def load(environ: dict[str, str] | None = None) -> dict[str, Any]:
    """Flask's configuration from `environ` (the process's own by default, where FLASK_DEBUG becomes 1 or 0).

    Raises:
        SettingsError: as `read`.
    """
    settings = read(environ)
    if environ is None and "FLASK_DEBUG" in settings.model_fields_set:
        # Flask reads this one from the environment itself, and takes "off" for on.
        os.environ["FLASK_DEBUG"] = str(int(settings.FLASK_DEBUG))
    return {
        **settings.model_dump(
            exclude={"TROUSSEAU_ENV", "DATABASE_URL", "SANDBOX_URL", "FLASK_DEBUG"} | SERVER
        ),
        "PRODUCTION": settings.TROUSSEAU_ENV == "production",
        "SECRET_KEY": settings.SECRET_KEY or _development_secret(settings.INSTANCE),
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "SQLALCHEMY_DATABASE_URI": settings.DATABASE_URL,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings.DATABASE_URL),
        **_sessions(settings.BASE_URL, settings.PORT),
        **_security(),
        **_stripe(settings),
        "BABEL_DEFAULT_LOCALE": "fr_CA",
        "BABEL_DEFAULT_TIMEZONE": "UTC",
        "BOOTSTRAP_SERVE_LOCAL": True,
    }


def _engine_options(url: str) -> dict[str, Any]:
    # Logged errors show the statement without its parameters, which may be names and addresses.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": 10}}
    # At most 10 s for a lock, 30 s for a statement, 30 s for an idle transaction: less than gunicorn's 60 s,
    # so that a slow request gets an error page instead of a killed worker.
    timeouts = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
    connect = {"options": timeouts, "connect_timeout": 5}
    return options | {"pool_pre_ping": True, "connect_args": connect}


def _sessions(base_url: str, port: int) -> dict[str, Any]:
    secure = base_url.startswith("https://")
    return {
        # Cookies do not depend on the port: two copies on one machine would overwrite each other's.
        "SESSION_COOKIE_NAME": "trousseau" if secure else f"trousseau_{port}",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_NAME": "trousseau_remember" if secure else f"trousseau_remember_{port}",
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "PERMANENT_SESSION_LIFETIME": dt.timedelta(hours=12),
        "PREFERRED_URL_SCHEME": urlsplit(base_url).scheme,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _security() -> dict[str, Any]:
    """Flask-Security: argon2 hashes and sessions. Links and pages are ours (`docs/decisions/`)."""
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # argon2 salts each hash itself; Flask-Security's extra HMAC would be one more secret to keep.
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        # Its commands would change people without our verbs, so without the journal.
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_JOIN_USER_ROLES": False,
    }


def is_live(key: str) -> bool:
    """Whether a key of Stripe charges real money: an account's, a restricted one or an organization's."""
    return key.startswith(("sk_live_", "rk_live_", "sk_org_live_"))


def _origin(url: str) -> str:
    """Of an address, what Content-Security-Policy knows a site by; empty for an empty one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url else ""


def _stripe(settings: Settings) -> dict[str, Any]:
    key = settings.STRIPE_SECRET_KEY
    return {
        "STRIPE_SECRET_KEY": key or SANDBOX_SECRET_KEY,
        # None means Stripe's own address.
        "STRIPE_API_BASE": None if key else settings.SANDBOX_URL,
        "STRIPE_LIVE": is_live(key),
        "PAYMENT_PAGE_ORIGIN": _origin(settings.PAYMENT_PAGE_ORIGIN)
        or ("https://checkout.stripe.com" if key else settings.SANDBOX_URL),
    }


def _development_secret(instance: Path) -> str:
    """A secret made on first use and kept beside the development data, so that sessions survive a restart."""
    path = instance / "secret_key"
    instance.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
