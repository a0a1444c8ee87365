"""The one place that formats money, days and instants. `fr` and `en` mean Canadian French and English.

Babel's plain `fr` prints « $CA » and European dates, so every call names `fr_CA` or `en_CA`.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

LOCALES = {"fr": "fr_CA", "en": "en_CA"}
NBSP = "\u00a0"


def locale_of(language: str) -> str:
    """`fr` → `fr_CA`, `en` → `en_CA`; any other language reads as French."""
    return LOCALES.get(language[:2], LOCALES["fr"])


def current_language() -> str:
    """The language of the current request or mail: `fr` or `en`."""
    locale = get_locale()
    return locale.language if locale and locale.language in LOCALES else "fr"


def country(code: str, language: str) -> str:
    """`CA` → « Canada »; the code itself where Babel knows no name."""
    return str(Locale.parse(locale_of(language)).territories.get(code, code))


@functools.lru_cache(maxsize=4096)
def money(cents: int, currency: str, language: str) -> str:
    """`123450, "CAD", "fr"` → « 1 234,50 $ » (with non-breaking spaces)."""
    text: str = format_currency(Decimal(cents) / 100, currency, locale=locale_of(language))
    return text.replace("\u202f", NBSP)


def price(cents: int, currency: str, language: str) -> str:
    """As `money`, a round one without its cents: « 100 $ », “$100”. For what is advertised, never for what is charged."""
    text = money(cents, currency, language)
    return text if cents % 100 else re.sub(r"[.,]00(?![0-9])", "", text)


@functools.lru_cache(maxsize=4096)
def number(value: int, language: str) -> str:
    """A whole number with its thousands apart: « 12 345 », “12,345”."""
    return str(format_decimal(value, locale=locale_of(language))).replace("\u202f", NBSP)


def percent(rate: int, language: str) -> str:
    """A tax rate in thousandths of a percent: `9975` → « 9,975 % », “9.975%”."""
    text: str = format_decimal(Decimal(rate) / 1000, locale=locale_of(language))
    return f"{text}{NBSP}%" if language.startswith("fr") else f"{text}%"


@functools.lru_cache(maxsize=4096)
def day(value: dt.date, language: str) -> str:
    """A day, written out: « 24 novembre 2026 », « 1er décembre 2027 », “November 24, 2026”.

    French counts the first of a month (Office québécois de la langue française, « Écriture de la date »); CLDR does not.

    Raises:
        TypeError: for an instant. On which day it falls depends on where: whoever knows says so (`models.day_in`).
    """
    text: str = format_date(_day(value), format="long", locale=locale_of(language))
    return f"1er{text[1:]}" if _is_first(text, language) else text


def day_in_html(value: dt.date, language: str) -> Markup:
    """As `day`, where there is HTML: « 1<sup>er</sup> décembre 2027 »."""
    return Markup(day(value, language).replace("1er ", "1<sup>er</sup> "))  # noqa: S704 - our own words


def month(value: dt.date, language: str, *, short: bool = False) -> str:
    """The month of a day: « Août 2026 », “August 2026”; `short`, « août 2026 », “Aug 2026”."""
    text: str = format_date(_day(value), "MMM y" if short else "LLLL y", locale=locale_of(language))
    return text if short else text[:1].upper() + text[1:]


def _is_first(text: str, language: str) -> bool:
    return locale_of(language) == LOCALES["fr"] and text.startswith("1 ")


def short_day(value: dt.date) -> str:
    """A day, for tables: `2026-11-24` in both languages (the Canadian standard). Raises TypeError as `day`."""
    return _day(value).isoformat()


def _day(value: dt.date) -> dt.date:
    if isinstance(value, dt.datetime):
        raise TypeError(f"{value!r} is an instant: say in which time zone its day is meant")
    return value


def moment(value: dt.datetime, language: str, zone: zoneinfo.ZoneInfo) -> str:
    """Date and time in `zone`: « 2026-11-24 14 h 30 », “2026-11-24 2:30 p.m.”."""
    local = value.astimezone(zone)
    space = NBSP if language.startswith("fr") else " "
    return f"{local.date().isoformat()}{space}{clock(local, language)}"


def clock(local: dt.datetime, language: str) -> str:
    """The time that a clock shows: « 14 h 30 », “2:30 p.m.”."""
    if language.startswith("fr"):
        return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"
    return f"{local.hour % 12 or 12}:{local.minute:02}{NBSP}{'a.m.' if local.hour < 12 else 'p.m.'}"


def ago(value: dt.datetime, zone: zoneinfo.ZoneInfo, now: dt.datetime) -> str:
    """When something was, as one would say it at `now`, in the reader's language, by the calendar of `zone`.

    « il y a 5 min », « aujourd’hui, 9 h 05 », « hier, 9 h 05 », « lundi, 14 h 30 », « il y a 9 jours », then `2026-10-01`.
    """
    language, local = current_language(), value.astimezone(zone)
    minutes = int((now - value).total_seconds() // 60)
    days = (now.astimezone(zone).date() - local.date()).days
    # Two clocks may differ by a little: what is to come has just been.
    if minutes < 1:
        return str(_("just now"))
    if minutes < 60:
        return str(ngettext("%(num)s min ago", "%(num)s min ago", minutes))
    if days < 7:
        weekday = format_date(local.date(), "EEEE", locale=locale_of(language))
        name = {0: _("today"), 1: _("yesterday")}.get(days, weekday)
        return str(_("%(day)s, %(time)s", day=name, time=clock(local, language)))
    return (
        str(ngettext("%(num)s day ago", "%(num)s days ago", days)) if days <= 30 else short_day(local.date())
    )
