"""Settings, all from the environment (`.env.example` explains each one).

`TROUSSEAU_ENV` is `development` (the default: SQLite and the sandbox, nothing to configure) or `production`,
where a missing secret, a debug switch or the sandbox under a live key stops the application at start-up.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MINIMUM_SECRET_LENGTH = 32
# The sandbox's own keys: worth nothing anywhere else.
SANDBOX_SECRET_KEY = "sk_test_sandbox"  # noqa: S105
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105


class SettingsError(RuntimeError):
    """A setting is missing or dangerous; the sentence says which and what to do."""


def load(environ: dict[str, str] | None = None) -> dict[str, Any]:
    """Flask's configuration from `environ` (the process's own by default).

    Raises:
        SettingsError: a setting cannot be read; in production, also when one is missing or unsafe.
    """
    # Set to nothing is not set: that is how compose files and shells leave a setting out.
    env = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
    production = _is_production(env)
    port = _whole(env, "PORT", 8000)
    instance = (ROOT / env.get("INSTANCE", "instance")).resolve()
    base_url = env.get("BASE_URL", f"http://127.0.0.1:{port}").rstrip("/")
    settings: dict[str, Any] = {
        "PRODUCTION": production,
        "PORT": port,
        "INSTANCE": instance,
        "BASE_URL": base_url,
        "SECRET_KEY": env.get("SECRET_KEY") or ("" if production else _development_secret(instance)),
        "LOG_LEVEL": env.get("LOG_LEVEL", "INFO"),
        # How many proxies in front of us set X-Forwarded-*; 0 believes none.
        "TRUSTED_PROXIES": _whole(env, "TRUSTED_PROXIES", 0),
        "TRUSTED_HOSTS": _hosts(env, base_url, port),
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        **_database(env, instance),
        **_sessions(base_url, port),
        **_security(),
        **_stripe(env, port),
        **_mail(env, port, production),
        "BABEL_DEFAULT_LOCALE": "fr_CA",
        "BABEL_DEFAULT_TIMEZONE": "UTC",
        "BOOTSTRAP_SERVE_LOCAL": True,
        **_limits(env),
    }
    if production:
        _refuse_unsafe(settings, env)
    return settings


def _is_production(env: dict[str, str]) -> bool:
    kind = env.get("TROUSSEAU_ENV", "development")
    if kind not in {"development", "production"}:
        # "prod" must not quietly mean a development desk on the open internet.
        raise SettingsError(f"TROUSSEAU_ENV is development or production, not {kind!r}.")
    return kind == "production"


def _number(env: dict[str, str], name: str, default: float) -> float:
    try:
        return float(env.get(name, default))
    except ValueError:
        raise SettingsError(f"{name} must be a number, not {env[name]!r}.") from None


def _whole(env: dict[str, str], name: str, default: int) -> int:
    number = _number(env, name, default)
    if not number.is_integer() or number < 0:
        raise SettingsError(f"{name} must be a whole number, not {env[name]!r}.")
    return int(number)


def _database(env: dict[str, str], instance: Path) -> dict[str, Any]:
    url = env.get("DATABASE_URL", f"sqlite:///{instance / 'trousseau.sqlite'}")
    # Hosting services still hand out the old scheme, and the driver is ours to choose.
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(url)}


def _engine_options(url: str) -> dict[str, Any]:
    # The log of a fault shows the statement, not the names and addresses in it.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": 10}}
    # A lock is waited for 10 s, a statement 30 s, and a forgotten transaction is ended after 30 s:
    # all shorter than gunicorn's 60 s, so that a person gets a sentence and not a dead worker.
    timeouts = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
    connect = {"options": timeouts, "connect_timeout": 5}
    return options | {"pool_pre_ping": True, "connect_args": connect}


def _sessions(base_url: str, port: int) -> dict[str, Any]:
    secure = base_url.startswith("https://")
    return {
        # Cookies ignore ports: two copies on one machine would sign each other out.
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
        # argon2 salts each hash itself; a second, site-wide HMAC would only be one more secret to lose.
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        # Its commands would change people behind the back of our verbs and their journal.
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_JOIN_USER_ROLES": False,
    }


def _limits(env: dict[str, str]) -> dict[str, Any]:
    """How many tries a visitor has."""
    return {
        # `memory://` counts in each process; several processes share one count in `redis://`.
        "RATELIMIT_STORAGE_URI": env.get("RATELIMIT_STORAGE_URI", "memory://"),
        "RATELIMIT_ENABLED": env.get("RATELIMIT_ENABLED", "1") == "1",
        # Wrong passwords and dead links, per machine and per mail address.
        "SIGN_IN_LIMIT": env.get("SIGN_IN_LIMIT", "10 per minute; 50 per hour"),
        # Mails asked for, to one address and by one machine (a whole office may be one).
        "LINK_LIMIT": env.get("LINK_LIMIT", "5 per minute; 20 per hour"),
        "MACHINE_LINK_LIMIT": env.get("MACHINE_LINK_LIMIT", "20 per minute; 100 per hour"),
        # Whoever asks for a mail is answered after this long, account or not: the time tells nothing.
        "LINK_ANSWER_SECONDS": _number(env, "LINK_ANSWER_SECONDS", 0.3),
    }


def _stripe(env: dict[str, str], port: int) -> dict[str, Any]:
    key = env.get("STRIPE_SECRET_KEY", "")
    sandbox = env.get("SANDBOX_URL", f"http://127.0.0.1:{port + 1}").rstrip("/")
    return {
        "STRIPE_SECRET_KEY": key or SANDBOX_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": env.get("STRIPE_WEBHOOK_SECRET", "")
        or ("" if key else SANDBOX_WEBHOOK_SECRET),
        # None is Stripe itself.
        "STRIPE_API_BASE": None if key else sandbox,
        "PAYMENT_PAGE_ORIGIN": "https://checkout.stripe.com" if key else sandbox,
        "STRIPE_TIMEOUT": _number(env, "STRIPE_TIMEOUT", 8),
    }


def _mail(env: dict[str, str], port: int, production: bool) -> dict[str, Any]:
    return {
        "MAIL_SERVER": env.get("MAIL_SERVER", "" if production else "127.0.0.1"),
        "MAIL_PORT": _whole(env, "MAIL_PORT", 587 if production else port + 2),
        "MAIL_USE_TLS": env.get("MAIL_USE_TLS", "1" if production else "0") == "1",
        "MAIL_USE_SSL": env.get("MAIL_USE_SSL", "0") == "1",
        "MAIL_USERNAME": env.get("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": env.get("MAIL_PASSWORD") or None,
        "MAIL_DEFAULT_SENDER": env.get("MAIL_DEFAULT_SENDER", "" if production else "desk@trousseau.example"),
        "MAIL_TIMEOUT": _number(env, "MAIL_TIMEOUT", 20),
    }


def _hosts(env: dict[str, str], base_url: str, port: int) -> list[str]:
    if "TRUSTED_HOSTS" in env:
        return [host.strip() for host in env["TRUSTED_HOSTS"].split(",") if host.strip()]
    netloc = urlsplit(base_url).netloc
    return list(
        {netloc, netloc.partition(":")[0], "localhost", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}"}
    )


def _development_secret(instance: Path) -> str:
    """A secret made on first use and kept beside the development data, so that sessions survive a restart."""
    path = instance / "secret_key"
    instance.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


def _refuse_unsafe(settings: dict[str, Any], env: dict[str, str]) -> None:
    key = env.get("STRIPE_SECRET_KEY", "")
    checks = {
        "SECRET_KEY must be set to at least 32 random characters.": (
            len(settings["SECRET_KEY"]) >= MINIMUM_SECRET_LENGTH
        ),
        "DATABASE_URL must name the PostgreSQL database.": (
            settings["SQLALCHEMY_DATABASE_URI"].startswith("postgresql")
        ),
        "BASE_URL must be the public https:// address.": settings["BASE_URL"].startswith("https://"),
        "STRIPE_SECRET_KEY must be set: the sandbox is for development.": bool(key),
        "STRIPE_WEBHOOK_SECRET must be set beside STRIPE_SECRET_KEY.": bool(
            settings["STRIPE_WEBHOOK_SECRET"]
        ),
        "SANDBOX_URL must not be set under a live key.": not (
            "SANDBOX_URL" in env and key.startswith("sk_live")
        ),
        "MAIL_SERVER and MAIL_DEFAULT_SENDER must be set.": bool(
            settings["MAIL_SERVER"] and settings["MAIL_DEFAULT_SENDER"]
        ),
        "FLASK_DEBUG must be off in production.": env.get("FLASK_DEBUG", "0") in {"", "0", "false"},
    }
    broken = [sentence for sentence, holds in checks.items() if not holds]
    if broken:
        raise SettingsError(" ".join(broken))
