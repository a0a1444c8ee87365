"""What was ordered line by line: taken from the cart that was ordered, and told to Stripe to the cent."""

from __future__ import annotations

import pytest

from models import CartItem, LineKind, OrderLine, db
from services.buying import cart
from services.payments import checkout, settlement


def test_a_line_that_was_taken_out_and_put_in_again_while_paying_is_another_one(buyer):
    url = buyer.check_out()
    cart.remove(db.session.scalars(db.select(CartItem)).one(), buyer.actor, seen=5)
    cart.add(buyer.cast.acme.id, buyer.cast.avance, 3, buyer.actor)
    buyer.sandbox.pay(url)
    settlement.fulfil(buyer.session_id)
    left = {item.plan_id: item.quantity for item in db.session.scalars(db.select(CartItem))}
    assert (buyer.delivered(), left) == (5, {buyer.cast.avance.id: 3})


def test_a_plan_of_several_prices_is_one_line_at_stripe_and_the_total_stands(buyer):
    """Only `new` is sold yet, at one price: the second line is written by hand."""
    buyer.check_out()
    order = buyer.order
    first = order.lines[0]
    order.lines.append(
        OrderLine(
            company_id=order.company_id,
            position=1,
            kind=LineKind.NEW,
            plan_id=first.plan_id,
            plan_name_fr=first.plan_name_fr,
            plan_name_en=first.plan_name_en,
            term_months=first.term_months,
            quantity=2,
            unit_amount=1_234,
            net=2_468,
        )
    )
    order.net, order.total = order.net + 2_468, order.total + 2_468
    order.attempt, order.stripe_session_id = 2, None
    db.session.commit()
    checkout.pay(order, buyer.actor)
    session = buyer.sandbox.api(f"checkout/sessions/{buyer.session_id}")
    items = buyer.sandbox.api(f"checkout/sessions/{buyer.session_id}/line_items")["data"]
    assert session["amount_total"] == buyer.order.total
    assert [(item["description"], item["quantity"], item["amount_total"]) for item in items] == [
        ("Avancé × 7", 1, 52_468),
        ("TPS", 1, 2_500),
        ("TVQ", 1, 4_988),
    ]


@pytest.mark.one_database
def test_stripe_is_told_an_address_in_the_spelling_that_mail_servers_know(buyer):
    buyer.cast.acme.billing_email = "comptes@québec.example"
    db.session.commit()
    buyer.check_out()
    assert [row["email"] for row in buyer.sandbox.api("customers")["data"]] == [
        "comptes@xn--qubec-csa.example"
    ]
