"""Settings, all from the environment. `Settings` declares each one; `.env.example` lists them for operators.

`TROUSSEAU_ENV` is `development` (the default: SQLite and the sandbox, nothing to configure) or `production`,
where a missing secret, a debug switch or the sandbox under a live key stops the application at start-up.
`config_types.py` has the types: how a value is written.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config_types import (
    ROOT,
    AtLeastOne,
    DatabaseAddress,
    Folder,
    Kind,
    Level,
    Limits,
    Names,
    Port,
    Seconds,
    Site,
    Storage,
    StripeKey,
    StripeSecret,
    Switch,
    Wanted,
    Whole,
)

MINIMUM_SECRET_LENGTH = 32
# Of 32 random letters and digits, fewer than ten are different once in a million times.
MINIMUM_SECRET_VARIETY = 10
# The sandbox's own keys, of no use anywhere else.
SANDBOX_SECRET_KEY = "sk_test_sandbox"  # noqa: S105
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105


class SettingsError(click.ClickException):
    """Settings are wrong, missing or unsafe, a sentence for each. A ClickException, so `flask` prints no traceback."""


def _in_production(read: dict[str, Any]) -> bool:
    return bool(read["TROUSSEAU_ENV"] == "production")


def _own_hosts(read: dict[str, Any]) -> list[str]:
    public, port = urlsplit(read["BASE_URL"]), read["PORT"]
    own = (f"{name}{end}" for name in ("localhost", "127.0.0.1") for end in ("", f":{port}"))
    return list(dict.fromkeys([public.netloc, public.hostname or "", *own]))


def _mail_port(read: dict[str, Any]) -> int:
    if _in_production(read):
        return 465 if read["MAIL_USE_SSL"] else 587
    return int(read["PORT"]) + 2


def is_live_key(key: str) -> bool:
    """Whether real money is charged with this key of Stripe's: secret, restricted or an organization's."""
    return key.startswith(("sk_live_", "rk_live_", "sk_org_live_"))


# Settings that only gunicorn.conf.py reads; it reads PORT too.
SERVER = {"HOST", "WEB_CONCURRENCY", "WEB_THREADS"}


class Settings(BaseModel):
    """Every setting, under the name of its environment variable. A default may depend on settings above it."""

    model_config = ConfigDict(frozen=True)

    TROUSSEAU_ENV: Kind = "development"
    """`development` (SQLite and the sandbox) or `production` (which refuses to start when a setting is missing or unsafe)."""
    HOST: str = "127.0.0.1"
    """The address the web server listens on; a reverse proxy on the same machine reaches 127.0.0.1."""
    PORT: Port = 8000
    """Its port; in development the sandbox takes the next one and its mail server the one after."""
    BASE_URL: Site = Field(default_factory=lambda read: f"http://127.0.0.1:{read['PORT']}")
    """The address people type, which mailed links and payment pages lead back to: in production, https."""
    TRUSTED_HOSTS: Names = Field(default_factory=_own_hosts)
    """Host names that requests may use, separated by commas; the name in BASE_URL and localhost's by default."""
    TRUSTED_PROXIES: Whole = 0
    """How many reverse proxies in front of it set X-Forwarded-For, -Proto and -Host: production wants it said; with 0 these are ignored."""
    INSTANCE: Folder = ROOT / "instance"
    """Where development data lives: the SQLite file, the sandbox's, and a secret made on first use."""
    SECRET_KEY: str = ""
    """Signs sessions: in production at least 32 random characters, the same on every machine (`openssl rand -hex 32`)."""
    LOG_LEVEL: Level = "INFO"
    """From which level on messages are logged: DEBUG, INFO, WARNING or ERROR."""
    WEB_CONCURRENCY: AtLeastOne = 1
    """Processes of the web server; in production, one for each core."""
    WEB_THREADS: AtLeastOne = 8
    """Threads of each process, which mostly wait for the database."""

    DATABASE_URL: DatabaseAddress = Field(
        default_factory=lambda read: f"sqlite:///{read['INSTANCE'] / 'trousseau.sqlite'}"
    )
    """PostgreSQL in production, such as postgresql://trousseau:secret@db.internal/trousseau; a SQLite file in INSTANCE otherwise."""

    STRIPE_SECRET_KEY: StripeKey = ""
    """Stripe's secret key (sk_…), a restricted one (rk_…) or an organization's (sk_org_…); without one, the sandbox is used."""
    STRIPE_CONTEXT: str = ""
    """The account (acct_…) for which an organization's key is used; other keys have one of their own."""
    STRIPE_DESK: str = ""
    """What marks this desk's payments in a Stripe account that others use too; after a move, the host of the old BASE_URL."""
    STRIPE_WEBHOOK_SECRET: StripeSecret = Field(
        default_factory=lambda read: "" if read["STRIPE_SECRET_KEY"] else SANDBOX_WEBHOOK_SECRET
    )
    """The signing secret (whsec_…) of the webhook endpoint that points at BASE_URL/stripe/webhook."""
    STRIPE_TIMEOUT: Seconds = 8.0
    """Seconds that Stripe may take to answer, tries and all, before the customer is told to try again."""
    PAYMENT_PAGE_ORIGIN: Site = ""
    """Where Stripe's payment page is, if Checkout has a domain of your own (https://pay.example.com)."""
    SANDBOX_URL: Site = Field(default_factory=lambda read: f"http://127.0.0.1:{read['PORT'] + 1}")
    """Where the sandbox answers: PORT + 1 on this machine by default; named beside an sk_test_ key, payments go there and not to Stripe."""

    MAIL_SERVER: str = Field(default_factory=lambda read: "" if _in_production(read) else "127.0.0.1")
    """The SMTP server; in development the sandbox's, which keeps all mail and sends none."""
    MAIL_USE_SSL: Switch = False
    """1 speaks TLS from the first byte (port 465)."""
    MAIL_USE_TLS: Switch = Field(
        default_factory=lambda read: _in_production(read) and not read["MAIL_USE_SSL"]
    )
    """1 starts TLS on an ordinary connection (port 587), as production does unless told otherwise."""
    MAIL_PORT: Port = Field(default_factory=_mail_port)
    """Its port: 465 or 587 in production, the sandbox's (PORT + 2) in development."""
    MAIL_USERNAME: str | None = None
    """The account on the SMTP server, where it wants one."""
    MAIL_PASSWORD: str | None = None
    """That account's password."""
    MAIL_DEFAULT_SENDER: str = Field(
        default_factory=lambda read: "" if _in_production(read) else "desk@trousseau.example"
    )
    """The address that mail is sent from; the name with it is the vendor's."""
    MAIL_TIMEOUT: Seconds = 20.0
    """Seconds that the SMTP server may take to answer."""

    RATELIMIT_STORAGE_URI: Storage = "memory://"
    """Where tries are counted: memory:// in each process, or redis://… when there are several."""
    RATELIMIT_ENABLED: Switch = True
    """0 switches all limits off, for load tests."""
    SIGN_IN_LIMIT: Limits = "10 per minute; 50 per hour"
    """Wrong passwords and dead links that one machine may try; past it for one account, each machine may try it twice a minute."""
    LINK_LIMIT: Limits = "5 per minute; 20 per hour"
    """Mailed links that may be asked for to one account, over all pages."""
    MACHINE_LINK_LIMIT: Limits = "20 per minute; 100 per hour"
    """Mailed links that one machine may ask for, over all pages; a whole office may have one address."""
    KEY_LIMIT: Limits = "60 per minute; 600 per hour"
    """How often one licence's key may be checked, from wherever."""
    MACHINE_KEY_LIMIT: Limits = "600 per minute"
    """How often one machine may check keys; a whole office may have one address."""
    PERSONAL_KEPT_DAYS: AtLeastOne = 1_096
    """Days that the journal keeps what is personal in its entries (names and addresses before and after, from where people acted); entries stay."""
    LINK_ANSWER_SECONDS: Seconds = 0.3
    """Seconds after which a request for a mailed link is answered, whether the address has an account or not."""

    DEMONSTRATION: Switch = False
    """1 lets visitors of the demonstration in without a password, as `make run` does beside the sandbox; production refuses to start with it."""
    FLASK_DEBUG: Switch = False
    """Flask's debugger: production refuses to start with it."""

    @property
    def mode(self) -> str:
        """`development`, `trial` (a production desk on which nothing is really charged) or `live`."""
        if self.TROUSSEAU_ENV == "development":
            return "development"
        return "live" if is_live_key(self.STRIPE_SECRET_KEY) else "trial"

    @property
    def uses_sandbox(self) -> bool:
        """Whether payments go to the sandbox: without a key, or where SANDBOX_URL is named beside a test key."""
        named = "SANDBOX_URL" in self.model_fields_set
        return not self.STRIPE_SECRET_KEY or (named and not is_live_key(self.STRIPE_SECRET_KEY))


