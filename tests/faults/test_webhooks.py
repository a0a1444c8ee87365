"""What Stripe tells, over HTTP: forged, stale, repeated, early, all at once, and while the database fails."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import threading
import time

import pytest
import requests

from models import OrderState, Outcome, StripeEvent, db, utcnow
from services.events import reconciliation
from services.payments import gateway, settlement
from tests.sandbox_process import SandboxProcess
from tests.together import lock_off

PATH = "/stripe/webhook"


def completed(buyer):
    """The completion event of a payment just made, and a body that Stripe would sign for it."""
    buyer.sandbox.pay(buyer.check_out())
    return buyer.sandbox.events("checkout.session.completed")[0]


def post(client, body, headers):
    return client.post(PATH, data=body, headers=headers, csrf=False)


def kept():
    db.session.rollback()
    return db.session.scalars(db.select(StripeEvent)).all()


def test_fault_10_the_tab_was_closed_and_the_webhook_alone_delivers(buyer, client):
    answer = post(client, *buyer.sandbox.signed(completed(buyer)))
    assert (answer.status_code, answer.json) == (200, {"outcome": "fulfilled"})
    assert (buyer.order.state, buyer.delivered(), buyer.mails("receipt")) == (OrderState.PAID, 5, 1)
    assert kept()[0].outcome == "fulfilled"


def test_the_same_event_again_is_taken_and_does_nothing(buyer, client):
    body, headers = buyer.sandbox.signed(completed(buyer))
    for _ in range(3):
        assert post(client, body, headers).status_code == 200
    assert (buyer.delivered(), len(kept())) == (5, 1)


@pytest.mark.parametrize("signature", [None, "", "t=1,v1=00", "nonsense", "t=abc,v1=é", "v1=" + "0" * 64])
def test_fault_13_a_bad_or_missing_signature_is_refused_and_nothing_is_stored(buyer, client, signature):
    body, headers = buyer.sandbox.signed(completed(buyer))
    headers = {name: value for name, value in headers.items() if name != "Stripe-Signature"}
    if signature is not None:
        headers["Stripe-Signature"] = signature.encode("latin-1").decode("latin-1")
    assert post(client, body, headers).status_code == 400
    assert (buyer.delivered(), kept()) == (0, [])


def test_fault_13_a_foreign_secret_or_an_altered_body_is_refused(buyer, client):
    event = completed(buyer)
    body, headers = buyer.sandbox.signed(event, secret="whsec_somebody_else")
    assert post(client, body, headers).status_code == 400
    body, headers = buyer.sandbox.signed(event)
    assert post(client, body.replace(b"paid", b"owed"), headers).status_code == 400
    assert kept() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b"{}", b'"text"', b'{"id": 1}', b"null"])
def test_fault_13_a_signed_body_that_is_no_event_is_refused(buyer, client, body):
    header = _sign(body, SandboxProcess.webhook_secret)
    assert post(client, body, header).status_code == 400
    assert kept() == []


def _sign(body, secret):
    at = int(time.time())
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={mac}", "Content-Type": "application/json"}


def _event(**changed):
    """An event of an object that is not ours, with some of it changed."""
    event = {
        "id": "evt_1",
        "type": "balance.available",
        "livemode": False,
        "created": 1_700_000_000,
        "data": {"object": {"id": "ba_1", "object": "balance"}},
    }
    return json.dumps(event | changed)


ABSURD = {
    "half a surrogate pair": _event(id="evt_\ud800"),
    "half a pair in its object": _event(data={"object": {"id": "\udfff"}}),
    "a NUL": _event(type="a\0b"),
    "an endless name": _event(id="evt_" + "x" * 300),
    "an endless type": _event(type="x" * 101),
    "a name that is a number": _event(id=1),
    "a name that is a list": _event(data={"object": {"id": ["ba_1"]}}),
    "an object that is a text": _event(data={"object": "ba_1"}),
    "no object": _event(data=None),
    "the year 10^30": _event(created=10**30),
    "a day before all days": _event(created=-(10**15)),
    "a day that is no number": _event(created="soon"),
    "no end": _event(created=float("inf")),
    "a number of ten thousand digits": _event().replace("1700000000", "9" * 10_000),
    "brackets a hundred thousand deep": _event(data={"object": {"id": "ba_1", "x": 0}}).replace(
        '"x": 0', '"x": ' + "[" * 100_000 + "]" * 100_000
    ),
}


@pytest.mark.parametrize("what", ABSURD)
def test_a_signed_event_that_is_absurd_is_refused_and_not_sent_again_for_days(buyer, client, app, what):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    body = ABSURD[what].encode()
    assert post(client, body, _sign(body, SandboxProcess.webhook_secret)).status_code == 400
    assert kept() == []


@pytest.mark.parametrize(
    ("age", "status"), [(290, 200), (310, 400), (-290, 200), (-310, 400), (-(10**8), 400)]
)
def test_fault_14_a_signature_of_more_than_five_minutes_ago_or_from_now_is_refused(
    buyer, client, age, status
):
    body, headers = buyer.sandbox.signed(completed(buyer), age=age)
    assert post(client, body, headers).status_code == status
    assert buyer.delivered() == (5 if status == 200 else 0)


def test_an_event_that_is_not_ours_is_taken_and_leaves_stripe_in_peace(buyer, client):
    event = completed(buyer)
    event["data"]["object"]["metadata"] = {}
    answer = post(client, *buyer.sandbox.signed(event))
    assert (answer.status_code, answer.json) == (200, {"outcome": "foreign"})
    assert buyer.delivered() == 0
    event["id"], event["type"] = "evt_other", "invoice.paid"
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "ignored"}


def test_ours_but_the_order_is_not_there_yet_asks_stripe_to_come_back(buyer, client):
    event = completed(buyer)
    order = buyer.order
    order.reference, kept_reference = "ELSE-WHERE", order.reference
    db.session.commit()
    body, headers = buyer.sandbox.signed(event)
    assert post(client, body, headers).status_code == 500
    assert kept()[0].handled_at is None
    order = buyer.order
    order.reference = kept_reference
    db.session.commit()
    assert post(client, body, headers).status_code == 200
    assert buyer.delivered() == 5


@pytest.mark.parametrize("kind", ["checkout.session.completed", "charge.refunded", "charge.dispute.created"])
def test_an_order_of_another_desk_on_the_same_account_is_left_to_it(buyer, client, app, kind):
    """A desk for trials beside the real one: Stripe sends the events of each to both."""
    buyer.sandbox.pay(buyer.check_out())
    charge = buyer.sandbox.api("charges")["data"][0]["id"]
    buyer.sandbox.refund(charge, "1")
    buyer.sandbox.contest(charge)
    buyer.order.reference = "ELSE-WHERE"
    db.session.commit()
    app.config["BASE_URL"] = "https://other.example"
    body, headers = buyer.sandbox.signed(buyer.sandbox.events(kind)[0])
    assert post(client, body, headers).json["outcome"] == "foreign"
    assert buyer.delivered() == 0


def test_an_order_that_does_not_come_in_three_days_is_waited_for_no_longer(buyer, client, time_machine):
    """It went with a database that was restored, say: asking Stripe about it in every run would have no end."""
    event = completed(buyer)
    buyer.order.reference = "ELSE-WHERE"
    db.session.commit()
    post(client, *buyer.sandbox.signed(event))
    time_machine.move_to(utcnow() + dt.timedelta(days=2, hours=23))
    assert reconciliation.reconcile()["events"] == 1
    assert kept()[0].handled_at is None
    time_machine.move_to(utcnow() + dt.timedelta(hours=2))
    reconciliation.reconcile()
    assert (kept()[0].outcome, buyer.delivered()) == ("foreign", 0)
    assert reconciliation.reconcile()["events"] == 0


def test_an_event_that_could_not_be_handled_is_picked_up_by_reconcile(buyer, client, time_machine):
    body, headers = buyer.sandbox.signed(completed(buyer))
    buyer.sandbox.settings(fail_next=100)
    assert post(client, body, headers).status_code == 500
    buyer.sandbox.settings(fail_next=0)
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile()["events"] == 1
    assert (buyer.delivered(), kept()[0].outcome) == (5, "already")


def test_money_for_an_order_that_nobody_waits_for_is_found_by_its_event_alone(buyer, client, time_machine):
    body, headers = buyer.sandbox.signed(completed(buyer))
    buyer.sandbox.settings(fail_next=100)
    assert post(client, body, headers).status_code == 500
    buyer.sandbox.settings(fail_next=0)
    order = buyer.order
    order.state = OrderState.CANCELLED
    db.session.commit()
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile() == {"orders": 0, "events": 1, "unsettled": 0}
    assert (buyer.delivered(), kept()[0].outcome) == (5, "fulfilled")


def test_a_declined_card_is_noted_from_its_event(buyer, client):
    buyer.sandbox.pay(buyer.check_out(), "4000000000000002")
    event = buyer.sandbox.events("payment_intent.payment_failed")[0]
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "declined"}
    assert buyer.order.declined_at


def test_a_declined_payment_that_no_page_of_ours_asked_for_is_foreign(buyer):
    assert settlement.note_decline("pi_of_another_shop") == Outcome.FOREIGN


def test_fault_17_a_database_error_in_mid_delivery_changes_nothing_and_the_retry_works(buyer, client):
    body, headers = buyer.sandbox.signed(completed(buyer))
    break_it, mend_it = BREAKERS[db.engine.dialect.name]
    for statement in break_it:
        db.session.execute(db.text(statement))
    db.session.commit()
    try:
        client.application.config["PROPAGATE_EXCEPTIONS"] = False
        assert post(client, body, headers).status_code == 500
        assert (buyer.order.state, buyer.delivered(), buyer.mails("receipt")) == (OrderState.PENDING, 0, 0)
    finally:
        db.session.rollback()
        for statement in mend_it:
            db.session.execute(db.text(statement))
        db.session.commit()
    assert post(client, body, headers).status_code == 200
    assert (buyer.order.state, buyer.delivered(), buyer.mails("receipt")) == (OrderState.PAID, 5, 1)


# Terms are the last rows of a delivery: the licences have been inserted by then.
BREAKERS = {
    "sqlite": (
        ["CREATE TRIGGER broken BEFORE INSERT ON terms BEGIN SELECT RAISE(ABORT, 'disk on fire'); END"],
        ["DROP TRIGGER broken"],
    ),
    "postgresql": (
        [
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'disk on fire'; END $$",
            "CREATE TRIGGER broken BEFORE INSERT ON terms FOR EACH ROW EXECUTE FUNCTION broken()",
        ],
        ["DROP TRIGGER broken ON terms", "DROP FUNCTION broken()"],
    ),
}


# --- Fault 12: everybody at once -----------------------------------------------------------------------------------

WEBHOOKS, PAGES = 40, 10


def _everybody_at_once(buyer, app, live_server, together, monkeypatch):
    """40 deliveries of the completion over HTTP, and 10 success pages' worth of `fulfil`, at the same moment.

    Whoever has read the paid session from Stripe waits for the others: the worst moment there is.
    """
    buyer.sandbox.settings(webhooks="off")
    body, headers = buyer.sandbox.signed(completed(buyer))
    monkeypatch.setitem(app.config, "STRIPE_TIMEOUT", 30)
    session_id = buyer.session_id
    everybody = threading.Barrier(WEBHOOKS + PAGES)
    fetch = gateway.fetch_session

    def fetch_and_wait(wanted):
        session = fetch(wanted)
        with contextlib.suppress(threading.BrokenBarrierError):
            everybody.wait(timeout=25)
        return session

    monkeypatch.setattr(gateway, "fetch_session", fetch_and_wait)

    def rival(number):
        if number < WEBHOOKS:
            answer = requests.post(live_server.url + PATH, data=body, headers=headers, timeout=60)
            return answer.status_code
        return settlement.fulfil(session_id)

    outcomes = together(WEBHOOKS + PAGES, rival)
    return (
        [outcome.error for outcome in outcomes if outcome.error],
        {outcome.value for outcome in outcomes[:WEBHOOKS]},
        {outcome.value for outcome in outcomes[WEBHOOKS:]},
    )


def test_fault_12_forty_webhooks_and_ten_success_pages_deliver_once(
    buyer, app, live_server, together, monkeypatch
):
    errors, webhooks, pages = _everybody_at_once(buyer, app, live_server, together, monkeypatch)
    assert errors == []
    assert webhooks == {200}
    assert pages <= {Outcome.FULFILLED, Outcome.ALREADY}
    assert (buyer.delivered(), buyer.mails("receipt")) == (5, 1)
    assert buyer.order.state == OrderState.PAID


def test_fault_12_without_the_lock_the_same_race_goes_wrong(buyer, app, live_server, together, monkeypatch):
    lock_off(monkeypatch)
    errors, webhooks, _ = _everybody_at_once(buyer, app, live_server, together, monkeypatch)
    went_well = errors == [] and webhooks == {200} and buyer.delivered() == 5
    assert not went_well, "the race test would not notice a missing lock"
