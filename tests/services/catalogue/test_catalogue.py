"""Plans and prices: each bound of them, from both sides."""

from __future__ import annotations

import datetime as dt

import pytest

from models import Plan, Price, db
from services.catalogue import plans
from tests.asked import entries, refused
from tests.factories import make_licenses, make_order, make_plan

DAY = dt.timedelta(days=1)
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
        [{"code": "size"}],
        [LIMIT, LIMIT],
        [LIMIT | {"code": str(number)} for number in range(51)],
    ],
)
def test_a_comparison_table_with_a_hole_or_a_twin_is_refused(cast, sam, limits):
    assert refused("bad_limits", plans.create_plan, PLAN | {"limits": limits}, by=sam)


def test_a_comparison_table_holds_no_character_that_cannot_be_stored_or_turns_the_line_around(cast, sam):
    for value in ("a\0b", "a\u202eb"):
        limits = [LIMIT | {"value_fr": value}]
        assert refused("bad_text", plans.create_plan, PLAN | {"limits": limits}, by=sam)


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


def test_two_plans_have_prices_of_their_own_from_the_same_day(cast, sam):
    today = cast.vendor.today
    for plan, amount in ((cast.eco, 1_000), (cast.pro, 2_000), (cast.eco, 1_500)):
        plans.set_price(plan, amount, today, by=sam)
    plans.set_price(cast.pro, 3_000, today + DAY, by=sam)
    assert [cast.eco.price_on(today, "CAD").amount, cast.pro.price_on(today, "CAD").amount] == [1_500, 2_000]
