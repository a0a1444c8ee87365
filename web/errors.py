"""What a person reads when a request fails: pages of our own, in their language, without internal details."""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask, flash, g, jsonify, redirect, render_template, request
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter.errors import RateLimitExceeded
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from models import db
from services.catalogue import vendor as vendors
from services.foundation.errors import Code, Refused
from web import guards, joining, limits, links, lost, sign_in
from web.accounts import home_of
from web.guards import OtherSite
from web.languages import visitors_choice
from web.limits import limiter

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
    for kind, answer in {
        HTTPException: _http,
        CSRFError: _too_old,
        OtherSite: _other_site,
        RateLimitExceeded: _too_many,
        Refused: _refused,
        sa.exc.OperationalError: _database,
        sa.exc.InterfaceError: _database,
        sa.exc.TimeoutError: _database,
        sa.exc.DataError: _unstorable,
        InternalServerError: _crashed,
    }.items():
        app.register_error_handler(kind, _even_without_database(answer))


def _even_without_database(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Choosing a page's words asks the database whose language they are in: with it away, the page is a visitor's."""

    @functools.wraps(answer)
    def answered(error: Any) -> Any:
        try:
            return answer(error)
        except sa.exc.SQLAlchemyError as away:
            if answer is _too_old:
                # Whose session it was, and what they typed, is for the database to say.
                return _database(away)
            _forget_database()
            log.error("the database did not answer for an error's page: %s", _kind(away))
            return answer(error)

    return answered


def _kind(error: BaseException) -> str:
    return type(getattr(error, "orig", None) or error).__name__


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
    if code == 413 and request.endpoint in guards.UPLOADS:
        flash(_("This file is far too large. Take the pictures out of it, or cut it into several."), "danger")
        return redirect(request.full_path, 303)
    kept = [(name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}]
    return _page(code, _words(code), headers=dict(kept))


def _too_old(_error: CSRFError) -> Response:
    """A form without its session's token: most often, the session has ended since its page was opened."""
    if request.endpoint == "web.sign_in" and current_user.is_authenticated:
        # They signed in from another tab meanwhile, which gave every page a new token.
        return redirect(home_of(current_user))
    if request.endpoint in sign_in.PAGES:
        return sign_in.shown_again(
            _("This page was open for too long. Nothing was changed: try once more."), 400
        )
    if request.endpoint in joining.PAGES:
        return joining.shown_again(
            _("This page was open for too long. Nothing was changed: try once more."), 400
        )
    if request.endpoint in links.PAGES:
        return links.shown_again(_("This page was open for too long. Nothing was changed: try once more."))
    if not current_user.is_authenticated:
        return lost.go_on()
    title = _("This page was open for too long")
    return _page(
        400, Words(title, _("Nothing was changed. Go back, load the page again, and do it once more."))
    )


def _other_site(_error: OtherSite) -> Response:
    title = _("We cannot tell where this form comes from")
    text = _(
        "Your browser did not say that it sends it from one of our pages: an extension, or a server in between, hides "
        "it. Nothing was changed. Reload the page and try again; if this comes back, use another browser, or tell us."
    )
    return _page(400, Words(title, text))


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
    if request.endpoint in sign_in.PAGES:
        log.warning("too many tries at %s: %s", request.path, limits.account())
        response = sign_in.shown_again(text, 429)
        response.headers["Retry-After"] = str(seconds)
        return response
    if request.endpoint in joining.PAGES:
        response = joining.shown_again(text, 429)
        response.headers["Retry-After"] = str(seconds)
        return response
    return _page(429, Words(_("Too many tries"), text), headers={"Retry-After": str(seconds)})


def _refused(error: Refused) -> Response:
    return _page(409, Words(_("This was not done"), error.sentence), refusal=error.code)


def _database(error: sa.exc.SQLAlchemyError) -> Response:
    """A lock that was not free in time, or an unreachable database: both pass by themselves, and nothing was changed."""
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", None)
    if name and not name.startswith(tuple(SQLITE_PASSING)):
        return _crashed(error)
    # Even the language of the words must not be asked of it.
    _forget_database()
    log.error("the database did not answer: %s", _kind(error))
    words = _back_from_paying() if request.endpoint == "portal_orders.done" else _words(503)
    return _page(503, words, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


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
    response = _page(400, _words(400))
    log.warning("refused by the database: %s", _kind(error))
    return response


def _crashed(error: Exception) -> Response:
    _forget_database()
    original = getattr(error, "original_exception", None) or error
    log.error("a request broke", exc_info=original)
    return _page(500, _words(500))


# --- The page -------------------------------------------------------------------------------------------------------


def _page(
    code: int, words: Words, *, headers: dict[str, str] | None = None, refusal: Code | None = None
) -> Response:
    """The answer in the reader's language; `refusal`, the code of a verb's refusal, gives the page its title."""
    if request.path.startswith(JSON_PATHS):
        response: Response = jsonify(error=words.title)
    elif request_ctx.url_adapter is None:
        # A Host header that is not ours: no address can be built, so no page with links either.
        response = Response(words.title, mimetype="text/plain")
    else:
        page = render_template("web/error.html", code=code, words=words, refusal=refusal)
        response = Response(page, mimetype="text/html")
    response.status_code = code
    response.headers.extend(headers or {})
    return response


def _forget_database() -> None:
    """Let the rest of the request see nobody signed in and an empty vendor, so that no query is needed."""
    db.session.rollback()
    g.vendor = vendors.nobody()
    g._login_user = AnonymousUserMixin()
    if "language" not in g:
        g.language = visitors_choice()
