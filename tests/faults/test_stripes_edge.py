"""What Stripe does with what it is asked: the address on its page, the currency that is charged, the time it takes."""

from __future__ import annotations

import contextlib
import logging
import socket
import time

import pytest
import sqlalchemy as sa

from models import Company, Order, OrderState, Outcome, Payment, db
from services.catalogue import vendor
from services.events import account
from services.foundation.errors import Refused
from services.payments import attempts, checkout, gateway, settlement
from tests.admin_views.portal.pages import words
from tests.client import sign_in
from tests.factories import make_order
from tests.patience import best_of_three

# --- What is asked ----------------------------------------------------------------------------------------------------


def test_the_customer_at_stripe_has_our_name_and_address_at_the_next_payment(buyer):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    company = db.session.get_one(Company, buyer.cast.acme.id)
    company.name, company.billing_email = "Acme Québec", "factures@acme.example"
    db.session.commit()
    first = company.stripe_customer_id
    checkout.pay(buyer.order, buyer.actor)
    (customer,) = buyer.sandbox.api("customers")["data"]
    assert (customer["id"], customer["name"], customer["email"]) == (
        first,
        "Acme Québec",
        "factures@acme.example",
    )
    page = buyer.sessions()[0]
    assert (page["customer"], page["status"]) == (first, "open")


def test_a_customer_deleted_in_the_dashboard_is_made_anew(buyer):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    gone = buyer.order.company.stripe_customer_id
    gateway.call(gateway.client().customers.delete, gone)
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert buyer.order.company.stripe_customer_id != gone


def test_a_customer_that_goes_while_the_page_is_asked_for_is_made_anew(buyer, monkeypatch):
    buyer.check_out()
    gateway.expire_session(buyer.session_id)
    company = db.session.get_one(Company, buyer.cast.acme.id)
    company.stripe_customer_id = "cus_gone"
    db.session.commit()
    with monkeypatch.context() as patch:
        # It was there a moment ago.
        patch.setattr(gateway, "_follow", lambda *_: patch.undo() or True)
        assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))
    assert buyer.order.company.stripe_customer_id.startswith("cus_")
    assert buyer.order.company.stripe_customer_id != "cus_gone"


def test_the_confirmed_dollars_are_charged_and_a_bank_debit_has_its_mandate(buyer):
    buyer.check_out()
    page = buyer.sessions()[0]
    assert page["adaptive_pricing"] == {"enabled": False}
    assert page["payment_method_types"] == ["card", "acss_debit"]
    assert page["payment_method_options"]["acss_debit"]["mandate_options"] == {
        "payment_schedule": "sporadic",
        "transaction_type": "business",
    }


def test_the_payment_page_says_the_vendors_name_not_that_of_the_account(buyer):
    vendor.current().name = "Logiciels d’été"
    db.session.commit()
    buyer.check_out()
    assert buyer.sessions()[0]["branding_settings"]["display_name"] == "Logiciels d’été"


def test_a_payment_page_that_browsers_will_not_open_is_in_the_log(buyer, app, caplog):
    app.config["PAYMENT_PAGE_ORIGIN"] = "https://checkout.stripe.com"
    buyer.check_out()
    assert "set PAYMENT_PAGE_ORIGIN" in caplog.text


def test_what_stripe_says_of_an_address_is_not_in_the_log(buyer, caplog):
    caplog.set_level(logging.DEBUG)
    db.session.get_one(Company, buyer.cast.acme.id).billing_email = "nobody at all"
    db.session.commit()
    with pytest.raises(Refused, match="payment_setup"):
        buyer.check_out()
    assert "param=email" in caplog.text
    assert "nobody at all" not in caplog.text


# --- Other pages of an order --------------------------------------------------------------------------------------------


def _second_page(buyer, monkeypatch):
    """The addresses of two open pages of one order; the desk has forgotten the first, as after a crash."""
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "keep", lambda *_: True)
        first = buyer.check_out()
    buyer.order.language = "en"
    db.session.commit()
    return first, checkout.pay(buyer.order, buyer.actor)


@pytest.mark.parametrize("means", ["card", "debit"])
def test_a_page_of_the_order_that_is_still_open_cannot_be_paid_after_another_was(buyer, monkeypatch, means):
    first, second = _second_page(buyer, monkeypatch)
    pay = buyer.sandbox.pay if means == "card" else buyer.sandbox.pay_by_debit
    assert pay(second)
    outcome = settlement.fulfil(buyer.session_id)
    assert outcome == (Outcome.FULFILLED if means == "card" else Outcome.PROCESSING)
    assert buyer.sandbox.pay(first) is None
    assert sorted(row.state for row in db.session.scalars(db.select(Payment))) == sorted(
        ["expired", "paid" if means == "card" else "processing"]
    )


def test_a_page_that_could_not_be_closed_is_closed_the_next_time(buyer, monkeypatch):
    first = buyer.check_out()
    order = db.session.get_one(Order, buyer.order.id)
    order.attempt, order.stripe_session_id = 2, None
    db.session.commit()
    assert buyer.sandbox.pay(checkout.pay(buyer.order, buyer.actor))

    def away(*_):
        raise gateway.Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "open_sessions", away)
        assert settlement.fulfil(buyer.session_id) == Outcome.FULFILLED
    assert settlement.fulfil(buyer.session_id) == Outcome.ALREADY
    assert buyer.sandbox.pay(first) is None


