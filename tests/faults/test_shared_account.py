"""Several desks on one Stripe account: a trial beside the real one, a copy of its database. None acts on another's."""

from __future__ import annotations

import datetime as dt

import pytest

from models import Company, OrderState, StripeEvent, db, utcnow
from services.events import reconciliation
from services.foundation.errors import Refused
from services.payments import checkout, gateway, settlement
from tests.client import sign_in
from tests.faults.test_webhooks import completed, kept, post

MONEY_EVENTS = ["checkout.session.completed", "charge.refunded", "charge.dispute.created"]


@pytest.fixture
def copied(app, buyer):
    """Make this desk a copy of the one that it was until now: the same rows, served elsewhere."""

    def copy():
        app.config["BASE_URL"] = "https://copy.example"

    return copy


def test_all_that_a_desk_makes_bears_its_mark(buyer):
    buyer.sandbox.pay(buyer.check_out())
    settlement.fulfil(buyer.session_id)
    api = buyer.sandbox.api
    made = [
        api(f"{kind}")["data"][0] for kind in ("checkout/sessions", "payment_intents", "charges", "customers")
    ]
    marks = {thing["object"]: thing["metadata"]["desk"] for thing in made}
    host = buyer.order.company and "127.0.0.1"
    assert set(marks.values()) == {marks["customer"]}
    assert marks["customer"].startswith(f"{buyer.cast.vendor.desk_code}@{host}:")


@pytest.mark.parametrize("kind", MONEY_EVENTS)
def test_what_another_desk_was_paid_is_left_to_it_although_a_copy_knows_the_order(
    buyer, client, copied, kind
):
    completed(buyer)
    charge = buyer.sandbox.api("charges")["data"][0]["id"]
    buyer.sandbox.refund(charge, "1")
    buyer.sandbox.contest(charge)
    copied()
    answer = post(client, *buyer.sandbox.signed(buyer.sandbox.events(kind)[0]))
    assert (answer.status_code, answer.json) == (200, {"outcome": "foreign"})
    assert (buyer.order.state, buyer.delivered(), buyer.issues()) == (OrderState.PENDING, 0, [])


def test_a_desk_that_began_anew_takes_what_was_paid_to_the_old_one_for_foreign(buyer, client):
    """The database was emptied after a trial; Stripe still tells of what was paid then."""
    event = completed(buyer)
    buyer.order.reference, buyer.cast.vendor.desk_code = "ELSE-WHERE", "ANEWD-ESK00"
    db.session.commit()
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "foreign"}


def test_another_desks_event_is_answered_without_asking_stripe(buyer, client, copied):
    event = completed(buyer)
    copied()
    buyer.sandbox.settings(fail_next=100)
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "foreign"}


def test_a_connected_accounts_event_is_not_ours(buyer, client, app):
    event = completed(buyer) | {"account": "acct_connected"}
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "foreign"}
    app.config["STRIPE_CONTEXT"] = "acct_connected"
    event["id"] = "evt_again"
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "fulfilled"}


def test_reconcile_leaves_the_orders_of_the_desk_that_was_copied_and_says_so(
    buyer, copied, time_machine, caplog
):
    buyer.sandbox.pay(buyer.check_out())
    copied()
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile() == {"orders": 1, "events": 0, "unsettled": 0}
    assert buyer.delivered() == 0
    assert "STRIPE_DESK" in caplog.text


def test_a_desk_that_has_moved_keeps_its_payments_by_its_old_name(buyer, client, app, copied):
    old = app.config["BASE_URL"].removeprefix("http://")
    event = completed(buyer)
    copied()
    app.config["STRIPE_DESK"] = old
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "fulfilled"}


def test_nobody_pays_or_closes_the_other_desks_page_from_a_copy(buyer, copied):
    url = buyer.check_out()
    theirs = buyer.session_id
    copied()
    assert checkout.pay(buyer.order, buyer.actor) != url
    assert buyer.order.attempt == 2
    checkout.cancel(buyer.order, buyer.actor)
    states = {session["id"]: session["status"] for session in buyer.sessions()}
    assert states.pop(theirs) == "open"
    assert set(states.values()) == {"expired"}
    assert buyer.sandbox.pay(url), "their customer is still on it"


