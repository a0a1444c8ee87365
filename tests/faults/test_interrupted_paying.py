"""Paying that somebody or something gets in the way of: another administrator, a failed debit, Stripe's own records."""

from __future__ import annotations

import datetime as dt

import pytest
import stripe

from models import CartItem, Company, IssueKind, JournalEntry, Order, OrderState, Outcome, db, utcnow
from services.buying import cart, quotes
from services.events import reconciliation
from services.foundation.errors import Refused
from services.payments import attempts, checkout, gateway, settlement
from tests.sandbox_process import DEBIT_FAILS, DECLINED


def refuse_debit(buyer):
    """Pay the waiting cart by a bank debit that the bank refuses days later."""
    buyer.sandbox.pay_by_debit(buyer.check_out(), DEBIT_FAILS)
    settlement.fulfil(buyer.session_id)
    buyer.sandbox.settle()
    assert settlement.fulfil(buyer.session_id) == Outcome.FAILED


def in_cart():
    db.session.rollback()
    return {item.plan_id: item.quantity for item in db.session.scalars(db.select(CartItem))}


# --- Two administrators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fingerprint", "accepted", "code"),
    [
        ("forged", True, "changed_since_review"),
        ("", True, "changed_since_review"),
        (None, False, "not_accepted"),
    ],
)
def test_a_confirmation_that_is_refused_leaves_a_colleague_on_their_payment_page(
    buyer, fingerprint, accepted, code
):
    url = buyer.check_out()
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    if fingerprint is None:
        fingerprint = quotes.quote(buyer.cast.acme).fingerprint
    with pytest.raises(Refused) as refused:
        checkout.check_out(
            buyer.cast.acme.id, fingerprint=fingerprint, accepted=accepted, language="fr", by=buyer.actor
        )
    assert refused.value.code == code
    assert buyer.order.state == OrderState.PENDING
    assert buyer.sandbox.pay(url)


def test_nobody_is_sent_to_the_page_of_an_order_that_a_colleague_cancelled_meanwhile(buyer, monkeypatch):
    keep = attempts.keep

    def cancelled_first(order_id, *rest):
        checkout.cancel(db.session.get_one(Order, order_id), buyer.actor)
        return keep(order_id, *rest)

    monkeypatch.setattr(attempts, "keep", cancelled_first)
    with pytest.raises(Refused, match="not_waiting"):
        buyer.check_out()
    assert buyer.order.state == OrderState.CANCELLED
    assert [session["status"] for session in buyer.sessions()] == ["expired"]


def test_nobody_is_sent_to_an_older_page_than_the_one_a_colleague_opened_meanwhile(buyer, monkeypatch):
    create, colleagues = gateway.open_page, []

    def colleague_next(*arguments):
        older = create(*arguments)
        monkeypatch.setattr(gateway, "open_page", create)
        # The customer was deleted at Stripe and the address is another one: this takes a new attempt.
        company = db.session.get_one(Company, buyer.cast.acme.id)
        company.stripe_customer_id, company.billing_email = None, "accounts@acme.example"
        db.session.commit()
        colleagues.append(checkout.pay(buyer.order, buyer.actor))
        return older

    monkeypatch.setattr(gateway, "open_page", colleague_next)
    assert [buyer.check_out()] == colleagues
    states = {session["id"]: session["status"] for session in buyer.sessions()}
    assert states.pop(buyer.session_id) == "open"
    assert list(states.values()) == ["expired"], "somebody may still pay on the older page"
    assert buyer.sandbox.pay(colleagues[0])
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_a_second_click_after_the_page_ended_leads_to_the_new_page_of_the_first(buyer, monkeypatch):
    buyer.check_out()
    ended = buyer.session_id
    gateway.expire_session(ended)
    fetch, first = gateway.fetch_session, []

    def first_click_meanwhile(session_id):
        session = fetch(session_id)
        monkeypatch.setattr(gateway, "fetch_session", fetch)
        first.append(checkout.pay(buyer.order, buyer.actor))
        return session

    monkeypatch.setattr(gateway, "fetch_session", first_click_meanwhile)
    assert [checkout.pay(buyer.order, buyer.actor)] == first
    states = {session["id"]: session["status"] for session in buyer.sessions()}
    assert states == {ended: "expired", buyer.session_id: "open"}


def just_after_its_page_closes(monkeypatch, act):
    """Let a colleague `act` between the moment at which somebody's page is closed and what is done about it."""
    expire = gateway.expire_session

    def rival_first(session_id):
        closed = expire(session_id)
        monkeypatch.setattr(gateway, "expire_session", expire)
        act()
        return closed

    monkeypatch.setattr(gateway, "expire_session", rival_first)


