"""How money, days and places read: the Canadian forms, in both languages."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from models import sort_key
from services.text import formats, places
from services.text.formats import NBSP

pytestmark = pytest.mark.one_database
QUEBEC = zoneinfo.ZoneInfo("America/Toronto")
EVENING = dt.datetime(2026, 11, 25, 2, 5, tzinfo=dt.UTC)  # 21:05 of the 24th in Québec


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [(12_345, "12 345", "12,345"), (999, "999", "999"), (0, "0", "0")],
)
def test_a_whole_number(value, french, english):
    assert formats.number(value, "fr") == french.replace(" ", NBSP)
    assert formats.number(value, "en") == english


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (10_000, "100 $", "$100"),
        (10_050, "100,50 $", "$100.50"),
        (100_000_000, "1 000 000 $", "$1,000,000"),
        (0, "0 $", "$0"),
    ],
)
def test_a_round_price_is_shown_without_cents(cents, french, english):
    assert formats.price(cents, "CAD", "fr") == french.replace(" ", NBSP)
    assert formats.price(cents, "CAD", "en") == english


@pytest.mark.parametrize(("rate", "french", "english"), [(9_975, "9,975 %", "9.975%"), (5_000, "5 %", "5%")])
def test_a_tax_rate(rate, french, english):
    assert formats.percent(rate, "fr") == french.replace(" ", NBSP)
    assert formats.percent(rate, "en") == english


def test_a_day_is_written_out_and_in_tables_short():
    assert formats.day(dt.date(2026, 11, 24), "fr") == "24 novembre 2026"
    assert formats.day(dt.date(2026, 11, 24), "en") == "November 24, 2026"
    assert formats.short_day(dt.date(2026, 11, 24)) == "2026-11-24"


@pytest.mark.parametrize("day", [dt.date(2027, 12, 1) + dt.timedelta(days=number) for number in range(31)])
def test_french_counts_the_first_of_a_month_and_no_other_day_and_english_none(day):
    first = day.day == 1
    assert formats.day(day, "fr") == ("1er décembre 2027" if first else f"{day.day} décembre 2027")
    assert formats.day_in_html(day, "fr") == (
        "1<sup>er</sup> décembre 2027" if first else f"{day.day} décembre 2027"
    )
    assert formats.day(day, "en") == formats.day_in_html(day, "en") == f"December {day.day}, 2027"


def test_an_instant_is_no_day_before_somebody_says_where():
    for write in (lambda value: formats.day(value, "fr"), formats.short_day):
        with pytest.raises(TypeError, match="time zone"):
            write(EVENING)


@pytest.mark.parametrize(
    ("hour", "french", "english"),
    [
        (0, "2026-07-01 0 h 05", "2026-07-01 12:05 a.m."),
        (9, "2026-07-01 9 h 05", "2026-07-01 9:05 a.m."),
        (11, "2026-07-01 11 h 05", "2026-07-01 11:05 a.m."),
        (12, "2026-07-01 12 h 05", "2026-07-01 12:05 p.m."),
        (23, "2026-07-01 23 h 05", "2026-07-01 11:05 p.m."),
    ],
)
def test_a_moment_reads_by_the_clock_of_the_readers_language(hour, french, english):
    at = dt.datetime(2026, 7, 1, hour, 5, tzinfo=QUEBEC).astimezone(dt.UTC)
    assert formats.moment(at, "fr", QUEBEC).replace(NBSP, " ") == french
    assert formats.moment(at, "en", QUEBEC).replace(NBSP, " ") == english


@pytest.mark.parametrize(
    ("language", "locale"), [("fr", "fr_CA"), ("fr_FR", "fr_CA"), ("en", "en_CA"), ("de", "fr_CA")]
)
def test_a_language_is_read_as_in_canada(language, locale):
    assert formats.locale_of(language) == locale


def test_canada_comes_first_and_what_is_no_country_not_at_all():
    found = places.countries("fr")
    codes = [code for code, _name in found]
    assert found[0] == ("CA", "Canada")
    names = [name for _code, name in found[1:]]
    assert names == sorted(names, key=sort_key)
    assert not {"EU", "UN", "ZZ", "XA", "419", "001"} & set(codes)
    assert {"FR", "US", "HT"} < set(codes)
    assert formats.country("FR", "en") == "France"
    assert formats.country("??", "en") == "??"


def test_every_province_and_only_places_can_be_chosen(app):
    with app.app_context():
        assert {code for code, _name in places.provinces()} == set(places.PROVINCES)
        assert len(places.PROVINCES) == 13
        names = [name for _code, name in places.provinces()]
        assert names == sorted(names, key=sort_key)
    zones = places.time_zones()
    assert {"America/Toronto", "America/St_Johns", "Pacific/Auckland"} < set(zones)
    assert not {"EST", "UTC", "Canada/Eastern", "Etc/GMT+5"} & set(zones)
    assert zones == sorted(zones)
