"""A row for each payment: what an accountant would ask the bank about, and could not find."""

from __future__ import annotations

import pytest

from models import Order, Payment, PaymentMethod, PaymentState, db
from services.payments import checkout, gateway, records, settlement
from tests.admin_views.portal.pages import words
from tests.client import sign_in
from tests.factories import make_order
from tests.sandbox_process import DEBIT_FAILS, DEBIT_SUCCEEDS


def rows():
    db.session.rollback()
    return db.session.scalars(db.select(Payment).order_by(Payment.id)).all()


def told():
    return [(row.state, row.method, row.brand, row.last4) for row in rows()]


def test_a_card_is_known_by_its_brand_and_last_four_digits(buyer):
    url = buyer.check_out()
    assert told() == [("open", None, None, None)]
    buyer.sandbox.pay(url, "5555555555554444")
    settlement.fulfil(buyer.session_id)
    settlement.fulfil(buyer.session_id)
    assert told() == [("paid", "card", "mastercard", "4444")]
    (row,) = rows()
    order = buyer.order
    assert (row.order_id, row.attempt, row.amount, row.currency) == (order.id, 1, order.total, "CAD")
    assert (row.stripe_session_id, row.stripe_payment_intent_id) == (
        order.stripe_session_id,
        order.stripe_payment_intent_id,
    )
    assert row.stripe_charge_id.startswith("ch_")
    assert not row.livemode
    assert row.paid_at == order.paid_at
    assert records.paid_with(order) == row


def test_a_debit_is_under_way_then_paid_from_the_same_account(buyer):
    buyer.sandbox.pay_by_debit(buyer.check_out())
    settlement.fulfil(buyer.session_id)
    assert [row.state for row in rows()] == [PaymentState.PROCESSING]
    buyer.sandbox.settle()
    settlement.fulfil(buyer.session_id)
    (row,) = rows()
    assert (row.state, row.method, row.brand) == (PaymentState.PAID, PaymentMethod.DEBIT, None)
    assert row.last4 == DEBIT_SUCCEEDS[-4:]


def test_a_payment_that_failed_stays_beside_the_one_that_came_after(buyer):
    buyer.sandbox.pay_by_debit(buyer.check_out(), DEBIT_FAILS)
    settlement.fulfil(buyer.session_id)
    buyer.sandbox.settle()
    settlement.fulfil(buyer.session_id)
    assert [row.state for row in rows()] == [PaymentState.FAILED]
    buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    settlement.fulfil(buyer.session_id)
    assert [(row.state, row.attempt) for row in rows()] == [("failed", 1), ("paid", 2)]
    assert records.paid_with(buyer.order).attempt == 2


def test_fault_22_a_second_payment_of_an_order_is_a_row_and_delivers_nothing(buyer):
    first = buyer.check_out()
    first_id = buyer.session_id
    with_two = db.session.get_one(Order, buyer.order.id)
    with_two.attempt, with_two.stripe_session_id = 2, None
    db.session.commit()
    second = checkout.pay(buyer.order, buyer.actor)
    second_id = buyer.session_id
    assert first_id != second_id
    for url in (first, second):
        buyer.sandbox.pay(url)
    for session in (first_id, second_id, first_id, second_id):
        settlement.fulfil(session)
    assert [(row.stripe_session_id, row.state) for row in rows()] == [(first_id, "paid"), (second_id, "paid")]
    assert buyer.delivered() == 5
    assert buyer.mails("staff_alert") == 1
    assert records.paid_with(buyer.order).stripe_session_id == first_id


def test_a_page_that_closed_unpaid_is_told_and_a_late_word_of_it_changes_no_paid_one(buyer):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    settlement.fulfil(buyer.session_id)
    assert [row.state for row in rows()] == [PaymentState.EXPIRED]


@pytest.mark.one_database
def test_each_order_has_its_own_payments(buyer):
    buyer.sandbox.pay(buyer.check_out())
    settlement.fulfil(buyer.session_id)
    order = buyer.order
    other = make_order(buyer.cast.alice, buyer.cast.pro, paid=True, stripe_session_id="cs_old")
    assert [payment.stripe_session_id for payment in records.of_order(order)] == [order.stripe_session_id]
    assert (records.of_order(other), records.paid_with(other)) == ([], None)
    failed = records.of_order(order)[0]
    failed.state = PaymentState.FAILED
    failed.paid_at = None
    db.session.commit()
    assert records.paid_with(order) is None


def test_order_and_receipt_say_the_card_and_an_old_one_that_nobody_noted_it(buyer, client):
    buyer.sandbox.pay(buyer.check_out())
    settlement.fulfil(buyer.session_id)
    order_id, session_id, new, cast = buyer.order.id, buyer.session_id, buyer.order.reference, buyer.cast
    old = make_order(cast.alice, cast.pro, paid=True, stripe_session_id="cs_old").reference
    sign_in(client, cast.alice)
    for page in ("", "/receipt"):
        assert "Mode de paiement Visa se terminant par 4242" in words(
            client.get(f"/portal/orders/{new}{page}")
        )
        text = words(client.get(f"/portal/orders/{old}{page}"))
        assert "Non consigné" in text
        assert "Stripe" not in text
    sign_in(client, cast.sam)
    page = words(client.get(f"/support/orders/details/?id={order_id}"))
    assert "Visa se terminant par 4242" in page
    assert session_id in page
