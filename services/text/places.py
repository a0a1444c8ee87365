"""Where customers are: countries, provinces and time zones to choose from."""

from __future__ import annotations

import functools
import zoneinfo

from babel import Locale
from flask_babel import lazy_gettext as _l

from models import sort_key
from services.text.alike import bare
from services.text.formats import locale_of

CANADA = "CA"
# ISO 3166-2:CA
PROVINCES = {
    "AB": _l("Alberta"),
    "BC": _l("British Columbia"),
    "PE": _l("Prince Edward Island"),
    "MB": _l("Manitoba"),
    "NB": _l("New Brunswick"),
    "NS": _l("Nova Scotia"),
    "NU": _l("Nunavut"),
    "ON": _l("Ontario"),
    "QC": _l("Quebec"),
    "SK": _l("Saskatchewan"),
    "NL": _l("Newfoundland and Labrador"),
    "NT": _l("Northwest Territories"),
    "YT": _l("Yukon"),
}
# In which most of each province lives.
ZONES = {
    "AB": "America/Edmonton",
    "BC": "America/Vancouver",
    "MB": "America/Winnipeg",
    "NB": "America/Moncton",
    "NL": "America/St_Johns",
    "NS": "America/Halifax",
    "NT": "America/Yellowknife",
    "NU": "America/Iqaluit",
    "ON": "America/Toronto",
    "PE": "America/Halifax",
    "QC": "America/Toronto",
    "SK": "America/Regina",
    "YT": "America/Whitehorse",
}
_REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@functools.cache
def countries(language: str) -> list[tuple[str, str]]:
    """(ISO 3166-1 code, name) of every country, Canada first, the others by name."""
    names = Locale.parse(locale_of(language)).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2]
    return sorted(
        ((code, name) for code, name in found if code not in _NOT_COUNTRIES),
        key=lambda pair: (pair[0] != CANADA, sort_key(pair[1])),
    )


# CLDR's own codes for unions, pseudo-locales and an unknown region.
_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


def name(place: str, language: str) -> str:
    """`CA-QC` → « Québec »; the country's name where there is no province, and the code of what is no place."""
    country, _dash, province = place.partition("-")
    known = PROVINCES.get(province) if country == CANADA else dict(countries(language)).get(country)
    return str(known or place)


def provinces() -> list[tuple[str, str]]:
    """(code, name) of Canada's provinces and territories, by name."""
    return sorted(((code, str(name)) for code, name in PROVINCES.items()), key=lambda pair: sort_key(pair[1]))


@functools.cache
def time_zones() -> list[str]:
    """The time zones with a region, such as `America/Toronto`, for which files are read; the historical aliases have none."""
    return sorted(name for name in zoneinfo.available_timezones() if name.startswith(_REGIONS))


def country_named(text: str) -> str | None:
    """The code of a country by its code or its name in French or English; Canada where nothing is said; None for what is none."""
    if not text.strip():
        return CANADA
    return _country_words().get(bare(text))


def province_named(text: str) -> str | None:
    """The code of one of Canada's provinces, by its code, its name in French or English or what people cut it to; nothing where
    nothing is said; None for what is none."""
    return _province_words().get(bare(text)) if text.strip() else ""


@functools.cache
def _country_words() -> dict[str, str]:
    words = {"usa": "US", "etatsunis": "US", "unitedstatesofamerica": "US"}
    for language in ("fr", "en"):
        words |= {bare(name): code for code, name in countries(language)}
    return words | {code.lower(): code for code, _name in countries("en")}


@functools.cache
def _province_words() -> dict[str, str]:
    words = {bare(name): code for name, code in _PROVINCE_NAMES.items()}
    return words | {code.lower(): code for code in PROVINCES}


# Whatever the reader's language: what stands in a file was written by somebody else.
_PROVINCE_NAMES = {
    **{
        "Alberta": "AB",
        "Alb.": "AB",
        "Alta.": "AB",
        "British Columbia": "BC",
        "Colombie-Britannique": "BC",
        "C.-B.": "BC",
    },
    **{"Prince Edward Island": "PE", "Île-du-Prince-Édouard": "PE", "Î.-P.-É.": "PE", "P.E.I.": "PE"},
    **{"Manitoba": "MB", "Man.": "MB", "New Brunswick": "NB", "Nouveau-Brunswick": "NB", "N.-B.": "NB"},
    **{
        "Nova Scotia": "NS",
        "Nouvelle-Écosse": "NS",
        "N.-É.": "NS",
        "Nunavut": "NU",
        "Ontario": "ON",
        "Ont.": "ON",
    },
    **{"Québec": "QC", "Que.": "QC", "P.Q.": "QC", "Saskatchewan": "SK", "Sask.": "SK"},
    **{"Newfoundland and Labrador": "NL", "Terre-Neuve-et-Labrador": "NL", "T.-N.-L.": "NL"},
    **{
        "Northwest Territories": "NT",
        "Territoires du Nord-Ouest": "NT",
        "T.N.-O.": "NT",
        "N.W.T.": "NT",
        "Yukon": "YT",
    },
}
