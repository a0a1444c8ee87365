"""A payment that does not fit its order: nothing is delivered, support looks, and the customer can go on afterwards."""

from __future__ import annotations

import pytest

from access import Actor
from models import JournalEntry, Order, OrderState, Outcome, db
from services.buying import cart, issues
from services.foundation.errors import Refused
from services.payments import checkout, gateway, settlement


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"total": 57_487, "net": 49_999}, Outcome.WRONG_AMOUNT),
        ({"currency": "USD"}, Outcome.WRONG_AMOUNT),
    ],
)
def test_fault_15_another_amount_or_currency_delivers_nothing_and_tells_staff(buyer, change, outcome):
    buyer.sandbox.pay(buyer.check_out())
    order = buyer.order
    for name, value in change.items():
        setattr(order, name, value)
    db.session.commit()
    assert settlement.fulfil(buyer.session_id) == outcome
    assert settlement.fulfil(buyer.session_id) == outcome
    assert (buyer.delivered(), buyer.mails("staff_alert"), buyer.issues()) == (0, 1, [outcome])


def test_fault_15_an_order_with_a_wrong_payment_is_paid_no_more_and_given_up_by_support_alone(buyer):
    buyer.sandbox.pay(buyer.check_out())
    order = buyer.order
    order.total, order.net = order.total - 1, order.net - 1
    db.session.commit()
    for verb in (checkout.pay, checkout.cancel):
        with pytest.raises(Refused) as refused:
            verb(buyer.order, buyer.actor)
        assert refused.value.code == "looked_at"
    assert db.session.scalars(db.select(JournalEntry).filter_by(verb="issue_opened")).one().after == {
        "issue": "wrong_amount"
    }
    checkout.cancel(buyer.order, Actor.of(buyer.cast.sam))
    assert (buyer.order.state, buyer.delivered()) == (OrderState.CANCELLED, 0)


@pytest.mark.parametrize("who", ["customer", "support"])
@pytest.mark.parametrize("then", ["pay", "cancel", "buy anew"])
def test_fault_15_once_support_has_closed_a_wrong_payment_the_customer_can_go_on(buyer, who, then):
    buyer.sandbox.pay(buyer.check_out())
    order = buyer.order
    order.total, order.net = order.total - 1, order.net - 1
    db.session.commit()
    assert settlement.fulfil(buyer.session_id) == Outcome.WRONG_AMOUNT
    sam = Actor.of(buyer.cast.sam)
    issues.close(buyer.order.open_issues[0], reason="refunded in Stripe", by=sam)
    by = sam if who == "support" else buyer.actor
    if then == "pay":
        assert checkout.pay(buyer.order, by).startswith("http")
        assert buyer.order.attempt == 2
    elif then == "cancel":
        checkout.cancel(buyer.order, by)
        assert buyer.order.state == OrderState.CANCELLED
    else:
        first = buyer.order.id
        cart.add(buyer.cast.acme.id, buyer.cast.avance, 1, buyer.actor)
        buyer.sandbox.pay(buyer.check_out())
        assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
        assert db.session.get(Order, first).state == OrderState.CANCELLED
    assert buyer.mails("staff_alert") == 1


def test_fault_15_a_test_payment_under_a_live_key_delivers_nothing(buyer, app, monkeypatch):
    buyer.sandbox.pay(buyer.check_out())
    monkeypatch.setattr(gateway, "is_live", lambda: True)
    assert settlement.fulfil(buyer.session_id) == Outcome.WRONG_MODE
    assert (buyer.delivered(), buyer.mails("staff_alert")) == (0, 1)
