"""Language, sentences, amounts and times of the sandbox's pages, in French and English.

The sentences are in `wording.py`, not in the application's catalogue: the sandbox is another process.
"""

import datetime as dt

from flask import Flask, Response, g, request
from markupsafe import Markup

from sandbox.base.shared import shared
from sandbox.pages.wording import TEXTS

NBSP = "\u00a0"
LANGUAGES = ("fr", "en")
COOKIE = "sandbox_language"


def install(app: Flask) -> None:
    """Choose the language of each request, and give templates `t`, `money`, `moment` and `language`."""
    app.before_request(_choose)
    app.after_request(_remember)
    app.jinja_env.globals.update(t=t, money=money, moment=moment, language=language)


def language() -> str:
    """Return `fr` or `en`, for the current request."""
    return str(g.get("language", "fr"))


def use_locale(locale: str | None) -> None:
    """Set the request's language from a session's locale, such as fr-CA; None and `auto` keep the browser's."""
    if locale and locale != "auto":
        g.language = "fr" if locale.startswith("fr") else "en"


def _choose() -> None:
    asked = request.args.get("lang") or request.cookies.get(COOKIE)
    g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "fr")


def _remember(response: Response) -> Response:
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, request.args["lang"], samesite="Lax", httponly=True)
    return response


def t(key: str, **values: object) -> str:
    """Return the sentence of that key in the language of the request."""
    sentence = TEXTS[key][LANGUAGES.index(language())]
    return sentence.format(**values) if values else sentence


def money(cents: int, currency: str) -> str:
    """Write an amount: « 1 234,50 $ », “$1,234.50”; currencies other than cad with their code."""
    grouped = f"{cents / 100:,.2f}"
    code = "" if currency == "cad" else f"{NBSP}{currency.upper()}"
    if language() == "en":
        return f"${grouped}" if not code else f"{grouped}{code}"
    digits = grouped.replace(",", NBSP).replace(".", ",")
    return f"{digits}{code or NBSP + '$'}"


def moment(at: float) -> Markup:
    """Write a time (seconds since 1970) as the desk does, as <time>: « 2026-11-24 9 h 05 », “2026-11-24 9:05 a.m.”."""
    local = dt.datetime.fromtimestamp(at, shared().settings.time_zone)
    half = "a.m." if local.hour < 12 else "p.m."
    french = language() == "fr"
    clock = (
        f"{local.hour}{NBSP}h{NBSP}{local:%M}"
        if french
        else f"{local.hour % 12 or 12}:{local:%M}{NBSP}{half}"
    )
    shown = f"{local:%Y-%m-%d}{NBSP}{clock}"
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), shown)
