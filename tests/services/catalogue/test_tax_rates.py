"""Tax rates: each bound of them, from both sides, and that what was charged stays."""

from __future__ import annotations

import datetime as dt

import pytest

from models import TaxRate, db
from services.catalogue import examples, plans, tax_rates, taxes, vendor
from tests.asked import entries, refused
from tests.factories import make_order

DAY = dt.timedelta(days=1)
RATE = {
    "place": "ca-on",
    "name_fr": "TVH",
    "name_en": "HST",
    "rate": 13_000,
    "registration": "gst",
    "starts_on": dt.date(2030, 1, 1),
}


def test_a_rate_is_stored_as_it_is_printed(cast, sam):
    rate = tax_rates.add_rate(RATE, by=sam)
    assert (rate.place, rate.rate) == ("CA-ON", 13_000)
    assert entries("tax_rate_added")[0].after["place"] == "CA-ON"
    assert refused("rate_exists", tax_rates.add_rate, RATE, by=sam)
    assert tax_rates.add_rate(RATE | {"starts_on": RATE["starts_on"] + DAY}, by=sam)
    assert tax_rates.update_rate(rate, RATE | {"rate": 14_000}, by=sam).rate == 14_000
    assert entries("tax_rate_changed")[0].after == {"rate": 14_000}
    taken = RATE | {"starts_on": RATE["starts_on"] + DAY}
    assert refused("rate_exists", tax_rates.update_rate, rate, taken, by=sam)


