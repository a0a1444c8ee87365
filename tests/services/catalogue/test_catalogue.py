"""What is sold: each bound of plans, prices, taxes and of the vendor's identity, from both sides."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from access import SYSTEM, Actor
from models import Conditions, JournalEntry, Plan, Price, TaxRate, Vendor, db
from services.catalogue import plans, tax_rates, taxes, vendor
from services.foundation.errors import Refused
from tests.factories import make_licenses, make_order, make_plan

LIMIT = {"code": "size", "label_fr": "Taille", "label_en": "Size", "value_fr": "100 Mo", "value_en": "100 MB"}
PLAN = {
    "code": "new",
    "product": "secure-mail",
    "name_fr": "Nouveau",
    "name_en": "New",
    "description_fr": "",
    "description_en": "",
    "term_months": 12,
    "devices_per_license": 1,
    "limits": [LIMIT],
    "on_sale": True,
    "position": 0,
}
RATE = {
    "place": "ca-on",
    "name_fr": "TVH",
    "name_en": "HST",
    "rate": 13_000,
    "registration": "gst",
    "starts_on": dt.date(2030, 1, 1),
}
DAY = dt.timedelta(days=1)


@pytest.fixture
def sam(cast):
    return Actor.of(cast.sam)


def refused(code, verb, *arguments, **options):
    with pytest.raises(Refused) as caught:
        verb(*arguments, **options)
    assert caught.value.code == code
    return True


def entries(verb):
    return db.session.scalars(db.select(JournalEntry).filter_by(verb=verb).order_by(JournalEntry.id)).all()


# --- Plans ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "smallest", "largest"),
    [("term_months", 1, 120), ("devices_per_license", 1, 100), ("position", 0, 1_000)],
)
def test_a_number_of_a_plan_is_in_its_range(cast, sam, name, smallest, largest):
    for number, value in enumerate((smallest, largest)):
        plan = plans.create_plan(PLAN | {name: value, "code": f"{name}{number}"}, by=sam)
        assert getattr(plan, name) == value
    for value in (smallest - 1, largest + 1, "5", 5.0, None, True):
        assert refused("bad_number", plans.create_plan, PLAN | {name: value}, by=sam)


@pytest.mark.parametrize("name", ["code", "product", "name_fr", "name_en"])
def test_a_plan_without_a_name_is_none(cast, sam, name):
    assert refused("empty", plans.create_plan, PLAN | {name: " "}, by=sam)
    assert db.session.scalar(db.select(Plan).filter_by(code="new")) is None


@pytest.mark.parametrize(
    "limits",
    [
        [LIMIT | {"label_en": " "}],
        [LIMIT | {"value_fr": "a" * 201}],
        [LIMIT | {"value_fr": "a\0b"}],
        [{"code": "size"}],
        [LIMIT, LIMIT],
        [LIMIT | {"code": str(number)} for number in range(51)],
    ],
)
def test_a_comparison_table_with_a_hole_or_a_twin_is_refused(cast, sam, limits):
    assert refused("bad_limits", plans.create_plan, PLAN | {"limits": limits}, by=sam)


def test_the_longest_comparison_table_is_taken(cast, sam):
    limits = [LIMIT | {"code": str(number), "value_fr": "a" * 200} for number in range(50)]
    assert plans.create_plan(PLAN | {"limits": limits}, by=sam).limits == limits


def test_a_code_names_one_plan(cast, sam):
    plan = plans.create_plan(PLAN, by=sam)
    assert refused("code_taken", plans.create_plan, PLAN, by=sam)
    assert refused("code_taken", plans.update_plan, plan, PLAN | {"code": "pro"}, by=sam)
    assert plans.update_plan(plan, PLAN | {"name_en": "Newer"}, by=sam).name_en == "Newer"
    assert plans.update_plan(plan, PLAN | {"name_en": "Newer", "code": "free"}, by=sam).code == "free"
    assert [entry.after for entry in entries("plan_changed")] == [{"name_en": "Newer"}, {"code": "free"}]
    assert entries("plan_added")[0].after == PLAN


def test_a_plan_that_was_bought_keeps_its_product_even_before_it_is_delivered(cast, sam):
    ordered, owned, neither = (make_plan(code) for code in ("ordered", "owned", "neither"))
    make_order(cast.alice, ordered)
    # Its order names another plan, as that of a licence that was moved by hand would.
    make_licenses(1, cast.alice, cast.pro)[0].plan = owned
    db.session.commit()
    for plan in (ordered, owned):
        values = {name: getattr(plan, name) for name in plans.EDITABLE} | {"product": "other"}
        assert refused("product_in_use", plans.update_plan, plan, values, by=sam)
    values = {name: getattr(neither, name) for name in plans.EDITABLE} | {"product": "other"}
    assert plans.update_plan(neither, values, by=sam).product == "other"


def test_a_price_is_between_nothing_and_a_million_dollars(cast, sam):
    today = cast.vendor.today
    for amount in (-1, 100_000_001):
        assert refused("bad_amount", plans.set_price, cast.pro, amount, today, by=sam)
    assert plans.set_price(cast.pro, 0, today, by=sam).amount == 0
    assert plans.set_price(cast.pro, 100_000_000, today + DAY, by=sam).amount == 100_000_000
    assert refused("past_day", plans.set_price, cast.pro, 1, today - DAY, by=sam)


def test_setting_the_price_of_a_day_again_replaces_it_and_the_same_one_leaves_no_trace(cast, sam):
    today = cast.vendor.today
    for amount in (500, 600, 600):
        plans.set_price(cast.pro, amount, today, by=sam)
    assert [price.amount for price in cast.pro.prices] == [18_000, 600]
    day = today.isoformat()
    assert [(entry.before, entry.after) for entry in entries("price_set")] == [
        ({}, {"amount": 500, "currency": "CAD", "starts_on": day}),
        ({"amount": 500, "starts_on": day}, {"amount": 600, "currency": "CAD", "starts_on": day}),
    ]


def test_a_price_in_another_currency_of_the_same_day_is_another_price(cast, sam):
    today = cast.vendor.today
    dollars = Price(plan_id=cast.pro.id, currency="USD", amount=400, starts_on=today)
    db.session.add(dollars)
    db.session.commit()
    plans.set_price(cast.pro, 500, today, by=sam)
    assert (dollars.amount, cast.pro.price_on(today).amount) == (400, 500)


def test_a_price_is_withdrawn_before_its_first_day_and_never_after(cast, sam):
    today = cast.vendor.today
    begun = plans.set_price(cast.pro, 500, today, by=sam)
    assert refused("already_begun", plans.withdraw_price, begun, by=sam)
    later = plans.set_price(cast.pro, 700, today + DAY, by=sam)
    plans.withdraw_price(later, by=sam)
    kept = db.select(Price.amount).filter_by(plan_id=cast.pro.id).order_by(Price.starts_on)
    assert db.session.scalars(kept).all() == [18_000, 500]
    (entry,) = entries("price_withdrawn")
    assert entry.before == {"amount": 700, "currency": "CAD", "starts_on": (today + DAY).isoformat()}
    assert (entry.subject_type, entry.subject_id) == ("plan", cast.pro.id)


def test_the_price_of_a_day_is_the_latest_that_has_begun_in_that_currency(cast):
    plan = make_plan("dated", None)
    day = dt.date(2026, 6, 1)
    db.session.add_all(
        [
            Price(plan_id=plan.id, amount=1, starts_on=day - DAY),
            Price(plan_id=plan.id, amount=2, starts_on=day),
            Price(plan_id=plan.id, amount=3, starts_on=day + DAY),
            Price(plan_id=plan.id, amount=4, starts_on=day, currency="USD"),
        ]
    )
    db.session.commit()
    assert plan.price_on(day).amount == 2
    assert plan.price_on(day, "USD").amount == 4
    assert plan.price_on(day - 2 * DAY) is None


# --- Tax rates ------------------------------------------------------------------------------------------------------


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
    other = tax_rates.add_rate(RATE | _of(gst) | {"place": "CA-YT", "rate": 5_003}, by=sam)
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


# --- The vendor -----------------------------------------------------------------------------------------------------


def identity(row, **changes):
    return {name: getattr(row, name) for name in vendor.EDITABLE} | changes


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("gst_number", "123456789rt0001", "123456789 RT0001"),
        ("qst_number", "1234567890  tq0001", "1234567890 TQ0001"),
        ("gst_number", "", ""),
        ("color", "#ABCDEF", "#abcdef"),
        ("support_email", "Aide@Boreal.Example", "aide@boreal.example"),
        ("install_url_fr", "", ""),
    ],
)
def test_what_a_vendor_types_is_stored_as_it_is_printed(cast, sam, name, typed, stored):
    assert getattr(vendor.update_vendor(identity(cast.vendor, **{name: typed}), by=sam), name) == stored


@pytest.mark.parametrize(
    ("name", "typed", "code"),
    [
        ("gst_number", "12345678 RT0001", "bad_number"),
        ("gst_number", "123456789 RT00011", "bad_number"),
        ("qst_number", "123456789 TQ0001", "bad_number"),
        ("name", " ", "empty"),
        ("legal_name", "", "empty"),
        ("support_email", "", "empty"),
        ("support_email", "nobody", "bad_address"),
        ("install_url_fr", "nowhere", "bad_url"),
        ("install_url_en", "nowhere", "bad_url"),
        ("color", "red", "bad_color"),
        ("time_zone", "Mars", "unknown_time_zone"),
        ("name", "a" * 101, "too_long"),
    ],
)
def test_an_identity_that_would_be_printed_wrong_is_refused(cast, sam, name, typed, code):
    assert refused(code, vendor.update_vendor, identity(cast.vendor, **{name: typed}), by=sam)
    assert db.session.get_one(Vendor, 1).revision == 1


PNG = b"\x89PNG\r\n\x1a\n"


def test_each_edit_of_the_look_is_another_revision_and_no_edit_is_none(cast, sam):
    values = identity(cast.vendor)
    vendor.update_vendor(values, by=sam)
    assert cast.vendor.revision == 1
    vendor.update_vendor(values | {"color": "#123456"}, by=sam)
    assert cast.vendor.revision == 2
    vendor.update_vendor(values | {"color": "#123456"}, by=sam, logo=PNG)
    assert (cast.vendor.revision, cast.vendor.logo_type) == (3, "image/png")
    vendor.update_vendor(values | {"color": "#123456"}, by=sam, remove_logo=True)
    assert (cast.vendor.revision, cast.vendor.logo, cast.vendor.logo_type) == (4, None, None)
    assert [entry.after for entry in entries("vendor_changed")] == [
        {"color": "#123456"},
        {"logo": "image/png"},
        {"logo": None},
    ]


@pytest.mark.parametrize(
    ("start", "kind"),
    [(PNG, "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF1234WEBP", "image/webp")],
)
def test_a_logo_is_at_most_200_kilobytes(cast, sam, start, kind):
    largest = start + b"\0" * (200_000 - len(start))
    assert vendor.update_vendor(identity(cast.vendor), by=sam, logo=largest).logo_type == kind
    for logo in (largest + b"\0", b"GIF89a", b"RIFF1234WAVE", b"JUNK1234WEBP"):
        assert refused("bad_logo", vendor.update_vendor, identity(cast.vendor), by=sam, logo=logo)


def test_the_same_conditions_are_the_same_version(cast, sam):
    first = vendor.publish_conditions("a", "b", by=sam)
    assert vendor.publish_conditions(" a ", "b", by=sam).id == first.id
    assert vendor.publish_conditions("a", "c", by=sam).id != first.id
    assert vendor.publish_conditions("d", "c", by=sam).id == vendor.current_conditions().id
    assert len(entries("conditions_published")) == 3
    assert len(db.session.scalars(db.select(Conditions)).all()) == 4
    for texts in (("", "x"), ("x", "")):
        assert refused("empty", vendor.publish_conditions, *texts, by=sam)


def test_the_first_conditions_of_a_desk_are_published(scope):
    assert vendor.current_conditions() is None
    assert vendor.publish_conditions("a", "b", by=SYSTEM).text_en == "b"


def test_before_there_is_a_vendor_pages_have_an_empty_one(scope):
    nobody = vendor.current()
    assert (nobody.name, nobody.revision, nobody.gst_number) == ("", 0, "")
    assert nobody.today
    assert db.session.scalars(db.select(Vendor)).all() == []


def test_today_is_the_vendors_own(cast, time_machine):
    cast.vendor.time_zone = "Pacific/Auckland"
    db.session.commit()
    time_machine.move_to(dt.datetime(2026, 11, 24, 23, tzinfo=zoneinfo.ZoneInfo("America/Toronto")))
    assert vendor.current().today == dt.date(2026, 11, 25)


def test_two_plans_have_prices_of_their_own_from_the_same_day(cast, sam):
    today = cast.vendor.today
    for plan, amount in ((cast.eco, 1_000), (cast.pro, 2_000), (cast.eco, 1_500)):
        plans.set_price(plan, amount, today, by=sam)
    plans.set_price(cast.pro, 3_000, today + DAY, by=sam)
    assert [cast.eco.price_on(today, "CAD").amount, cast.pro.price_on(today, "CAD").amount] == [1_500, 2_000]
