"""What a person reads when a request fails: pages of our own, in their language, without internal details."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, jsonify, render_template, request
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter.errors import RateLimitExceeded
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from models import db
from services.catalogue import vendor as vendors
from services.foundation.errors import Code, Refused
from web.guards import limiter
from web.languages import visitors_choice

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 10
# Programs read these, not people.
JSON_PATHS = ("/healthz", "/stripe/")
# SQLite raises one class for everything: these errors pass by themselves, the others are faults of ours.
SQLITE_PASSING = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL"}


@dataclasses.dataclass(frozen=True)
class Words:
    """A page's heading and its sentence: what happened, and what to do."""

    title: str
    text: str


def init_app(app: Flask) -> None:
    """Register our answer to every kind of failure."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _too_old)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(sa.exc.OperationalError, _database)
    app.register_error_handler(sa.exc.InterfaceError, _database)
    app.register_error_handler(sa.exc.TimeoutError, _database)
    app.register_error_handler(sa.exc.DataError, _unstorable)
    app.register_error_handler(500, _crashed)


# --- The words ----------------------------------------------------------------------------------------------------


def _words(code: int) -> Words:
    words = {
        400: Words(
            _("This request cannot be read"),
            _("Something in it is malformed. Nothing was changed. Go back and try again."),
        ),
        403: Words(
            _("This page is not open to you"),
            _("It is for the vendor’s own support staff. Nothing was changed: your pages are in the portal.")
            if request.path.startswith("/support")
            else _(
                "Your account does not give access to it. An administrator of your company can change that."
            ),
        ),
        404: Words(
            _("This page does not exist"),
            _("The address may be mistyped, or what it showed may not be yours or may be gone."),
        ),
        405: Words(
            _("This cannot be done that way"),
            _("The address works from a button of one of our pages only. Nothing was changed."),
        ),
        413: Words(
            _("This is too large"),
            _("What was sent is larger than what we accept. Nothing was changed."),
        ),
        500: Words(
            _("Something broke on our side"),
            _("It has been noted. What you were doing may not be done: check before you try again."),
        ),
        503: Words(
            _("We cannot answer right now"),
            _("Nothing was changed. Wait a few seconds, then try again."),
        ),
    }
    return words.get(code, words[400 if code < 500 else 500])


# --- The handlers ---------------------------------------------------------------------------------------------------


def _http(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400 or (error.response is not None and not isinstance(error, RateLimitExceeded)):
        return error  # a redirect, or a complete response from a view
    kept = [(name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}]
    return _page(code, _words(code), headers=dict(kept))


def _too_old(_error: CSRFError) -> Response:
    title = _("This page was open for too long")
    return _page(
        400, Words(title, _("Nothing was changed. Go back, load the page again, and do it once more."))
    )


def _too_many(_error: RateLimitExceeded) -> Response:
    limit = limiter.current_limit
    seconds = max(1, math.ceil(limit.reset_at - time.time())) if limit else 60
    # The library adds a second as a margin; people are told whole minutes.
    minutes = max(1, math.ceil((seconds - 1) / 60))
    text = ngettext(
        "There were many tries in a short time. Nothing was changed. Try again in %(num)s minute.",
        "There were many tries in a short time. Nothing was changed. Try again in %(num)s minutes.",
        minutes,
    )
    return _page(429, Words(_("Too many tries"), text), headers={"Retry-After": str(seconds)})


def _refused(error: Refused) -> Response:
    return _page(409, Words(_("This was not done"), error.sentence), refusal=error.code)


def _database(error: sa.exc.SQLAlchemyError) -> Response:
    """A lock that was not free in time, or an unreachable database: both pass by themselves, and nothing was changed."""
    db.session.rollback()
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", None)
    if name and not name.startswith(tuple(SQLITE_PASSING)):
        return _crashed(error)
    log.error("the database did not answer: %s", type(getattr(error, "orig", error)).__name__)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    # Even the language of the words must not be asked of it.
    _forget_database()
    words = _back_from_paying() if request.endpoint == "portal_orders.done" else _words(503)
    return _page(503, words, headers=headers, without_database=True)


def _back_from_paying() -> Words:
    """Nobody who has just paid may read that nothing was changed, and pay again."""
    return Words(
        _("We cannot answer right now"),
        _(
            "If you have paid, your payment is safe: your licenses are delivered as soon as we can answer, and an email "
            "tells you. Do not pay again. Wait a few seconds, then load this page again."
        ),
    )


def _unstorable(error: sa.exc.DataError) -> Response:
    """A value that the database cannot store, such as a number of 30 digits."""
    db.session.rollback()
    log.warning("refused by the database: %s", type(error.orig).__name__)
    return _page(400, _words(400))


def _crashed(error: Exception) -> Response:
    original = getattr(error, "original_exception", None) or error
    log.error("a request broke", exc_info=original)
    return _page(500, _words(500), without_database=True)


# --- The page -------------------------------------------------------------------------------------------------------


def _page(
    code: int,
    words: Words,
    *,
    headers: dict[str, str] | None = None,
    without_database: bool = False,
    refusal: Code | None = None,
) -> Response:
    """The answer in the reader's language; `refusal`, the code of a verb's refusal, gives the page its title."""
    if request.path.startswith(JSON_PATHS):
        response: Response = jsonify(error=words.title)
    elif request_ctx.url_adapter is None:
        # A Host header that is not ours: no address can be built, so no page with links either.
        response = Response(words.title, mimetype="text/plain")
    else:
        response = Response(
            _render(without_database, code=code, words=words, refusal=refusal), mimetype="text/html"
        )
    response.status_code = code
    response.headers.extend(headers or {})
    return response


def _render(without_database: bool, **context: Any) -> str:
    if not without_database:
        try:
            return render_template("web/error.html", **context)
        except sa.exc.SQLAlchemyError:
            log.exception("the page of an error could not be written with the database")
            db.session.rollback()
    _forget_database()
    return render_template("web/error.html", **context)


def _forget_database() -> None:
    """Let the rest of the request see nobody signed in and an empty vendor, so that no query is needed."""
    g.vendor = vendors.nobody()
    g._login_user = AnonymousUserMixin()
    if "language" not in g:
        g.language = visitors_choice()
