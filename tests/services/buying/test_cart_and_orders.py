"""From the cart to a frozen order: what a buyer would lose, or be charged, if it went wrong."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import (
    CartItem,
    Conditions,
    JournalEntry,
    Order,
    OrderState,
    Plan,
    Price,
    Submission,
    TaxRate,
    Vendor,
    db,
)
from services.buying import cart, orders, quotes
from services.catalogue import taxes
from services.forms import once
from services.foundation.errors import Refused
from tests.factories import make_company, make_plan, make_user


def by(user):
    return Actor.of(user)


def place(cast, **changes):
    quote = quotes.quote(cast.acme)
    asked = {"fingerprint": quote.fingerprint, "accepted": True, "language": "fr", "by": by(cast.alice)}
    return orders.place(cast.acme.id, **(asked | changes))


@pytest.fixture
def full_cart(cast):
    """Five Avancé at 100 $: net 500.00, TPS 25.00, TVQ 49.88, total 574.88 (the example of the confirmation window)."""
    cart.add(cast.acme.id, cast.avance, 5, by(cast.alice))
    return cast


@pytest.mark.parametrize("typed", ["1000", "1 000", "1\u00a0000", "1\u202f000", " 1\u2009000 "])
def test_a_thousand_licences_are_typed_with_any_space(cast, typed):
    assert cart.parse_quantity(typed) == 1_000


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "-1",
        "3.5",
        "1000000000",
        "１０",
        "",
        None,
        "1e3",
        "1_0",
        "0x10",
        "ten",
        "+5",
        "\x005",
        "5\n",
        "1 0",
        "1\n000",
        "9" * 400,
    ],
)
def test_fault_5_a_quantity_that_is_no_whole_number_is_refused_with_a_sentence(cast, typed):
    with pytest.raises(Refused, match="bad_quantity") as refused:
        cart.parse_quantity(typed)
    assert "1" in refused.value.sentence


@pytest.mark.parametrize("quantity", [-1, 0, 1_001])
def test_no_caller_puts_a_senseless_quantity_in_the_cart(full_cart, quantity):
    item = db.session.scalars(db.select(CartItem)).one()
    with pytest.raises(Refused, match="bad_quantity"):
        cart.change_quantity(item, quantity, by(full_cart.alice), seen=item.quantity)
    with pytest.raises(Refused, match="bad_quantity"):
        cart.add(full_cart.acme.id, full_cart.pro, quantity, by(full_cart.alice))
    assert [row.quantity for row in db.session.scalars(db.select(CartItem))] == [5]


def test_the_largest_and_the_smallest_quantity_are_taken():
    assert [cart.parse_quantity(text) for text in ("1", " 7 ", "1000")] == [1, 7, 1000]


def test_the_same_form_that_arrives_twice_adds_once_and_a_new_one_adds(cast):
    first, second = "a-form-of-alice", "another-of-alice"
    for token in (first, first, second, first):
        cart.add(cast.acme.id, cast.pro, 5, by(cast.alice), once=token)
    # Another company's form of the same name is another one; a form without a name, or with nonsense, is one each time.
    cart.add(cast.globex.id, cast.pro, 5, by(cast.carol), once=first)
    for token in (None, "", "é" * 20, "a" * 65):
        cart.add(cast.acme.id, cast.avance, 1, by(cast.alice), once=token)
    found = db.session.execute(db.select(CartItem.company_id, CartItem.plan_id, CartItem.quantity)).all()
    assert set(map(tuple, found)) == {
        (cast.acme.id, cast.pro.id, 10),
        (cast.globex.id, cast.pro.id, 5),
        (cast.acme.id, cast.avance.id, 4),
    }


def test_a_form_that_was_refused_may_be_sent_again_and_a_line_that_is_gone_stays_gone(cast):
    with pytest.raises(Refused, match="bad_quantity"):
        cart.add(cast.acme.id, cast.pro, 1_001, by(cast.alice), once="form-of-alice")
    item = cart.add(cast.acme.id, cast.pro, 5, by(cast.alice), once="form-of-alice")
    cart.remove(item, by(cast.erin), seen=5)
    assert cart.add(cast.acme.id, cast.pro, 5, by(cast.alice), once="form-of-alice") is None
    assert db.session.scalars(db.select(CartItem)).all() == []


def test_of_twenty_copies_of_a_form_at_once_one_adds(cast, together):
    company_id, plan_id, alice = cast.acme.id, cast.pro.id, by(cast.alice)
    together(
        20,
        lambda _number: cart.add(
            company_id, db.session.get_one(Plan, plan_id), 5, alice, once="form-of-alice"
        ),
    )
    db.session.rollback()
    assert db.session.scalars(db.select(CartItem.quantity)).all() == [5]


def test_what_was_done_is_forgotten_after_a_day(cast, time_machine):
    cart.add(cast.acme.id, cast.pro, 5, by(cast.alice), once="form-of-alice")
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(hours=23))
    once.forget_old()
    assert db.session.scalars(db.select(Submission.token)).all() == ["form-of-alice"]
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))
    once.forget_old()
    assert db.session.scalars(db.select(Submission.token)).all() == []


def test_a_name_or_address_that_support_mends_is_confirmed_anew_and_stands_on_the_receipt(full_cart):
    before = quotes.quote(full_cart.acme).fingerprint
    first = place(full_cart)
    for column, value in (("name", "Acme inc."), ("street", "9, rue Neuve"), ("postal_code", "G1R 9Z9")):
        setattr(full_cart.acme, column, value)
        db.session.commit()
        after = quotes.quote(full_cart.acme).fingerprint
        assert after != before, column
        with pytest.raises(Refused, match="other_order_waiting"):
            place(full_cart)
        before = after
    first.state = OrderState.CANCELLED
    db.session.commit()
    order = place(full_cart)
    assert order.customer_name == "Acme inc."
    assert "9, rue Neuve" in order.customer_address


def test_adding_twice_adds_up_and_never_passes_the_limit(cast):
    cart.add(cast.acme.id, cast.pro, 600, by(cast.alice))
    with pytest.raises(Refused, match="bad_quantity"):
        cart.add(cast.acme.id, cast.pro, 401, by(cast.erin))
    cart.add(cast.acme.id, cast.pro, 400, by(cast.erin))
    item = db.session.scalars(db.select(CartItem)).one()
    assert (item.quantity, item.added_by_id) == (1000, cast.alice.id)


def test_a_plan_that_is_withdrawn_or_has_no_price_yet_cannot_be_added(cast):
    for plan in (
        make_plan("old", on_sale=False),
        make_plan("unpriced", None),
    ):
        with pytest.raises(Refused, match="plan_withdrawn") as refused:
            cart.add(cast.acme.id, plan, 1, by(cast.alice))
        assert plan.name_fr in refused.value.sentence
    assert db.session.scalars(db.select(CartItem)).all() == []


def test_a_withdrawn_plan_is_not_offered_and_the_others_are_in_the_vendors_order(cast):
    make_plan("old", on_sale=False)
    make_plan("first", position=-1)
    make_plan("unpriced", None, position=-2)
    offered = quotes.plans_on_sale()
    assert [plan.position for plan in offered] == sorted(plan.position for plan in offered)
    assert [plan.code for plan in offered[:2]] == ["unpriced", "first"]
    assert "old" not in {plan.code for plan in offered}


def test_two_administrators_adding_at_once_lose_nothing(cast, together):
    plan_id, company_id, actor = cast.pro.id, cast.acme.id, by(cast.alice)
    outcomes = together(20, lambda _: cart.add(company_id, db.session.get(Plan, plan_id), 1, actor) and None)
    db.session.rollback()
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert db.session.scalars(db.select(CartItem)).one().quantity == 20


def test_the_total_is_the_one_of_the_article(full_cart):
    quote = quotes.quote(full_cart.acme)
    assert [(tax.name_fr, tax.amount) for tax in quote.taxes] == [("TPS", 2500), ("TVQ", 4988)]
    assert (quote.net, quote.tax, quote.total) == (50_000, 7_488, 57_488)


def test_ontario_pays_hst_and_abroad_pays_nothing(cast):
    cart.add(cast.globex.id, cast.avance, 1, by(cast.carol))
    assert [(t.name_en, t.amount) for t in quotes.quote(cast.globex).taxes] == [("HST", 1300)]
    france = make_company("Paris", "", country="FR")
    cart.add(france.id, cast.avance, 1, by(make_user(france)))
    assert quotes.quote(france).total == 10_000


def test_a_tax_for_which_the_vendor_has_no_number_is_not_charged(full_cart):
    db.session.get(Vendor, 1).qst_number = ""
    db.session.commit()
    assert [tax.name_en for tax in quotes.quote(full_cart.acme).taxes] == ["GST"]


def test_a_new_rate_holds_from_its_day(full_cart):
    tomorrow = db.session.get(Vendor, 1).today + dt.timedelta(days=1)
    rate = {"place": "CA-QC", "name_fr": "TPS", "name_en": "GST", "rate": 6_000, "registration": "gst"}
    db.session.add(TaxRate(**rate, starts_on=tomorrow))
    db.session.commit()
    vendor = db.session.get(Vendor, 1)
    assert taxes.taxes_on(10_000, "CA-QC", tomorrow - dt.timedelta(days=1), vendor)[0].amount == 500
    assert taxes.taxes_on(10_000, "CA-QC", tomorrow, vendor)[0].amount == 600


@pytest.mark.parametrize(
    ("net", "rate", "cents"), [(10, 5_000, 1), (9, 5_000, 0), (50_000, 9_975, 4988), (0, 5_000, 0)]
)
def test_half_a_cent_is_rounded_up(cast, net, rate, cents):
    for row in db.session.scalars(db.select(TaxRate).filter_by(place="CA-QC", name_en="GST")):
        row.rate = rate
    db.session.commit()
    assert taxes.taxes_on(net, "CA-QC", dt.date(2026, 1, 1), cast.vendor)[0].amount == cents


@pytest.mark.parametrize("weights", [[1] * 7, [1, 2, 3], [5], [0, 1], [1, 0]])
def test_cents_are_shared_out_exactly_once(weights):
    assert sum(taxes.share(1000, weights)) == 1000
    assert all(part >= 0 for part in taxes.share(1000, weights))


def test_an_order_freezes_names_prices_taxes_addresses_and_conditions(full_cart):
    order = place(full_cart)
    conditions = db.session.scalars(db.select(Conditions)).one()
    full_cart.avance.name_fr = "Autre"
    full_cart.acme.name = "Renommée"
    db.session.add(Price(plan_id=full_cart.avance.id, amount=99_999, starts_on=dt.date(2021, 1, 1)))
    db.session.commit()
    line = order.lines[0]
    assert (line.plan_name_fr, line.unit_amount, line.quantity, line.net) == ("Avancé", 10_000, 5, 50_000)
    assert [(tax.name_fr, tax.amount) for tax in order.taxes] == [("TPS", 2500), ("TVQ", 4988)]
    assert [tax.registration_number for tax in order.taxes] == ["123456789 RT0001", "1234567890 TQ0001"]
    assert (order.total, order.state) == (57_488, OrderState.PENDING)
    assert (order.customer_name, order.vendor_name) == ("Acme", "Logiciels Boréal inc.")
    assert order.conditions_id == conditions.id
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5, "the cart is kept until it is paid"
    entry = db.session.scalars(db.select(JournalEntry).filter_by(verb="order_placed")).one()
    assert entry.after == {"state": "pending", "total": 57_488}


def test_confirming_twice_is_one_order(full_cart):
    assert place(full_cart).id == place(full_cart).id
    assert len(db.session.scalars(db.select(Order)).all()) == 1


def test_confirming_twenty_times_at_once_is_one_order(full_cart, together):
    company_id, actor = full_cart.acme.id, by(full_cart.alice)
    fingerprint = quotes.quote(full_cart.acme).fingerprint

    def confirm(_number):
        return orders.place(company_id, fingerprint=fingerprint, accepted=True, language="fr", by=actor).id

    outcomes = together(20, confirm)
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert len({outcome.value for outcome in outcomes}) == 1


def test_nothing_is_ordered_without_the_tick(full_cart):
    with pytest.raises(Refused, match="not_accepted"):
        place(full_cart, accepted=False)
    assert db.session.scalars(db.select(Order)).all() == []


def test_an_empty_cart_orders_nothing(cast):
    with pytest.raises(Refused, match="cart_empty"):
        place(cast)


def test_a_price_edited_after_the_confirmation_was_read_is_not_charged_by_surprise(full_cart):
    read = quotes.quote(full_cart.acme).fingerprint
    today = full_cart.vendor.today
    db.session.add(Price(plan_id=full_cart.avance.id, amount=12_000, starts_on=today))
    db.session.commit()
    with pytest.raises(Refused, match="changed_since_review"):
        place(full_cart, fingerprint=read)
    assert db.session.scalars(db.select(Order)).all() == []
    assert place(full_cart).lines[0].unit_amount == 12_000


def test_fault_6_a_plan_withdrawn_while_in_the_cart_is_named(full_cart):
    full_cart.avance.on_sale = False
    db.session.commit()
    with pytest.raises(Refused, match="plan_withdrawn") as refused:
        place(full_cart)
    assert "Avancé" in refused.value.sentence
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5
    (line,) = quotes.quote(full_cart.acme).lines
    assert (line.unit_amount, line.net, line.is_sellable) == (None, 0, False)


def test_more_than_stripe_can_charge_at_once_is_refused_before_paying(cast):
    dear = make_plan("dear", 200_000)
    cart.add(cast.acme.id, dear, 1000, by(cast.alice))
    with pytest.raises(Refused, match="total_too_high"):
        place(cast)


def test_less_than_stripe_can_charge_is_refused_before_paying(cast):
    cart.add(cast.acme.id, make_plan("cheap", 40), 1, by(cast.alice))
    with pytest.raises(Refused, match="total_too_low"):
        place(cast)
    cart.add(cast.acme.id, make_plan("penny", 10), 1, by(cast.alice))
    assert place(cast).total == 58


def test_a_line_removed_by_someone_else_says_so(full_cart, together):
    item = db.session.scalars(db.select(CartItem)).one()
    cart.change_quantity(item, 2, by(full_cart.erin), seen=item.quantity)
    item_id, erin = item.id, by(full_cart.erin)
    together(1, lambda _: cart.remove(db.session.get(CartItem, item_id), erin, seen=2))
    with pytest.raises(Refused, match="line_gone"):
        cart.change_quantity(item, 9, by(full_cart.alice), seen=item.quantity)
    assert db.session.scalars(db.select(CartItem)).all() == []
