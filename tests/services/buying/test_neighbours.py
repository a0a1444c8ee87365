"""Another customer, in the middle of the same purchase, before and after: what they have stays as it was.

Globex comes first in every table, so that a statement that forgets whose rows it is after finds Globex's.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor
from models import Assignment, CartItem, License, Order, OrderState, OutgoingMail, Payment, Term, TermTax, db
from services import licenses
from services.buying import cart, orders, quotes
from services.payments import checkout, settlement
from services.reports import company
from tests.factories import make_licenses, make_order
from tests.sandbox_process import SUCCESS

OWN = (CartItem, Order, Payment, License, Assignment, Term, TermTax, OutgoingMail)


def rows_of(kept):
    """Every column of every row of the company, as it is in the database."""
    db.session.rollback()
    return {
        kind.__name__: db.session.execute(
            sa.select(kind.__table__)
            .where(kind.__table__.c.company_id == kept.id)
            .order_by(kind.__table__.c.id)
        ).all()
        for kind in OWN
    }


@pytest.fixture
def globex(cast):
    """Globex with a cart, orders in every state of waiting, free and held licences of the same plans."""
    by = Actor.of(cast.carol)
    cart.add(cast.globex.id, cast.pro, 7, by)
    cart.add(cast.globex.id, cast.eco, 3, by)
    for state in (OrderState.PENDING, OrderState.FAILED, OrderState.PROCESSING):
        make_order(cast.carol, cast.pro, 2, state=state, stripe_session_id=f"cs_{state}")
    make_licenses(3, cast.carol, cast.pro)
    make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)
    return cast.globex


def test_a_whole_purchase_leaves_the_neighbours_rows_alone(cast, globex, sandbox):
    before, by = rows_of(globex), Actor.of(cast.alice)
    assert quotes.quote(cast.acme).lines == []
    assert orders.waiting_order(cast.acme.id) is None
    assert orders.unpaid(cast.acme.id) == []
    # Each plan has its own line, of this company.
    item = cart.add(cast.acme.id, cast.pro, 2, by)
    cart.add(cast.acme.id, cast.eco, 1, by)
    assert cart.add(cast.acme.id, cast.pro, 1, by).id == item.id
    cart.change_quantity(db.session.get_one(CartItem, item.id), 2, by, seen=item.quantity)
    assert [line.quantity for line in quotes.quote(cast.acme).lines] == [2, 1]
    fingerprint = quotes.quote(cast.acme).fingerprint
    url = checkout.check_out(cast.acme.id, fingerprint=fingerprint, accepted=True, language="fr", by=by)
    order = orders.waiting_order(cast.acme.id)
    assert [one.id for one in orders.unpaid(cast.acme.id)] == [order.id]
    # What is bought meanwhile stays in the cart.
    cart.add(cast.acme.id, cast.avance, 4, by)
    cart.add(cast.acme.id, cast.pro, 1, by)
    sandbox.pay(url, SUCCESS)
    settlement.fulfil(order.stripe_session_id)
    left = db.session.scalars(db.select(CartItem).filter_by(company_id=cast.acme.id)).all()
    assert {(one.plan_id, one.quantity) for one in left} == {(cast.avance.id, 4), (cast.pro.id, 1)}
    assert rows_of(globex) == before


def test_giving_and_taking_back_leaves_the_neighbours_seats_alone(cast, globex):
    make_licenses(1, cast.alice, cast.pro)
    before, by = rows_of(globex), Actor.of(cast.alice)
    given = licenses.assign(cast.pro, cast.bob, by)
    licenses.activate(given, Actor.of(cast.bob))
    licenses.release(given, by, held_by=given.user_id)
    licenses.assign_license(given, cast.dave, by)
    assert given.user_id == cast.dave.id
    assert rows_of(globex) == before
    assert company.figures(cast.acme.id, given.assigned_at).people_without == 3