def read(environ: dict[str, str] | None = None) -> Settings:
    """The settings in `environ` (the process's own by default); other names in it are ignored.

    Raises:
        SettingsError: settings are wrong or, in production, missing or unsafe; all of them in one message.
    """
    # An empty value counts as not set: compose files and shells leave settings out in this way. The spaces and the
    # carriage return that an editor leaves at the end of a line are no part of a key either.
    given = {name: value.strip() for name, value in (os.environ if environ is None else environ).items()}
    given = {name: value for name, value in given.items() if value}
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
            (wanted,) = (item for item in Settings.model_fields[name].metadata if isinstance(item, Wanted))
            end = "" if wanted.secret else f", not {fault['input']!r}"
            yield f"{name} must be {wanted.text}{end}."


def _unsafe(settings: Settings) -> list[str]:
    return [
        sentence
        for sentence, holds in (_desk(settings) | _payments(settings) | _mail(settings)).items()
        if not holds
    ]


def _desk(settings: Settings) -> dict[str, bool]:
    counted = settings.RATELIMIT_ENABLED and settings.RATELIMIT_STORAGE_URI.startswith("memory:")
    return {
        "SECRET_KEY must be set to at least 32 random characters (openssl rand -hex 32 makes some).": _is_random(
            settings.SECRET_KEY
        ),
        "DATABASE_URL must name the PostgreSQL database.": settings.DATABASE_URL.startswith("postgresql"),
        "BASE_URL must be the public https:// address.": settings.BASE_URL.startswith("https://"),
        "TRUSTED_PROXIES must be said: how many reverse proxies stand in front (usually 1; 0 for none). Unsaid, "
        "everybody would share one address, and one stranger's wrong passwords would lock all out.": (
            "TRUSTED_PROXIES" in settings.model_fields_set
        ),
        "RATELIMIT_STORAGE_URI must be redis://… where WEB_CONCURRENCY is more than 1: in memory each process counts "
        "tries for itself.": settings.WEB_CONCURRENCY == 1 or not counted,
        "FLASK_DEBUG must be off in production.": not settings.FLASK_DEBUG,
        "DEMONSTRATION must be off in production: anybody could enter without a password.": (
            not settings.DEMONSTRATION
        ),
    }