def test_a_copy_makes_customers_of_its_own_and_leaves_the_other_desks_alone(buyer, copied):
    buyer.check_out()
    theirs = db.session.get_one(Company, buyer.cast.acme.id).stripe_customer_id
    copied()
    db.session.get_one(Company, buyer.cast.acme.id).billing_email = "rehearsal@acme.example"
    db.session.commit()
    checkout.pay(buyer.order, buyer.actor)
    own = buyer.order.company.stripe_customer_id
    assert own != theirs
    assert buyer.sandbox.api(f"customers/{theirs}")["email"] != "rehearsal@acme.example"


def test_the_other_desks_return_page_is_no_page_of_a_copy(buyer, client, copied):
    buyer.sandbox.pay(buyer.check_out())
    session = buyer.session_id
    copied()
    sign_in(client, buyer.cast.alice)
    assert client.get(f"/portal/orders/done?session_id={session}").status_code == 404


# --- Payments of before there were marks ------------------------------------------------------------------------------


def test_a_session_without_a_mark_is_known_by_where_it_leads_back_to(buyer, app, monkeypatch):
    monkeypatch.setattr("services.payments.desks.DESK", "not_known_then")
    buyer.sandbox.pay(buyer.check_out())
    session = buyer.session_id
    monkeypatch.undo()
    app.config["BASE_URL"] += "/elsewhere"
    assert settlement.fulfil(session) == "foreign"
    app.config["BASE_URL"] = app.config["BASE_URL"].removesuffix("/elsewhere")
    assert settlement.fulfil(session) == "fulfilled"


# --- What is given up, and what is not --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.PROCESSING])
def test_reconcile_gives_up_a_session_that_stripe_does_not_keep_says_so_once_and_ends_well(
    buyer, app, time_machine, caplog, state
):
    buyer.sandbox.pay_by_debit(buyer.check_out())
    if state == OrderState.PROCESSING:
        settlement.fulfil(buyer.session_id)
    buyer.sandbox.reset()
    run = app.test_cli_runner().invoke
    time_machine.move_to(utcnow() + dt.timedelta(days=29))
    assert run(args=["reconcile"]).exit_code == 1
    assert buyer.order.state == state, "the key may be of another account for a day"
    time_machine.move_to(utcnow() + dt.timedelta(days=2))
    for _ in range(2):
        caplog.clear()
        assert run(args=["reconcile"]).exit_code == 0
    assert "given up" not in caplog.text
    if state == OrderState.PENDING:
        assert (buyer.order.state, buyer.issues()) == (OrderState.EXPIRED, [])
    else:
        # Money may have been taken: a person looks before anybody pays again.
        assert (buyer.order.state, buyer.issues()) == (OrderState.FAILED, ["lost"])
        with pytest.raises(Refused, match="looked_at"):
            checkout.pay(buyer.order, buyer.actor)


def test_an_order_that_has_left_the_cart_stays_payable_when_its_page_is_not_known_any_more(
    buyer, time_machine
):
    buyer.check_out()
    buyer.order.left_cart_at = utcnow()
    db.session.commit()
    buyer.sandbox.reset()
    time_machine.move_to(utcnow() + dt.timedelta(days=31))
    assert reconciliation.reconcile() == {"orders": 1, "events": 0, "unsettled": 0}
    assert reconciliation.reconcile() == {"orders": 0, "events": 0, "unsettled": 0}
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))


def test_an_event_about_what_stripe_does_not_keep_is_given_up_once(buyer, client, time_machine, caplog):
    event = completed(buyer)
    buyer.order.state = OrderState.CANCELLED
    db.session.commit()
    buyer.sandbox.reset()
    assert post(client, *buyer.sandbox.signed(event)).status_code == 500
    time_machine.move_to(utcnow() + dt.timedelta(days=29))
    assert reconciliation.reconcile()["unsettled"] == 1
    time_machine.move_to(utcnow() + dt.timedelta(days=2))
    assert reconciliation.reconcile()["unsettled"] == 0
    assert f"event {event['id']} is given up" in caplog.text
    assert (kept()[0].outcome, reconciliation.reconcile()["events"]) == ("unknown", 0)


def test_a_key_without_a_permission_gives_no_order_up(buyer, time_machine):
    buyer.check_out()
    buyer.sandbox.settings(lacks="rak_checkout_session_read")
    time_machine.move_to(utcnow() + dt.timedelta(days=60))
    assert reconciliation.reconcile()["unsettled"] == 1
    assert buyer.order.state == OrderState.PENDING
    with pytest.raises(gateway.Forbidden, match="rak_checkout_session_read"):
        gateway.fetch_session(buyer.session_id)
    assert db.session.scalars(db.select(StripeEvent)).all() == []