def test_cancelling_while_a_colleague_opens_a_new_page_does_not_leave_it_open(buyer, monkeypatch):
    buyer.check_out()
    just_after_its_page_closes(monkeypatch, lambda: checkout.pay(buyer.order, buyer.actor))
    with pytest.raises(Refused, match="page_opened"):
        checkout.cancel(buyer.order, buyer.actor)
    assert buyer.order.state == OrderState.PENDING
    checkout.cancel(buyer.order, buyer.actor)
    assert {session["status"] for session in buyer.sessions()} == {"expired"}


def test_cancelling_an_order_that_a_colleague_paid_on_a_new_page_says_that_it_is_paid(buyer, monkeypatch):
    buyer.check_out()

    def pay():
        buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
        settlement.fulfil(buyer.session_id)

    just_after_its_page_closes(monkeypatch, pay)
    with pytest.raises(Refused, match="not_waiting"):
        checkout.cancel(buyer.order, buyer.actor)
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)


def test_cancelling_succeeds_when_stripe_says_first_that_the_page_is_closed(buyer, monkeypatch):
    buyer.check_out()
    expire = gateway.expire_session

    def told_at_once(session_id):
        closed = expire(session_id)
        settlement.fulfil(session_id)
        return closed

    monkeypatch.setattr(gateway, "expire_session", told_at_once)
    checkout.cancel(buyer.order, buyer.actor)
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    assert buyer.check_out()
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    assert buyer.check_out()


# --- A debit that the bank refused ----------------------------------------------------------------------------------


def test_paying_again_after_a_refused_debit_leaves_the_next_purchase_in_the_cart(buyer):
    refuse_debit(buyer)
    cart.add(buyer.cast.acme.id, buyer.cast.avance, 2, buyer.actor)
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert in_cart() == {buyer.cast.avance.id: 2}


def test_another_purchase_does_not_give_up_an_order_that_is_being_paid_again(buyer):
    refuse_debit(buyer)
    first = buyer.order.id
    url = checkout.pay(buyer.order, buyer.actor)
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    assert buyer.check_out() != url
    assert db.session.get_one(Order, first).state == OrderState.PENDING
    assert buyer.sandbox.pay(url)


def test_an_order_that_is_no_longer_in_the_cart_can_be_paid_after_its_page_has_closed(buyer):
    refuse_debit(buyer)
    checkout.pay(buyer.order, buyer.actor)
    gateway.expire_session(buyer.session_id)
    settlement.fulfil(buyer.session_id)
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert buyer.delivered() == 5


def test_a_failure_that_is_told_again_does_not_stop_the_next_try(buyer, monkeypatch):
    refuse_debit(buyer)
    failed, keep = buyer.session_id, attempts.keep

    def told_again_first(*arguments):
        assert settlement.fulfil(failed) == Outcome.ALREADY
        return keep(*arguments)

    monkeypatch.setattr(attempts, "keep", told_again_first)
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_a_failure_that_is_told_again_does_not_fail_the_next_debit_that_is_under_way(buyer):
    refuse_debit(buyer)
    failed = buyer.session_id
    assert buyer.sandbox.pay_by_debit(checkout.pay(buyer.order, buyer.actor))
    assert settlement.fulfil(buyer.session_id) == Outcome.PROCESSING
    assert settlement.fulfil(failed) == Outcome.ALREADY
    assert (buyer.order.state, buyer.mails("payment_failed")) == (OrderState.PROCESSING, 1)
    buyer.sandbox.settle()
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_a_debit_whose_end_was_never_told_is_found_by_reconcile(buyer, time_machine):
    buyer.sandbox.pay_by_debit(buyer.check_out())
    assert settlement.fulfil(buyer.session_id) == Outcome.PROCESSING
    buyer.sandbox.settle()
    time_machine.move_to(utcnow() + dt.timedelta(days=5))
    assert reconciliation.reconcile() == {"orders": 1, "events": 0, "unsettled": 0}
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)


def test_a_debit_under_way_that_is_told_again_is_not_begun_again(buyer):
    buyer.sandbox.pay_by_debit(buyer.check_out())
    assert settlement.fulfil(buyer.session_id) == Outcome.PROCESSING
    cart.add(buyer.order.company_id, buyer.order.lines[0].plan, 2, buyer.actor)
    assert settlement.fulfil(buyer.session_id) == Outcome.ALREADY
    assert list(in_cart().values()) == [2]
    assert len(db.session.scalars(db.select(JournalEntry).filter_by(verb="payment_started")).all()) == 1