def _payments(settings: Settings) -> dict[str, bool]:
    key, secret = settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET
    return {
        "STRIPE_SECRET_KEY must be set: the sandbox is for development, and for a trial under an sk_test_ key.": bool(
            key
        ),
        "STRIPE_WEBHOOK_SECRET must be set beside STRIPE_SECRET_KEY.": bool(secret),
        "STRIPE_WEBHOOK_SECRET must be one of your own: everybody can read the sandbox's.": (
            secret != SANDBOX_WEBHOOK_SECRET
        ),
        "SANDBOX_URL must not be set under a live key.": not (
            "SANDBOX_URL" in settings.model_fields_set and is_live_key(key)
        ),
        "STRIPE_CONTEXT must name the account (acct_…) for which an organization's key is used.": bool(
            settings.STRIPE_CONTEXT or not key.startswith("sk_org_")
        ),
        "PAYMENT_PAGE_ORIGIN must be an https:// address.": (
            not settings.PAYMENT_PAGE_ORIGIN or settings.PAYMENT_PAGE_ORIGIN.startswith("https://")
        ),
    }


def _mail(settings: Settings) -> dict[str, bool]:
    encrypted = settings.MAIL_USE_TLS or settings.MAIL_USE_SSL
    return {
        "MAIL_SERVER and MAIL_DEFAULT_SENDER must be set.": bool(
            settings.MAIL_SERVER and settings.MAIL_DEFAULT_SENDER
        ),
        "MAIL_DEFAULT_SENDER must be an address.": (
            not settings.MAIL_DEFAULT_SENDER or "@" in parseaddr(settings.MAIL_DEFAULT_SENDER)[1]
        ),
        "MAIL_USE_TLS and MAIL_USE_SSL must not both be on: TLS is for port 587, SSL for port 465.": not (
            settings.MAIL_USE_TLS and settings.MAIL_USE_SSL
        ),
        "MAIL_USE_TLS (port 587) or MAIL_USE_SSL (port 465) must be on; say both are 0 for a server that takes mail "
        "unencrypted.": encrypted or {"MAIL_USE_TLS", "MAIL_USE_SSL"} <= settings.model_fields_set,
        "MAIL_USERNAME and MAIL_PASSWORD must be set together.": (
            bool(settings.MAIL_USERNAME) == bool(settings.MAIL_PASSWORD)
        ),
    }


