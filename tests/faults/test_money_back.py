"""Money that goes back at Stripe, before delivery and after it: nothing is delivered for nothing, nothing is forgotten."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import (
    CartItem,
    IssueKind,
    JournalEntry,
    License,
    Order,
    OrderIssue,
    OrderState,
    Outcome,
    StripeEvent,
    db,
    utcnow,
)
from services.buying import issues
from services.events import reconciliation
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.payments import checkout, desks, settlement
from tests.factories import make_issue, make_order
from tests.faults.test_webhooks import post

WON, LOST = True, False


@pytest.fixture
def paid(buyer):
    """An order whose payment went through, and of which the desk has heard nothing yet."""
    buyer.sandbox.pay(buyer.check_out())
    return buyer


def charge_of(buyer):
    return buyer.sandbox.api("charges")["data"][0]["id"]


def deliver(buyer, client, *types):
    """Post the events of these types; returns what came of each."""
    return [
        post(client, *buyer.sandbox.signed(event)).json["outcome"] for event in buyer.sandbox.events(*types)
    ]


def all_issues():
    db.session.rollback()
    return [
        (row.kind, row.is_open) for row in db.session.scalars(db.select(OrderIssue).order_by(OrderIssue.id))
    ]


def open_of(order):
    return {issue.kind for issue in issues.of_order(order) if issue.is_open}


# --- Before delivery --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", ["refund", "contest"])
@pytest.mark.parametrize("first", ["checkout.session.completed", "back"])
def test_fault_18_what_went_back_before_delivery_delivers_nothing_in_whatever_order_it_is_told(
    paid, client, back, first
):
    getattr(paid.sandbox, back)(charge_of(paid))
    told = {"refund": "charge.refunded", "contest": "charge.dispute.created"}[back]
    order = ["checkout.session.completed", told]
    for kind in order if first == order[0] else order[::-1]:
        deliver(paid, client, kind)
    assert (paid.order.state, paid.delivered()) == (OrderState.WITHHELD, 0)
    assert (paid.issues(), paid.mails("staff_alert"), paid.mails("receipt")) == ([IssueKind.WITHHELD], 1, 0)
    assert db.session.scalars(db.select(CartItem)).one().quantity == 5
    assert settlement.fulfil(paid.session_id) == Outcome.ALREADY
    with pytest.raises(Refused, match="not_waiting"):
        checkout.pay(paid.order, paid.actor)
    with pytest.raises(Refused, match="not_waiting"):
        checkout.cancel(paid.order, paid.actor)
    # The cart can be ordered again.
    assert paid.check_out()


def test_fault_18_part_of_a_payment_that_went_back_delivers_all_and_tells_staff(paid, client):
    paid.sandbox.refund(charge_of(paid), "100,00")
    assert deliver(paid, client, "charge.refunded") == ["refunded"]
    assert (paid.order.state, paid.delivered()) == (OrderState.PAID, 5)
    assert paid.issues() == [IssueKind.REFUNDED]


def test_a_part_that_went_back_is_told_once_though_its_event_is_lost_or_late(paid, client):
    paid.sandbox.refund(charge_of(paid), "100,00")
    assert settlement.fulfil(paid.session_id) == Outcome.FULFILLED
    assert all_issues() == [(IssueKind.REFUNDED, True)]
    deliver(paid, client, "charge.refunded")
    assert all_issues() == [(IssueKind.REFUNDED, True)]


def test_a_contested_payment_is_delivered_when_the_bank_decides_for_the_vendor(paid, client):
    paid.sandbox.contest(charge_of(paid))
    deliver(paid, client, "checkout.session.completed")
    paid.sandbox.decide(charge_of(paid), won=LOST)
    assert deliver(paid, client, "charge.dispute.closed") == ["dispute_ended"]
    assert (paid.order.state, paid.delivered()) == (OrderState.WITHHELD, 0)
    paid.sandbox.contest(charge_of(paid))
    paid.sandbox.decide(charge_of(paid), won=WON)
    # The other one was lost, and still is.
    assert settlement.fulfil(paid.session_id) == Outcome.ALREADY
    assert paid.delivered() == 0


def test_a_payment_whose_only_dispute_is_won_is_delivered_once(paid, client):
    paid.sandbox.contest(charge_of(paid))
    deliver(paid, client, "checkout.session.completed")
    assert paid.delivered() == 0
    paid.sandbox.decide(charge_of(paid), won=WON)
    assert deliver(paid, client, "charge.dispute.closed", "charge.dispute.funds_reinstated") == [
        "dispute_ended",
        "dispute_ended",
    ]
    assert (paid.order.state, paid.delivered(), paid.mails("receipt")) == (OrderState.PAID, 5, 1)
    assert db.session.scalars(db.select(CartItem)).all() == []


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.EXPIRED])
def test_what_was_given_up_and_went_back_stays_given_up_and_is_told_once(paid, state):
    paid.order.state = state
    db.session.commit()
    paid.sandbox.refund(charge_of(paid))
    for _ in range(2):
        assert settlement.fulfil(paid.session_id) == Outcome.WITHHELD
    assert (paid.order.state, paid.delivered(), paid.issues()) == (state, 0, [IssueKind.WITHHELD])


def test_a_cancelled_order_whose_dispute_is_won_is_delivered_and_the_cart_is_kept(paid, client):
    """As one that is paid after it was cancelled: whoever cancelled it may have bought again from that cart."""
    paid.order.state = OrderState.CANCELLED
    db.session.commit()
    lines = len(db.session.scalars(db.select(CartItem)).all())
    paid.sandbox.contest(charge_of(paid))
    deliver(paid, client, "checkout.session.completed", "charge.dispute.created")
    assert (paid.order.state, paid.issues()) == (OrderState.CANCELLED, [IssueKind.WITHHELD])
    paid.sandbox.decide(charge_of(paid), won=WON)
    deliver(paid, client, "charge.dispute.closed")
    assert (paid.order.state, paid.delivered()) == (OrderState.PAID, 5)
    assert len(db.session.scalars(db.select(CartItem)).all()) == lines > 0
    still_open = {issue.kind for issue in paid.order.open_issues}
    assert still_open == {IssueKind.PAID_AFTER_END, IssueKind.DISPUTE_ENDED}


# --- After delivery ---------------------------------------------------------------------------------------------------


def test_a_refund_after_delivery_is_told_and_changes_nothing_else(paid, client):
    settlement.fulfil(paid.session_id)
    paid.sandbox.refund(charge_of(paid), "1")
    event = paid.sandbox.events("charge.refunded")[0]
    for _ in range(3):
        assert post(client, *paid.sandbox.signed(event)).json == {"outcome": "refunded"}
    assert (paid.order.state, paid.order.refunded, paid.delivered()) == (OrderState.PAID, 0, 5)
    assert (all_issues(), paid.mails("staff_alert")) == ([(IssueKind.REFUNDED, True)], 1)
    assert {license.status for license in db.session.scalars(db.select(License))} == {"active"}


def test_a_refund_that_comes_after_its_issue_was_closed_opens_another(paid, client):
    settlement.fulfil(paid.session_id)
    for amount in ("1", "2"):
        paid.sandbox.refund(charge_of(paid), amount)
        deliver(paid, client, "charge.refunded")
        (issue,) = paid.order.open_issues
        issues.close(issue, reason="goodwill", by=Actor.of(paid.cast.sam))
    # Both events again: they were told, and dealt with.
    deliver(paid, client, "charge.refunded")
    assert all_issues() == [(IssueKind.REFUNDED, False)] * 2


def test_a_further_refund_is_told_while_the_first_one_is_open(paid, client):
    settlement.fulfil(paid.session_id)
    for amount in ("1", "2"):
        paid.sandbox.refund(charge_of(paid), amount)
        deliver(paid, client, "charge.refunded")
    assert (all_issues(), paid.mails("staff_alert")) == ([(IssueKind.REFUNDED, True)] * 2, 2)


def test_a_dispute_is_one_issue_until_the_bank_has_decided(paid, client):
    settlement.fulfil(paid.session_id)
    paid.sandbox.contest(charge_of(paid))
    kinds = ("charge.dispute.created", "charge.dispute.funds_withdrawn")
    assert deliver(paid, client, *kinds) == ["disputed"] * 2
    assert (all_issues(), paid.order.state, paid.delivered()) == (
        [(IssueKind.DISPUTED, True)],
        OrderState.PAID,
        5,
    )
    issues.close(paid.order.open_issues[0], reason="answered", by=Actor.of(paid.cast.sam))
    # The same again, after it was dealt with.
    deliver(paid, client, *kinds)
    assert all_issues() == [(IssueKind.DISPUTED, False)]
    paid.sandbox.decide(charge_of(paid), won=LOST)
    deliver(paid, client, "charge.dispute.closed")
    assert all_issues() == [(IssueKind.DISPUTED, False), (IssueKind.DISPUTE_ENDED, True)]


def test_an_older_event_of_a_dispute_that_is_decided_says_so(paid, client):
    settlement.fulfil(paid.session_id)
    paid.sandbox.contest(charge_of(paid))
    paid.sandbox.decide(charge_of(paid), won=WON)
    assert deliver(paid, client, "charge.dispute.created") == ["dispute_ended"]
    assert all_issues() == [(IssueKind.DISPUTE_ENDED, True)]


def test_fault_22_a_second_payment_is_a_row_and_an_issue_and_its_refund_another(paid, client, monkeypatch):
    settlement.fulfil(paid.session_id)
    first = paid.session_id
    order = paid.order
    order.attempt, order.stripe_session_id = 2, None
    order.state, order.paid_at = OrderState.PENDING, None
    db.session.commit()
    second = checkout.open_page(order.company_id, order.id)
    order = paid.order
    order.state, order.paid_at, order.stripe_session_id = OrderState.PAID, utcnow(), first
    db.session.commit()
    paid.sandbox.pay(second)
    assert deliver(paid, client, "checkout.session.completed")[-1] == "paid_twice"
    assert (paid.delivered(), paid.issues()) == (5, [IssueKind.PAID_TWICE])
    paid.sandbox.refund(charge_of(paid))
    assert deliver(paid, client, "charge.refunded") == ["refunded"]
    assert (paid.delivered(), paid.issues()) == (5, [IssueKind.PAID_TWICE, IssueKind.REFUNDED])


def test_what_is_told_or_settled_of_one_order_is_of_no_other(paid, client):
    settlement.fulfil(paid.session_id)
    order = paid.order
    other = make_order(paid.cast.alice, paid.cast.pro)
    make_issue(other, IssueKind.PAYMENT_SETUP)
    make_issue(other, IssueKind.DISPUTED, stripe_id="dp_1")
    with company_lock(order.company_id) as turn:
        mine = db.session.get_one(Order, order.id)
        issues.open_issue(turn, mine, IssueKind.PAYMENT_SETUP)
        issues.open_issue(turn, mine, IssueKind.DISPUTED, about="dp_1")
        issues.settle(turn, mine, IssueKind.PAYMENT_SETUP)
    sam = Actor.of(paid.cast.sam)
    issues.close(issues.of_order(order)[0], reason="answered", by=sam)
    with company_lock(order.company_id) as turn:
        issues.settle(turn, db.session.get_one(Order, order.id), IssueKind.DISPUTED)
    closed = {issue.kind: issue.reason for issue in issues.of_order(order)}
    assert closed == {IssueKind.PAYMENT_SETUP: "", IssueKind.DISPUTED: "answered"}
    with company_lock(order.company_id) as turn:
        issues.open_issue(turn, db.session.get_one(Order, order.id), IssueKind.DISPUTED, about="dp_1")
    assert open_of(order) == {IssueKind.DISPUTED}
    assert open_of(other) == {IssueKind.PAYMENT_SETUP, IssueKind.DISPUTED}
    assert len(issues.of_order(other)) == 2


def test_another_shops_refunds_and_disputes_are_not_ours(paid, client, monkeypatch):
    monkeypatch.setattr(desks, "REFERENCE", "other_reference")
    paid.sandbox.refund(charge_of(paid), "1")
    paid.sandbox.contest(charge_of(paid))
    told = deliver(paid, client, "charge.refunded", "charge.dispute.created")
    assert (told, paid.order.state, all_issues()) == (["foreign"] * 2, OrderState.PENDING, [])


def test_a_refund_that_cannot_be_looked_at_now_is_looked_at_later(paid, client, time_machine):
    settlement.fulfil(paid.session_id)
    paid.sandbox.refund(charge_of(paid))
    event = paid.sandbox.events("charge.refunded")[0]
    paid.sandbox.settings(fail_next=9)
    assert post(client, *paid.sandbox.signed(event)).status_code == 500
    paid.sandbox.settings(fail_next=0)
    assert all_issues() == []
    time_machine.move_to(utcnow() + dt.timedelta(minutes=5))
    assert reconciliation.reconcile() == {"orders": 0, "events": 1, "unsettled": 0}
    assert all_issues() == [(IssueKind.REFUNDED, True)]
    assert db.session.get(StripeEvent, event["id"]).outcome == "refunded"


# --- Closing ----------------------------------------------------------------------------------------------------------


def test_an_issue_is_closed_once_with_a_reason_that_stays(paid):
    settlement.fulfil(paid.session_id)
    order = paid.order
    order.state = OrderState.CANCELLED
    db.session.commit()
    sam = Actor.of(paid.cast.sam)

    issue = make_issue(paid.order, "paid_after_end")
    for nothing in ("", "   "):
        with pytest.raises(Refused, match="empty"):
            issues.close(issue, reason=nothing, by=sam)
    for bad, code in (("x" * 501, "too_long"), ("a\0b", "bad_text")):
        with pytest.raises(Refused, match=code):
            issues.close(issue, reason=bad, by=sam)
    issues.close(issue, reason=" Gardées, le client les veut. ", by=sam)
    with pytest.raises(Refused, match="issue_closed") as refused:
        issues.close(issue, reason="again", by=sam)
    assert "Gardées, le client les veut." in refused.value.sentence
    db.session.rollback()
    assert (issue.reason, issue.closed_by_id) == ("Gardées, le client les veut.", paid.cast.sam.id)
    (entry,) = db.session.scalars(db.select(JournalEntry).filter_by(verb="issue_closed"))
    assert (entry.actor_id, entry.subject_id, entry.after) == (
        paid.cast.sam.id,
        order.id,
        {"issue": "paid_after_end"},
    )


def test_of_two_who_close_an_issue_at_once_one_reads_who_did(paid, app, together):

    settlement.fulfil(paid.session_id)
    issue_id, sam = make_issue(paid.order, "refunded").id, Actor.of(paid.cast.sam)

    def close(number):
        issues.close(db.session.get_one(OrderIssue, issue_id), reason=f"by {number}", by=sam)

    db.session.rollback()
    outcomes = together(2, close)
    db.session.rollback()
    assert sorted(getattr(outcome.error, "code", "") for outcome in outcomes) == ["", "issue_closed"]
    assert len(db.session.scalars(db.select(JournalEntry).filter_by(verb="issue_closed")).all()) == 1
