"""An order that nobody of the company placed is whole: journal, receipt, pages and mails say who acted, or say nothing wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import SYSTEM, Actor
from models import ActorKind, CartItem, JournalEntry, Order, OrderState, OutgoingMail, db
from services.buying import cart, quotes
from services.mail.rendering import render_preview
from services.payments import checkout, settlement
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.sandbox_process import DEBIT_FAILS


@pytest.fixture(params=["staff", "system"])
def by(request, cast):
    return Actor.of(cast.sam, "192.0.2.1") if request.param == "staff" else SYSTEM


def buy(cast, by):
    """Fill the cart and confirm it, as `by`; returns the payment page's address."""
    cart.add(cast.acme.id, cast.pro, 2, by)
    fingerprint = quotes.quote(cast.acme).fingerprint
    return checkout.check_out(cast.acme.id, fingerprint=fingerprint, accepted=True, language="fr", by=by)


def the_order():
    db.session.rollback()
    return db.session.scalars(sa.select(Order)).one()


def the_mail(template):
    found = sa.select(OutgoingMail).where(OutgoingMail.template == template)
    return db.session.scalars(found).one()


def test_it_is_delivered_and_journalled_under_who_did_it(cast, sandbox, by):
    sandbox.pay(buy(cast, by))
    assert db.session.scalars(sa.select(CartItem.added_as)).one() == by.kind
    settlement.fulfil(the_order().stripe_session_id)
    order = the_order()
    assert (order.state, order.placed_as, order.placed_by_id) == (OrderState.PAID, by.kind, by.user_id)
    placed = db.session.scalars(sa.select(JournalEntry).filter_by(verb="order_placed")).one()
    behalf = cast.acme.id if by.is_staff else None
    assert (placed.actor_id, placed.on_behalf_of_id, placed.company_id) == (by.user_id, behalf, cast.acme.id)


def test_its_receipt_goes_to_the_billing_address_in_the_companys_language(cast, sandbox, by):
    cast.acme.language = "en"
    db.session.commit()
    sandbox.pay(buy(cast, by))
    settlement.fulfil(the_order().stripe_session_id)
    mail = the_mail("receipt")
    assert (mail.user_id, mail.address, mail.company_id) == (None, cast.acme.billing_email, cast.acme.id)
    text = render_preview(mail).text
    assert "Hello,\n" in text
    assert f"the billing address of {cast.acme.name}" in text
    assert the_order().reference in text


def test_a_debit_that_fails_is_told_there_too(cast, sandbox, by):
    sandbox.pay_by_debit(buy(cast, by), DEBIT_FAILS)
    settlement.fulfil(the_order().stripe_session_id)
    sandbox.settle()
    settlement.fulfil(the_order().stripe_session_id)
    told = db.session.scalars(db.select(OutgoingMail).filter_by(template="payment_failed")).all()
    # And to whoever of the company may buy: one of them has to pay again.
    assert {mail.address or mail.user.email for mail in told} == {
        cast.acme.billing_email,
        "alice@acme.example",
        "erin@acme.example",
    }


def test_the_customer_reads_support_and_staff_read_who(app, cast, sandbox, by):
    url = buy(cast, by)
    alice, staff = sign_in(make_client(app), cast.alice), sign_in(make_client(app), cast.sam)
    shown = {ActorKind.STAFF: ("Soutien", "Sam Tremblay"), ActorKind.SYSTEM: ("Le système", "Le système")}
    to_customer, to_staff = shown[by.kind]
    assert f"Ajouté par {to_customer}" in words(alice.get("/portal/plans/"))
    sandbox.pay(url)
    settlement.fulfil(the_order().stripe_session_id)
    order = the_order()
    reference, order_id = order.reference, order.id
    for path in ("/portal/orders/", f"/portal/orders/{reference}"):
        assert to_customer in words(alice.get(path)), path
        assert "Sam" not in alice.get(path).text, path
    for path in (f"/portal/orders/{reference}/receipt", f"/portal/orders/{reference}/result", "/portal/"):
        assert alice.get(path).status_code == 200
    for path in ("/support/orders/", f"/support/orders/details/?id={order_id}"):
        assert to_staff in words(staff.get(path)), path
    for path in (f"/support/customers/details/?id={cast.acme.id}", "/support/orders/export/csv/"):
        assert staff.get(path, buffered=True).status_code == 200


@pytest.mark.parametrize(
    "half", [{"placed_as": ActorKind.SYSTEM}, {"placed_as": ActorKind.PERSON, "placed_by_id": None}]
)
def test_the_system_alone_is_nobody(cast, sandbox, half):
    buy(cast, Actor.of(cast.alice))
    order = the_order()
    for name, value in half.items():
        setattr(order, name, value)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()