def _is_random(secret: str) -> bool:
    """Whether a secret is long enough, and neither one character nor one word over and over."""
    repeats = secret in (secret + secret)[1:-1]
    return len(secret) >= MINIMUM_SECRET_LENGTH and len(set(secret)) >= MINIMUM_SECRET_VARIETY and not repeats


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
        "MODE": settings.mode,
        # Real payments, of Stripe's test mode even, are no demonstration.
        "DEMONSTRATION": settings.DEMONSTRATION and settings.uses_sandbox and settings.mode == "development",
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
        "RATELIMIT_STORAGE_OPTIONS": _storage_options(settings.RATELIMIT_STORAGE_URI),
    }


def _storage_options(uri: str) -> dict[str, Any]:
    # A Redis that does not answer at all must not hold up each sign-in for minutes.
    return {"socket_connect_timeout": 2, "socket_timeout": 2} if uri.startswith("redis") else {}


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


def _stripe(settings: Settings) -> dict[str, Any]:
    sandbox = settings.SANDBOX_URL if settings.uses_sandbox else None
    return {
        "STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY or SANDBOX_SECRET_KEY,
        # None means Stripe's own address.
        "STRIPE_API_BASE": sandbox,
        "STRIPE_LIVE": is_live_key(settings.STRIPE_SECRET_KEY),
        "PAYMENT_PAGE_ORIGIN": settings.PAYMENT_PAGE_ORIGIN or sandbox or "https://checkout.stripe.com",
    }


def _development_secret(instance: Path) -> str:
    """A secret made on first use and kept beside the development data, so that sessions survive a restart."""
    path = instance / "secret_key"
    try:
        instance.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return path.read_text()
    except OSError as error:
        raise SettingsError(
            f"INSTANCE ({instance}) cannot be used: {error.strerror}. A desk in production needs none: is "
            "TROUSSEAU_ENV=production in its .env?"
        ) from None