def test_cancelling_an_order_closes_the_pages_of_its_earlier_attempts_too(buyer):
    first = buyer.check_out()
    order = db.session.get_one(Order, buyer.order.id)
    order.attempt, order.stripe_session_id = 2, None
    db.session.commit()
    checkout.pay(buyer.order, buyer.actor)
    checkout.cancel(buyer.order, buyer.actor)
    assert {session["status"] for session in buyer.sessions()} == {"expired"}
    assert buyer.sandbox.pay(first) is None


def test_another_orders_page_stays_open(buyer):
    url = buyer.check_out()
    other = make_order(buyer.cast.alice, buyer.cast.pro)
    theirs = checkout.pay(other, buyer.actor)
    assert buyer.sandbox.pay(theirs)
    session = db.session.get_one(Order, other.id).stripe_session_id
    assert settlement.fulfil(session) == Outcome.FULFILLED
    assert buyer.sandbox.pay(url)


def test_a_page_that_stripe_does_not_let_us_close_is_not_taken_for_closed(buyer):
    buyer.check_out()
    buyer.sandbox.settings(lacks="rak_checkout_session_write")
    with pytest.raises(Refused, match="payment_setup"):
        checkout.cancel(buyer.order, buyer.actor)
    assert (buyer.order.state, buyer.sessions()[0]["status"]) == (OrderState.PENDING, "open")


# --- Time -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _deaf():
    """The address of a server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.one_database
@pytest.mark.parametrize("fault", ["deaf", "slow", "refused", "no such name"])
def test_a_call_that_fails_takes_no_longer_than_was_promised(buyer, app, monkeypatch, fault):
    app.config["STRIPE_TIMEOUT"] = 1.5
    with contextlib.ExitStack() as stack:
        if fault == "slow":
            buyer.sandbox.settings(delay_ms=1200, fail_next=9)
        elif fault == "no such name":
            # A resolver that does not answer: no timeout of a socket counts while it is asked.
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(5))
        else:
            deaf = stack.enter_context(_deaf()) if fault == "deaf" else "http://127.0.0.1:9"
            app.config["STRIPE_API_BASE"] = deaf

        def call():
            begun = time.monotonic()
            with pytest.raises(Refused, match="payment_unavailable"):
                buyer.check_out()
            return time.monotonic() - begun

        assert best_of_three(call, 2.2) < 2.2


# --- Back from paying, while the database only reads --------------------------------------------------------------------


@contextlib.contextmanager
def only_reading():
    """A database that refuses to write, as a full disk or a standby does."""
    read_only = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}
    engine = db.engine

    def refuse(connection):
        connection.exec_driver_sql(read_only[engine.dialect.name])

    sa.event.listen(engine, "begin", refuse)
    try:
        yield
    finally:
        sa.event.remove(engine, "begin", refuse)
        engine.dispose()


def test_whoever_has_paid_while_the_database_refuses_to_write_reads_that_the_money_is_safe(buyer, client):
    url = buyer.check_out()
    session = buyer.session_id
    sign_in(client, buyer.cast.alice)
    db.session.rollback()
    back = f"/portal/orders/done?session_id={session}"
    with only_reading():
        unpaid = client.get(back)
        buyer.sandbox.pay(url)
        answer = client.get(back)
    assert "en sûreté" not in words(unpaid), "nobody has paid yet"
    assert answer.status_code == 503
    assert "Votre paiement est en sûreté" in words(answer)
    assert "Ne payez pas de nouveau" in words(answer)
    assert client.get(back, follow_redirects=True).status_code == 200
    assert buyer.delivered() == 5


def test_whoever_has_paid_and_finds_no_database_does_not_read_that_nothing_was_done(
    buyer, client, monkeypatch
):
    sign_in(client, buyer.cast.alice)
    db.session.rollback()

    def gone(*_, **__):
        raise sa.exc.OperationalError("SELECT", {}, ConnectionError("gone"))

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", gone)
    try:
        answer = client.get("/portal/orders/done?session_id=cs_1")
    finally:
        sa.event.remove(engine, "before_cursor_execute", gone)
    assert answer.status_code == 503
    assert "Ne payez pas de nouveau" in words(answer)
    assert "Rien n’a été" not in words(answer)


# --- What the key may do ------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_every_permission_that_the_desk_needs_is_found_missing(buyer, scope):
    asked = {
        "rak_charge_read",
        "rak_checkout_session_write",
        "rak_customer_write",
        "rak_dispute_read",
        "rak_payment_intent_read",
        "rak_webhook_read",
    }
    assert account.look().lacks == {}
    buyer.sandbox.settings(lacks=",".join(asked | {"rak_accounts_kyc_basic_read"}))
    found = account.look()
    assert set(found.lacks.values()) == asked
    assert (found.name, found.endpoints) == ("", None)
    buyer.sandbox.settings(lacks="")
    assert [buyer.sandbox.api(kind)["data"] for kind in ("customers", "checkout/sessions")] == [[], []]
