"""What every request passes, in this order: its scope, unreadable input, CSRF tokens, rate limits."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from flask import Flask, abort, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

import access
from services.foundation import checks

csrf = CSRFProtect()
limiter = Limiter(get_remote_address)

# Endpoints whose answers are the same for everybody: no session is read for them.
IMPERSONAL = {"static", "icons", "web.health", "web.vendor_css", "web.vendor_logo"}


def init_app(app: Flask) -> None:
    """Install the guards. The scope comes first, so that a refusal's page can show the person's own menu."""
    app.before_request(_set_scope)
    app.before_request(_refuse_unreadable)
    csrf.init_app(app)
    limiter.init_app(app)


def is_impersonal() -> bool:
    """Whether this request's answer is the same for everybody."""
    endpoint = request.endpoint or ""
    return endpoint in IMPERSONAL or endpoint.endswith(".static")


def _set_scope() -> None:
    if not is_impersonal():
        g.scope = access.scope_of(current_user)


def _refuse_unreadable() -> None:
    """Answer 400 to a NUL in the path or in any field: PostgreSQL cannot store one."""
    pairs = [(request.path, ""), *request.args.items(multi=True)]
    if request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        pairs += request.form.items(multi=True)
    if any("\0" in text for pair in pairs for text in pair):
        abort(400)


def by_typed_address() -> str:
    """The key of limits per mail address: an HMAC, so that no address is in the storage of the counters."""
    email = checks.sought_email(request.form.get("email", ""))
    return hmac.new(current_app.config["SECRET_KEY"].encode(), email.encode(), hashlib.sha256).hexdigest()


def _setting(name: str) -> Callable[[], str]:
    """A limit, read from the settings at each request."""
    return lambda: str(current_app.config[name])


def _failed(response: Response) -> bool:
    """Whether the sign-in failed. Only then the try counts, so that a whole office can sign in from one IP address."""
    return response.status_code != 302


# Decorators for the functions of pages. The limits themselves are explained in `config.py`.
limit_guesses = limiter.limit(_setting("SIGN_IN_LIMIT"), methods=["POST"], deduct_when=_failed)
limit_guesses_per_address = limiter.limit(
    _setting("SIGN_IN_LIMIT"), methods=["POST"], deduct_when=_failed, key_func=by_typed_address
)
limit_dead_links = limiter.limit(
    _setting("SIGN_IN_LIMIT"), methods=["POST"], deduct_when=lambda response: response.status_code == 404
)
limit_mails = limiter.limit(_setting("MACHINE_LINK_LIMIT"), methods=["POST"])
limit_mails_per_address = limiter.limit(_setting("LINK_LIMIT"), methods=["POST"], key_func=by_typed_address)
