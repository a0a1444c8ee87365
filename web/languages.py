"""Which language a page is in: the person's own; before sign-in the switch's, else the browser's, else French."""

from __future__ import annotations

import datetime as dt

from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_login import current_user
from werkzeug.wrappers import Response

from models import Language
from services.text import sentences
from services.text.formats import current_language, locale_of
from web.guards import is_impersonal

COOKIE = "language"
COOKIE_LIFETIME = dt.timedelta(days=365)


def init_app(app: Flask) -> None:
    """Install Flask-Babel."""
    sentences.install(app, Babel(app, locale_selector=_locale))
    app.context_processor(lambda: {"language": current_language()})


def forget() -> None:
    """Forget this request's language, because the person has just changed it."""
    g.pop("language", None)


def remember(response: Response, language: Language) -> None:
    """Keep the choice in the browser, for the pages before sign-in."""
    response.set_cookie(
        COOKIE, language, max_age=COOKIE_LIFETIME, httponly=True, samesite="Lax", secure=request.is_secure
    )


def visitors_choice() -> str:
    """The browser's language, whoever is signed in: the switch's cookie, else Accept-Language, else French."""
    chosen = request.cookies.get(COOKIE)
    if chosen in list(Language):
        return str(chosen)
    return request.accept_languages.best_match(list(Language), default=Language.FR.value)


def _choose() -> str:
    if not is_impersonal() and current_user.is_authenticated:
        return str(current_user.language.value)
    return visitors_choice()


def _locale() -> str:
    """For Flask-Babel, which asks once per request. Everybody else uses `formats.current_language`."""
    if not has_request_context():
        return locale_of(Language.FR)
    if "language" not in g:
        g.language = _choose()
    return locale_of(g.language)