# --- A card that was declined ---------------------------------------------------------------------------------------


def test_a_declined_card_is_not_noted_on_an_order_that_another_card_has_paid_meanwhile(buyer, monkeypatch):
    url = buyer.check_out()
    assert buyer.sandbox.pay(url, DECLINED) is None
    declined, look = buyer.sessions()[0]["payment_intent"], gateway.session_of_payment

    def paid_meanwhile(payment_intent_id):
        session = look(payment_intent_id)
        assert session.status == "open"
        assert buyer.sandbox.pay(url)
        assert settlement.fulfil(session.id) == Outcome.FULFILLED
        return session

    monkeypatch.setattr(gateway, "session_of_payment", paid_meanwhile)
    settlement.note_decline(declined)
    assert (buyer.order.state, buyer.order.declined_at) == (OrderState.PAID, None)


def test_a_decline_that_is_told_after_another_card_has_paid_delivers_what_was_paid(buyer):
    url = buyer.check_out()
    assert buyer.sandbox.pay(url, DECLINED) is None
    declined = buyer.sessions()[0]["payment_intent"]
    assert buyer.sandbox.pay(url)
    assert settlement.note_decline(declined) == Outcome.FULFILLED
    assert (buyer.order.declined_at, buyer.delivered()) == (None, 5)


# --- What Stripe does not know (any more) -----------------------------------------------------------------------------


def test_an_order_whose_session_stripe_does_not_know_can_still_be_paid(buyer):
    buyer.check_out()
    order = buyer.order
    order.stripe_session_id = "cs_test_of_another_account"
    db.session.commit()
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_a_company_whose_customer_was_deleted_at_stripe_gets_another_one(buyer):
    db.session.get_one(Company, buyer.cast.acme.id).stripe_customer_id = "cus_deleted"
    db.session.commit()
    assert buyer.sandbox.pay(buyer.check_out())
    db.session.rollback()
    assert db.session.get_one(Company, buyer.cast.acme.id).stripe_customer_id != "cus_deleted"


def test_a_billing_address_changed_after_a_crash_does_not_stop_the_payment(buyer):
    buyer.check_out()
    buyer.order.stripe_session_id = None
    company = db.session.get_one(Company, buyer.cast.acme.id)
    company.stripe_customer_id, company.billing_email = None, "accounts@acme.example"
    db.session.commit()
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))


def test_cancelling_with_a_key_that_stripe_refuses_is_a_sentence(buyer, app):
    buyer.check_out()
    app.config["STRIPE_SECRET_KEY"] = "sk_test_wrong"
    with pytest.raises(Refused, match="payment_setup"):
        checkout.cancel(buyer.order, buyer.actor)
    assert buyer.order.state == OrderState.PENDING


def test_an_order_whose_page_does_not_open_shows_it_to_staff_until_it_does(buyer, app):
    key = app.config["STRIPE_SECRET_KEY"]
    app.config["STRIPE_SECRET_KEY"] = "sk_test_wrong"
    with pytest.raises(Refused, match="payment_setup"):
        buyer.check_out()
    assert (buyer.order.state, buyer.issues()) == (OrderState.PENDING, [IssueKind.PAYMENT_SETUP])
    assert buyer.mails("staff_alert") == 1
    app.config["STRIPE_SECRET_KEY"] = key
    assert checkout.pay(buyer.order, buyer.actor)
    assert buyer.issues() == []


def test_cancelling_closes_the_page_and_keeps_the_cart(buyer):
    url = buyer.check_out()
    checkout.cancel(buyer.order, buyer.actor)
    checkout.cancel(buyer.order, buyer.actor)
    assert buyer.order.state == OrderState.CANCELLED
    # Stripe tells of the closed page later.
    assert settlement.fulfil(buyer.session_id) == Outcome.ALREADY
    assert buyer.order.state == OrderState.CANCELLED
    assert buyer.sandbox.pay(url) is None
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5


# --- A slow Stripe ----------------------------------------------------------------------------------------------------


def test_whoever_waits_for_stripe_keeps_no_database_connection_from_the_others(buyer, monkeypatch):
    out, request, pool = [], stripe.RequestsClient.request, db.engine.pool

    def noting(*arguments, **options):
        out.append(pool.checkedout())
        return request(*arguments, **options)

    monkeypatch.setattr(stripe.RequestsClient, "request", noting)
    buyer.check_out()
    checkout.pay(buyer.order, buyer.actor)
    settlement.fulfil(buyer.session_id)
    checkout.cancel(buyer.order, buyer.actor)
    # A customer, a session, looked at three times, closed.
    assert out == [0, 0, 0, 0, 0, 0]
