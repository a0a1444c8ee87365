"""Where customers are: countries, provinces and time zones to choose from."""

from __future__ import annotations

import functools
import zoneinfo

from babel import Locale
from flask_babel import lazy_gettext as _l

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
        key=lambda pair: (pair[0] != CANADA, pair[1]),
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
    return sorted(((code, str(name)) for code, name in PROVINCES.items()), key=lambda pair: pair[1])


@functools.cache
def time_zones() -> list[str]:
    """The time zones with a region, such as `America/Toronto`, for which files are read; the historical aliases have none."""
    return sorted(name for name in zoneinfo.available_timezones() if name.startswith(_REGIONS))
