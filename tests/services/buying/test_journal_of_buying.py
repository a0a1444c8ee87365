"""What the journal keeps of a purchase: each change once, with what was before and after, and by whom."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import JournalEntry, OrderState, StripeEvent, db, utcnow
from services.buying import cart, issues, orders, quotes
from services.events import reconciliation
from services.events.reconciliation import Try
from services.foundation.transaction import company_lock
from services.payments import attempts, checkout, gateway, settlement
from services.payments.sessions import Page, Session
from tests.factories import make_issue, make_order


def entries(*verbs):
    db.session.rollback()
    found = db.session.scalars(db.select(JournalEntry).order_by(JournalEntry.id)).all()
    return [entry for entry in found if not verbs or entry.verb in verbs]


def told(*verbs):
    return [(entry.verb, entry.before, entry.after, entry.actor_id) for entry in entries(*verbs)]


def test_every_change_of_the_cart_is_written_down_with_its_plan(cast):
    by = Actor.of(cast.alice)
    item = cart.add(cast.acme.id, cast.pro, 2, by)
    cart.add(cast.acme.id, cast.pro, 3, Actor.of(cast.erin))
    cart.change_quantity(item, 4, by, seen=item.quantity)
    cart.change_quantity(item, 4, by, seen=item.quantity)
    cart.remove(item, by, seen=item.quantity)
    alice, erin = cast.alice.id, cast.erin.id
    assert told() == [
        ("cart_changed", {"quantity": 0}, {"quantity": 2}, alice),
        ("cart_changed", {"quantity": 2}, {"quantity": 5}, erin),
        ("cart_changed", {"quantity": 5}, {"quantity": 4}, alice),
        ("cart_changed", {"quantity": 4}, {"quantity": 0}, alice),
    ]
    assert {entry.related["plan"] for entry in entries()} == {cast.pro.id}
    assert {entry.company_id for entry in entries()} == {cast.acme.id}


def test_every_move_of_an_order_is_written_down_and_a_forbidden_one_is_not_made(cast):
    order = make_order(cast.alice, cast.pro)
    by = Actor.of(cast.sam)
    with company_lock(cast.acme.id) as turn:
        assert orders.move(turn, order, OrderState.PROCESSING, "payment_started", by=by)
        assert not orders.move(turn, order, OrderState.CANCELLED, "order_cancelled", by=by)
        assert orders.move(turn, order, OrderState.FAILED, "payment_failed", by=by)
        assert orders.move(turn, order, OrderState.PENDING, "payment_retried", by=by)
    total = order.total
    assert told() == [
        (
            "payment_started",
            {"state": "pending"},
            {"state": "processing", "total": total},
            cast.sam.id,
        ),
        (
            "payment_failed",
            {"state": "processing"},
            {"state": "failed", "total": total},
            cast.sam.id,
        ),
        (
            "payment_retried",
            {"state": "failed"},
            {"state": "pending", "total": total},
            cast.sam.id,
        ),
    ]
    assert {entry.on_behalf_of_id for entry in entries()} == {cast.acme.id}


def test_a_declined_card_is_dated_each_time_and_written_down_once(cast, time_machine):
    order, start = make_order(cast.alice, cast.pro), utcnow()
    for minutes in range(2):
        time_machine.move_to(start + dt.timedelta(minutes=minutes))
        with company_lock(cast.acme.id) as turn:
            orders.decline(turn, order)
            assert order.declined_at == turn.now
    assert told("card_declined") == [("card_declined", {}, {}, None)]


def test_a_whole_purchase_reads_as_it_happened(buyer_of, sandbox):
    buyer = buyer_of
    url = checkout.check_out(**buyer.confirmed, by=buyer.by)
    sandbox.pay(url)
    settlement.fulfil(buyer.session_id)
    assert [entry.verb for entry in entries()] == ["cart_changed", "order_placed", "order_fulfilled"]
    placed, fulfilled = entries("order_placed", "order_fulfilled")
    assert (placed.before, placed.after) == ({}, {"state": "pending", "total": 57_488})
    assert (fulfilled.before, fulfilled.after["state"]) == ({"state": "pending"}, "paid")
    assert (placed.actor_id, fulfilled.actor_id) == (buyer.by.user_id, None)


@pytest.fixture
def buyer_of(cast):
    """Alice with five Avancé in the cart."""

    class Buyer:
        by = Actor.of(cast.alice)

        def __init__(self):
            cart.add(cast.acme.id, cast.avance, 5, self.by)

        @property
        def confirmed(self):
            fingerprint = quotes.quote(cast.acme).fingerprint
            return {
                "company_id": cast.acme.id,
                "fingerprint": fingerprint,
                "accepted": True,
                "language": "fr",
            }

        @property
        def session_id(self):
            db.session.rollback()
            return db.session.scalars(db.select(orders.Order.stripe_session_id)).one()

    return Buyer()


# --- Attempts and reconciling ---------------------------------------------------------------------------------------


def test_a_rival_who_was_faster_keeps_the_number_that_they_took(cast):
    order = make_order(cast.alice, cast.pro, stripe_session_id="cs_1")
    ids = (cast.acme.id, order.id)
    attempts.take_next(*ids, after=1)
    assert (order.attempt, order.stripe_session_id) == (2, None)
    attempts.take_next(*ids, after=1)
    assert order.attempt == 2


def test_only_the_customer_that_stripe_no_longer_knows_is_forgotten(cast):
    order = make_order(cast.alice, cast.pro)
    cast.acme.stripe_customer_id = "cus_new"
    db.session.commit()
    attempts.take_next(cast.acme.id, order.id, after=1, gone="cus_old")
    assert cast.acme.stripe_customer_id == "cus_new"
    attempts.take_next(cast.acme.id, order.id, after=2, gone="cus_new")
    assert cast.acme.stripe_customer_id is None


def page(attempt=1, customer="cus_1"):
    session = Session("cs_1", "open", "unpaid", "https://pay", None, 0, "CAD", False, None, None, None)
    return Page(session, attempt, customer)


def test_a_page_is_kept_with_its_customer_for_an_order_that_waits_for_it(cast):
    order = make_order(cast.alice, cast.pro)
    ids = (cast.acme.id, order.id)
    assert attempts.keep(*ids, page())
    assert (order.stripe_session_id, cast.acme.stripe_customer_id) == ("cs_1", "cus_1")
    assert attempts.keep(*ids, page(customer="cus_2"))
    # The first one was deleted at Stripe, say.
    assert cast.acme.stripe_customer_id == "cus_2"
    assert not attempts.keep(*ids, page(attempt=2, customer="cus_3"))
    assert cast.acme.stripe_customer_id == "cus_2"
    order.state = OrderState.CANCELLED
    db.session.commit()
    assert not attempts.keep(*ids, page())


def test_a_page_that_opens_settles_that_it_did_not_and_nothing_else(cast):
    order = make_order(cast.alice, cast.pro, issue="payment_setup")
    make_issue(order, "paid_after_end")
    assert not attempts.keep(cast.acme.id, order.id, page(attempt=2))
    assert len(issues.of_order(order)) == 2
    assert attempts.keep(cast.acme.id, order.id, page())
    still, settled = issues.of_order(order)
    assert (still.kind, still.is_open) == ("paid_after_end", True)
    assert (settled.kind, settled.reason, settled.closed_by_id) == ("payment_setup", "", None)
    assert told("issue_closed") == [("issue_closed", {}, {"issue": "payment_setup"}, None)]


@pytest.mark.parametrize(("seconds", "asked"), [(119, 0), (120, 0), (121, 1)])
def test_what_is_two_minutes_old_is_asked_about_and_nothing_younger(
    cast, time_machine, monkeypatch, seconds, asked
):
    now = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
    make_order(cast.alice, cast.pro, placed_at=now, stripe_session_id="cs_1")
    make_order(cast.alice, cast.pro, placed_at=now)
    for key, handled_at in (("evt_1", None), ("evt_2", now)):
        db.session.add(
            StripeEvent(
                id=key,
                type="t",
                object_id="o",
                livemode=False,
                created_at=now,
                received_at=now,
                handled_at=handled_at,
            )
        )
    db.session.commit()
    time_machine.move_to(now + dt.timedelta(seconds=seconds), tick=False)
    monkeypatch.setattr(reconciliation, "try_all", len)
    assert reconciliation.reconcile() == {"orders": asked, "events": asked, "unsettled": 2 * asked}
    assert utcnow() == now + dt.timedelta(seconds=seconds)


def test_the_oldest_order_is_asked_about_first(cast, monkeypatch):
    for minutes in (5, 9, 7):
        at = utcnow() - dt.timedelta(minutes=minutes)
        make_order(cast.alice, cast.pro, placed_at=at, stripe_session_id=f"cs_{minutes}")
    asked = []
    monkeypatch.setattr(reconciliation, "try_all", lambda tries: asked.extend(one.name for one in tries) or 0)
    reconciliation.reconcile()
    assert asked == ["session cs_9", "session cs_7", "session cs_5"]


def test_three_silences_in_a_row_and_no_fewer_end_the_asking(app):
    def silent():
        raise gateway.Unavailable

    def wrong():
        raise gateway.NotFound

    def later():
        asked.append(1)

    def answer():
        return None

    def tries(*verbs):
        return [Try(str(number), verb) for number, verb in enumerate(verbs)]

    asked = []
    with app.app_context():
        assert reconciliation.try_all(tries(silent, silent, wrong, silent, silent, answer)) == 5
        assert reconciliation.try_all(tries(silent, silent, silent, later, later, later, later)) == 7
        assert asked == []
        # An answer in between: the two after it are not three.
        assert reconciliation.try_all(tries(answer, silent, silent, later)) == 2
        assert asked == [1]
