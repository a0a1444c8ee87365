"""On the way to the payment page and back: what a buyer would pay twice, or pay for nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import CartItem, IssueKind, OrderState, Outcome, Price, db, utcnow
from services.buying import cart, quotes
from services.foundation.errors import Refused
from services.payments import attempts, checkout, gateway, reconciliation, settlement, stripe_events
from tests.factories import make_order
from tests.sandbox_process import DEBIT_FAILS, DECLINED, NO_FUNDS


def test_paying_delivers_once_empties_the_cart_and_sends_one_receipt(buyer):
    url = buyer.check_out()
    assert buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert settlement.fulfil(buyer.session_id) == Outcome.ALREADY
    order = buyer.order
    assert (order.state, order.paid_at is not None) == (OrderState.PAID, True)
    assert order.stripe_payment_intent_id.startswith("pi_")
    assert (buyer.delivered(), buyer.mails("receipt")) == (5, 1)
    assert db.session.scalars(db.select(CartItem)).all() == []


def test_the_total_that_was_confirmed_is_the_total_that_stripe_charges_to_the_cent(buyer):
    buyer.check_out()
    session = buyer.sessions()[0]
    items = buyer.sandbox.api(f"checkout/sessions/{session['id']}/line_items")["data"]
    assert session["amount_total"] == buyer.order.total == 57_488
    assert [(item["description"], item["amount_total"]) for item in items] == [
        ("Avancé", 50_000),
        ("TPS", 2_500),
        ("TVQ", 4_988),
    ]
    assert session["client_reference_id"] == session["metadata"]["order_reference"] == buyer.order.reference
    assert session["locale"] == "fr-CA"


def test_what_was_added_while_paying_stays_in_the_cart(buyer):
    url = buyer.check_out()
    cart.add(buyer.cast.acme.id, buyer.cast.avance, 2, buyer.actor)
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    buyer.sandbox.pay(url)
    settlement.fulfil(buyer.session_id)
    left = {item.plan_id: item.quantity for item in db.session.scalars(db.select(CartItem))}
    assert left == {buyer.cast.avance.id: 2, buyer.cast.pro.id: 1}


def test_what_another_company_has_in_its_cart_stays_there(buyer):
    cart.add(buyer.cast.globex.id, buyer.cast.avance, 3, Actor.of(buyer.cast.carol))
    buyer.sandbox.pay(buyer.check_out())
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    left = [(item.company_id, item.quantity) for item in db.session.scalars(db.select(CartItem))]
    assert left == [(buyer.cast.globex.id, 3)]


def test_fault_1_pay_clicked_twice_is_one_session(buyer):
    assert buyer.check_out() == buyer.check_out()
    assert len(buyer.sessions()) == 1


def test_fault_1_pay_clicked_ten_times_at_once_is_one_session(buyer, together):
    company_id, actor = buyer.cast.acme.id, buyer.actor
    fingerprint = quotes.quote(buyer.cast.acme).fingerprint

    def click(_number):
        return checkout.check_out(company_id, fingerprint=fingerprint, accepted=True, language="fr", by=actor)

    outcomes = together(10, click)
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert len({outcome.value for outcome in outcomes}) == 1
    assert len(buyer.sessions()) == 1


def test_fault_2_a_crash_before_the_session_was_stored_leads_back_to_the_same_one(buyer, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(attempts, "keep", crash)
        with pytest.raises(KeyboardInterrupt):
            buyer.check_out()
    assert buyer.order.stripe_session_id is None
    assert buyer.check_out() == buyer.sessions()[0]["url"]
    assert len(buyer.sessions()) == 1


def test_fault_2_a_crash_before_the_session_was_stored_still_delivers_what_is_paid(buyer, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "keep", lambda *_: True)
        url = buyer.check_out()
    buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.sessions()[0]["id"]) == Outcome.FULFILLED
    assert (buyer.delivered(), buyer.order.stripe_session_id) == (5, buyer.sessions()[0]["id"])


def test_fault_3_the_same_key_with_other_parameters_takes_a_new_attempt(buyer, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "keep", lambda *_: True)
        buyer.check_out()
    order = buyer.order
    order.language = "en"  # the payment page would now be asked for in English, under the same key
    db.session.commit()
    url = checkout.pay(buyer.order, buyer.actor)
    assert buyer.order.attempt == 2
    assert buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_fault_3_a_changed_cart_gives_up_the_older_order_and_closes_its_page(buyer):
    first_url = buyer.check_out()
    first = buyer.order.id
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    second_url = buyer.check_out()
    assert second_url != first_url
    assert buyer.order.id != first
    states = [(session["status"]) for session in buyer.sessions()]
    assert sorted(states) == ["expired", "open"]
    assert buyer.sandbox.pay(first_url) is None


def test_fault_3_a_changed_cart_whose_older_order_was_paid_meanwhile_delivers_that_one(buyer):
    buyer.sandbox.pay(buyer.check_out())
    cart.add(buyer.cast.acme.id, buyer.cast.pro, 1, buyer.actor)
    with pytest.raises(Refused, match="already_paid"):
        buyer.check_out()
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)
    assert [item.plan_id for item in db.session.scalars(db.select(CartItem))] == [buyer.cast.pro.id]


def test_fault_4_a_price_edited_after_the_confirmation_is_not_charged(buyer):
    first_url = buyer.check_out()
    gateway.expire_session(buyer.session_id)
    today = buyer.cast.vendor.today
    db.session.add(Price(plan_id=buyer.cast.avance.id, amount=99_900, starts_on=today))
    db.session.commit()
    url = checkout.pay(buyer.order, buyer.actor)
    assert url != first_url, "the first page has ended: this one was made after the edit"
    assert buyer.sandbox.pay(url)
    charged = {session["id"]: session["amount_total"] for session in buyer.sessions()}
    assert (len(charged), charged[buyer.session_id]) == (2, 57_488)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_fault_7_stripe_down_keeps_the_order_and_the_cart_and_says_so(buyer):
    buyer.sandbox.settings(fail_next=100)
    with pytest.raises(Refused, match="payment_unavailable") as refused:
        buyer.check_out()
    assert "Rien" in refused.value.sentence or "Nothing" in refused.value.sentence
    assert buyer.order.state == OrderState.PENDING
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5
    buyer.sandbox.settings(fail_next=0)
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))


def test_fault_7_stripe_slow_gives_up_with_a_sentence(buyer, app):
    app.config["STRIPE_TIMEOUT"] = 0.2
    buyer.sandbox.settings(delay_ms=600)
    with pytest.raises(Refused, match="payment_unavailable"):
        buyer.check_out()
    assert buyer.order.state == OrderState.PENDING


def test_fault_7_a_stopped_stripe_is_a_sentence_too(buyer, app):
    app.config["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    with pytest.raises(Refused, match="payment_unavailable"):
        buyer.check_out()
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5


def test_fault_8_a_500_after_the_work_was_done_is_retried_into_the_same_session(buyer):
    buyer.sandbox.settings(fail_after_next=1)
    buyer.check_out()
    assert len(buyer.sessions()) == 1
    assert len(buyer.sandbox.api("customers")["data"]) == 1


@pytest.mark.parametrize("card", [DECLINED, NO_FUNDS])
def test_fault_9_a_declined_card_leaves_the_order_waiting_and_can_be_tried_again(buyer, card):
    url = buyer.check_out()
    assert buyer.sandbox.pay(url, card) is None
    intent = buyer.sessions()[0]["payment_intent"]
    assert settlement.note_decline(intent) == Outcome.DECLINED
    assert (buyer.order.state, bool(buyer.order.declined_at)) == (OrderState.PENDING, True)
    assert buyer.delivered() == 0
    assert checkout.pay(buyer.order, buyer.actor) == url
    assert buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert buyer.issues() == []


def test_fault_11_a_lost_webhook_is_found_by_reconcile(buyer, time_machine):
    buyer.sandbox.pay(buyer.check_out())
    assert reconciliation.reconcile() == {"orders": 0, "events": 0, "unsettled": 0}, (
        "it does not race the buyer"
    )
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile() == {"orders": 1, "events": 0, "unsettled": 0}
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)
    assert reconciliation.reconcile() == {"orders": 0, "events": 0, "unsettled": 0}


def test_an_order_that_breaks_does_not_keep_reconcile_from_the_others(
    buyer, time_machine, monkeypatch, caplog
):
    make_order(
        buyer.cast.carol,
        buyer.cast.pro,
        placed_at=utcnow() - dt.timedelta(days=1),
        stripe_session_id="cs_breaks",
    )
    buyer.sandbox.pay(buyer.check_out())
    fulfil = settlement.fulfil

    def break_one(session_id):
        if session_id == "cs_breaks":
            raise LookupError("a fault of ours")
        return fulfil(session_id)

    monkeypatch.setattr(settlement, "fulfil", break_one)
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile() == {"orders": 2, "events": 0, "unsettled": 1}
    assert buyer.delivered() == 5
    assert "session cs_breaks broke" in caplog.text


def test_reconcile_does_not_wait_for_a_stripe_that_is_away_once_for_each_order(buyer, app, monkeypatch):
    yesterday = utcnow() - dt.timedelta(days=1)
    for number in range(20):
        make_order(buyer.cast.alice, buyer.cast.pro, placed_at=yesterday, stripe_session_id=f"cs_{number}")
    asked = []
    monkeypatch.setattr(gateway, "fetch_session", lambda session_id: asked.append(session_id) or away())

    def away():
        raise gateway.Unavailable

    assert reconciliation.reconcile() == {"orders": 20, "events": 0, "unsettled": 20}
    assert len(asked) == 3


def test_fault_19_a_first_page_that_expires_does_not_end_the_order_that_waits_on_a_second(buyer):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    url = checkout.pay(buyer.order, buyer.actor)
    body, headers = buyer.sandbox.signed(buyer.sandbox.events("checkout.session.expired")[0])
    late = gateway.read_event(body, headers["Stripe-Signature"])
    assert late.object_id != buyer.session_id
    assert stripe_events.receive(late) == Outcome.ALREADY
    assert (buyer.order.state, buyer.order.attempt) == (OrderState.PENDING, 2)
    assert buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED


def test_an_abandoned_payment_expires_and_leaves_the_cart(buyer):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    assert settlement.fulfil(buyer.session_id) == Outcome.EXPIRED
    assert buyer.order.state == OrderState.EXPIRED
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5
    with pytest.raises(Refused, match="not_waiting"):
        checkout.pay(buyer.order, buyer.actor)
    assert buyer.check_out()


def test_fault_20_paid_after_we_gave_up_is_delivered_and_staff_are_told(buyer):
    buyer.sandbox.pay(buyer.check_out())
    order = buyer.order
    order.state = OrderState.CANCELLED
    db.session.commit()
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)
    assert (buyer.mails("staff_alert"), buyer.issues()) == (1, [IssueKind.PAID_AFTER_END])
    # Whoever cancels keeps the cart, to change it or to buy again.
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5


def test_cancelling_what_was_just_paid_delivers_it_instead(buyer):
    buyer.sandbox.pay(buyer.check_out())
    with pytest.raises(Refused, match="already_paid"):
        checkout.cancel(buyer.order, buyer.actor)
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)


def test_fault_21_a_bank_debit_delivers_only_when_the_money_comes(buyer):
    assert buyer.sandbox.pay_by_debit(buyer.check_out())
    assert settlement.fulfil(buyer.session_id) == Outcome.PROCESSING
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PROCESSING, 0)
    assert db.session.scalars(db.select(CartItem)).all() == []
    buyer.sandbox.settle()
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert (buyer.order.state, buyer.delivered(), buyer.mails("receipt")) == (OrderState.PAID, 5, 1)


def test_fault_21_a_refused_debit_delivers_nothing_tells_the_buyer_and_can_be_paid_again(buyer):
    buyer.sandbox.pay_by_debit(buyer.check_out(), DEBIT_FAILS)
    settlement.fulfil(buyer.session_id)
    buyer.sandbox.settle()
    first = buyer.session_id
    assert settlement.fulfil(first) == Outcome.FAILED
    assert settlement.fulfil(first) == Outcome.ALREADY
    assert (buyer.order.state, buyer.delivered(), buyer.mails("payment_failed")) == (OrderState.FAILED, 0, 1)
    url = checkout.pay(buyer.order, buyer.actor)
    assert buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert settlement.fulfil(first) in {Outcome.ALREADY, Outcome.OPEN}
    assert (buyer.order.state, buyer.delivered()) == (OrderState.PAID, 5)


def test_fault_22_two_paid_sessions_deliver_once_and_staff_are_told(buyer):
    url = buyer.check_out()
    first = buyer.session_id
    order = buyer.order
    order.attempt, order.stripe_session_id = 2, None
    db.session.commit()
    second_url = checkout.pay(buyer.order, buyer.actor)
    second = buyer.session_id
    buyer.sandbox.pay(url)
    buyer.sandbox.pay(second_url)
    assert settlement.fulfil(first) == Outcome.FULFILLED
    assert settlement.fulfil(second) == Outcome.PAID_TWICE
    assert (buyer.delivered(), buyer.mails("receipt"), buyer.mails("staff_alert")) == (5, 1, 1)


def test_a_session_that_is_not_ours_changes_nothing(buyer):
    buyer.check_out()
    with pytest.raises(gateway.NotFound):
        settlement.fulfil("cs_test_unknown")


def test_a_plan_at_no_charge_is_delivered_without_a_payment(buyer):
    for price in db.session.scalars(db.select(Price)):
        price.amount = 0
    db.session.commit()
    url = buyer.check_out()
    buyer.sandbox.pay(url)
    assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert buyer.delivered() == 5


@pytest.mark.one_database
def test_stripe_is_told_an_address_in_the_spelling_that_mail_servers_know(buyer):
    buyer.cast.acme.billing_email = "comptes@québec.example"
    db.session.commit()
    buyer.check_out()
    assert [row["email"] for row in buyer.sandbox.api("customers")["data"]] == [
        "comptes@xn--qubec-csa.example"
    ]