@pytest.mark.parametrize("rate", [0, 100_000])
def test_a_rate_may_be_nothing_or_all(cast, sam, rate):
    assert tax_rates.add_rate(RATE | {"rate": rate}, by=sam).rate == rate


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rate": -1}, "bad_rate"),
        ({"rate": 100_001}, "bad_rate"),
        ({"rate": None}, "bad_rate"),
        ({"rate": 5.0}, "bad_rate"),
        ({"place": "Quebec"}, "bad_place"),
        ({"place": "C"}, "bad_place"),
        ({"place": "CA-ABCD"}, "bad_place"),
        ({"place": "ZZ-99"}, "bad_place"),
        ({"place": "ZZ"}, "bad_place"),
        ({"place": "CA"}, "bad_place"),
        ({"place": "CA-ZZ"}, "bad_place"),
        ({"place": "US-NY"}, "bad_place"),
        ({"starts_on": dt.date(2020, 1, 1)}, "past_day"),
        ({"place": ""}, "empty"),
        ({"name_fr": ""}, "empty"),
        ({"name_en": ""}, "empty"),
        ({"starts_on": None}, "empty"),
        ({"starts_on": "2030-01-01"}, "empty"),
        ({"name_fr": "a" * 21}, "too_long"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(cast, sam, change, code):
    assert refused(code, tax_rates.add_rate, RATE | change, by=sam)


def _of(rate: TaxRate) -> dict[str, object]:
    return {name: getattr(rate, name) for name in tax_rates.EDITABLE}


def test_a_rate_that_an_order_was_charged_stays_and_one_that_was_not_may_be_mended(cast, sam):
    gst = db.session.scalars(db.select(TaxRate).filter_by(place="CA-QC", name_en="GST")).one()
    hst = db.session.scalars(db.select(TaxRate).filter_by(place="CA-ON")).one()
    make_order(cast.alice, cast.pro)
    for rate, expected in ((gst, "rate_used"), (hst, None)):
        values = {name: getattr(rate, name) for name in tax_rates.EDITABLE} | {"rate": rate.rate + 1}
        if expected:
            assert refused(expected, tax_rates.update_rate, rate, values, by=sam)
        else:
            assert tax_rates.update_rate(rate, values, by=sam).rate == 13_001
    # It has only begun today, and was charged since.
    begun = tax_rates.add_rate(RATE | _of(gst) | {"starts_on": cast.vendor.today, "rate": 5_001}, by=sam)
    order = make_order(cast.alice, cast.pro)
    order.taxes[0].rate = 5_001
    db.session.commit()
    assert refused("rate_used", tax_rates.update_rate, begun, _of(begun) | {"rate": 5_002}, by=sam)
    # Of the same name, but another percentage: nobody was charged it.
    other = tax_rates.add_rate(
        RATE | _of(gst) | {"place": "CA-YT", "rate": 5_003, "starts_on": cast.vendor.today}, by=sam
    )
    assert tax_rates.update_rate(other, _of(other) | {"rate": 5_004}, by=sam).rate == 5_004
    # Of the same percentage, but another tax.
    twin = tax_rates.add_rate(RATE | {"place": "CA-MB", "name_en": "RST", "rate": gst.rate}, by=sam)
    values = {name: getattr(twin, name) for name in tax_rates.EDITABLE} | {"rate": 7_000}
    assert tax_rates.update_rate(twin, values, by=sam).rate == 7_000


def test_a_rate_of_the_same_name_and_percentage_that_is_still_to_come_may_be_mended(cast, sam):
    make_order(cast.alice, cast.pro)
    tomorrow = cast.vendor.today + DAY
    values = RATE | {
        "place": "CA-QC",
        "name_fr": "TPS",
        "name_en": "GST",
        "rate": 5_000,
        "starts_on": tomorrow,
    }
    rate = tax_rates.add_rate(values, by=sam)
    assert tax_rates.update_rate(rate, values | {"rate": 6_000}, by=sam).rate == 6_000


def test_a_rate_is_withdrawn_before_its_first_day_and_never_after(cast, sam):
    today = cast.vendor.today
    begun = tax_rates.add_rate(RATE | {"starts_on": today}, by=sam)
    assert refused("already_begun", tax_rates.withdraw_rate, begun, by=sam)
    later = tax_rates.add_rate(RATE | {"starts_on": today + DAY}, by=sam)
    later_id = later.id
    tax_rates.withdraw_rate(later, by=sam)
    assert db.session.get(TaxRate, later_id) is None
    (entry,) = entries("tax_rate_withdrawn")
    assert (entry.subject_id, entry.before["starts_on"]) == (later_id, (today + DAY).isoformat())


def test_the_federal_tax_comes_first_and_a_rate_of_nothing_is_not_printed(cast):
    qst = db.session.scalars(db.select(TaxRate).filter_by(name_en="QST")).one()
    found = taxes.taxes_on(10_000, "CA-QC", cast.vendor.today, cast.vendor)
    assert [(tax.name("fr"), tax.name("en"), tax.amount) for tax in found] == [
        ("TPS", "GST", 500),
        ("TVQ", "QST", 998),
    ]
    assert [tax.registration_number for tax in found] == ["123456789 RT0001", "1234567890 TQ0001"]
    qst.rate = 0
    db.session.commit()
    assert [tax.name_en for tax in taxes.taxes_on(10_000, "CA-QC", cast.vendor.today, cast.vendor)] == ["GST"]
    assert taxes.taxes_on(10_000, "CA-BC", cast.vendor.today, cast.vendor) == []


def test_a_rate_cannot_be_moved_into_the_past_and_one_that_began_keeps_its_day(cast, sam):
    hst = db.session.scalars(db.select(TaxRate).filter_by(place="CA-ON")).one()
    assert tax_rates.update_rate(hst, _of(hst) | {"rate": 13_001}, by=sam).rate == 13_001
    past = _of(hst) | {"starts_on": cast.vendor.today - DAY}
    assert refused("past_day", tax_rates.update_rate, hst, past, by=sam)


def test_what_a_buyer_of_ten_would_pay_is_shown_and_confirmed_before_a_rate_is_saved(cast, sam):
    day = cast.vendor.today + DAY
    values = RATE | {"place": "CA-QC", "name_fr": "TPS", "name_en": "GST", "rate": 0, "starts_on": day}
    with pytest.raises(examples.Unconfirmed) as shown:
        tax_rates.add_rate(values, by=sam, confirmed="")
    said = shown.value.sentence.replace("\xa0", " ")
    assert "574,88 $ avant ce changement, 549,88 $ après" in said
    assert "Taxe qui ne sera plus perçue : TPS" in said
    assert db.session.scalar(db.select(TaxRate.id).filter_by(starts_on=day)) is None
    # What was confirmed is what is done: another rate is asked about anew.
    assert refused(
        "not_confirmed", tax_rates.add_rate, values | {"rate": 6_000}, by=sam, confirmed=shown.value.confirm
    )
    rate = tax_rates.add_rate(values, by=sam, confirmed=shown.value.confirm)
    assert refused(
        "not_confirmed", tax_rates.update_rate, rate, _of(rate) | {"rate": 1}, by=sam, confirmed=""
    )
    assert tax_rates.update_rate(rate, _of(rate) | {"name_fr": "T.P.S."}, by=sam).name_fr == "T.P.S."


def test_a_rate_that_nobody_pays_is_saved_at_once(cast, sam):
    cast.vendor.gst_number = ""
    db.session.commit()
    assert tax_rates.add_rate(RATE, by=sam, confirmed="").place == "CA-ON"


def test_a_price_of_nothing_and_a_tax_number_that_goes_are_asked_about(cast, sam):
    today = cast.vendor.today
    assert refused("not_confirmed", plans.set_price, cast.pro, 0, today, by=sam, confirmed="")
    assert plans.set_price(cast.pro, 1, today, by=sam, confirmed="").amount == 1
    identity = {name: getattr(cast.vendor, name) for name in vendor.EDITABLE}
    with pytest.raises(examples.Unconfirmed) as shown:
        vendor.update_vendor(identity | {"qst_number": ""}, by=sam, confirmed="")
    assert "Taxe qui ne sera plus perçue : TVQ" in shown.value.sentence.replace("\xa0", " ")
    assert vendor.update_vendor(identity | {"name": "Nord"}, by=sam, confirmed="").name == "Nord"
    done = vendor.update_vendor(
        identity | {"name": "Nord", "qst_number": ""}, by=sam, confirmed=shown.value.confirm
    )
    assert done.qst_number == ""


def test_a_vendor_who_charges_no_tax_says_so_and_has_no_number(cast, sam):
    identity = {name: getattr(cast.vendor, name) for name in vendor.EDITABLE} | {"charges_no_tax": True}
    assert refused("bad_number", vendor.update_vendor, identity, by=sam)
    without = {"gst_number": "", "qst_number": ""}
    assert vendor.update_vendor(identity | without | {"charges_no_tax": False}, by=sam).lacks_tax_numbers
    assert not vendor.update_vendor(identity | without, by=sam).lacks_tax_numbers


def test_a_change_that_two_places_feel_shows_both_and_confirms_no_other(cast, sam):
    """Else what was shown of Ontario would let a tax through in Québec."""
    dearer = RATE | {"rate": 15_000}
    rate = tax_rates.add_rate(dearer, by=sam)
    ask = {"by": sam, "confirmed": ""}
    with pytest.raises(examples.Unconfirmed) as shown:
        tax_rates.update_rate(rate, dearer | {"place": "CA-BC"}, **ask)
    assert "Ontario" in shown.value.sentence
    assert "Colombie-Britannique" in shown.value.sentence
    ask["confirmed"] = shown.value.confirm
    elsewhere = dearer | {"place": "CA-QC", "rate": 100_000}
    assert refused("not_confirmed", tax_rates.update_rate, rate, elsewhere, **ask)
    assert tax_rates.update_rate(rate, dearer | {"place": "CA-BC"}, **ask).place == "CA-BC"


def test_a_rate_that_began_does_not_reach_another_place_or_tax_with_its_past(cast, sam):
    hst = db.session.scalars(db.select(TaxRate).filter_by(place="CA-ON")).one()
    for change in ({"place": "CA-YT"}, {"name_en": "RST"}):
        assert refused("past_day", tax_rates.update_rate, hst, _of(hst) | change, by=sam)
