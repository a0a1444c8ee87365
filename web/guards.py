"""What every request passes, in this order: whose rows it may see, input we can read, forged forms, rate limits."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask, abort, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf import CSRFProtect

import access

csrf = CSRFProtect()
limiter = Limiter(get_remote_address)

# The same for everybody, and served when the database is away: these never ask who is signed in.
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
    """No text of ours holds a NUL, and PostgreSQL stores none: stop it here, once, for every page."""
    texts = [request.path, *request.args, *request.args.values()]
    if request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        texts += [*request.form, *request.form.values()]
    if any("\0" in text for text in texts):
        abort(400)


def by_typed_address() -> str:
    """A key for limits per mail address; keyed, so that the counters' storage holds no addresses."""
    email = request.form.get("email", "").strip().lower()
    return hmac.new(current_app.config["SECRET_KEY"].encode(), email.encode(), hashlib.sha256).hexdigest()


def sign_in_limit() -> str:
    """`SIGN_IN_LIMIT`, for limits that are read when a request comes."""
    return str(current_app.config["SIGN_IN_LIMIT"])


def link_limit() -> str:
    """`LINK_LIMIT`, likewise."""
    return str(current_app.config["LINK_LIMIT"])
