"""What a payment does to its order: read the session from Stripe, then move the order and deliver what was paid.

The webhook, the success page and `flask reconcile` all end in `fulfil`, which reads the session from Stripe and
moves the order under the company's lock: a second call finds it moved and does nothing.
"""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa

from access import SYSTEM
from models import IssueKind, JournalVerb, Order, OrderState, Outcome, db
from services.buying import delivery, issues, orders
from services.foundation.transaction import CompanyTurn, company_lock
from services.mail import letters
from services.payments import gateway, records
from services.payments.sessions import Session

log = logging.getLogger(__name__)


# By how much Stripe's clock may be behind ours.
CLOCKS_DIFFER = dt.timedelta(minutes=10)


class UnknownOrder(Exception):
    """The session names an order that is not in the database (yet): Stripe should send the event again later."""


def fulfil(session_id: str) -> Outcome:
    """Read a session and move its order to match; deliver it, once, when it is paid, and close its other pages.

    Raises:
        UnknownOrder: its order does not exist, or is not visible in this scope.
        gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    session = gateway.fetch_session(session_id)
    if (found := ids(session)) is None:
        return Outcome.FOREIGN
    company_id, order_id = found
    with company_lock(company_id) as turn:
        outcome = apply(turn, db.session.get_one(Order, order_id), session)
    if outcome in {Outcome.FULFILLED, Outcome.PROCESSING, Outcome.ALREADY}:
        _close_others(company_id, order_id, session, ask=outcome != Outcome.ALREADY)
    return outcome


def _close_others(company_id: int, order_id: int, session: Session, *, ask: bool) -> None:
    """Close the pages on which an order that needs no payment any more could be paid again.

    What stands in the way is not the buyer's matter: a page that stays open expires within a day, and a second payment
    on it is put before staff.

    Args:
        ask: Whether Stripe is asked for pages too that are not on record here.
    """
    order = db.session.get_one(Order, order_id)
    if not (order.is_delivered or order.state == OrderState.PROCESSING):
        return
    others = set(records.open_sessions(order))
    try:
        if ask:
            others |= set(gateway.open_sessions(order.reference, order.placed_at - CLOCKS_DIFFER))
        for other in others - {session.id}:
            gateway.close_session(other)
            seen = gateway.find_session(other)
            with company_lock(company_id) as turn:
                if seen is not None:
                    apply(turn, db.session.get_one(Order, order_id), seen)
    except (gateway.Unavailable, gateway.Rejected) as error:
        log.warning("other pages of an order stay open: %s", type(error).__name__)


def give_up(order_id: int, session_id: str) -> None:
    """Wait no more for a session that Stripe does not know (any more).

    An order that is still in the cart expires; one that has left it can be paid anew. A bank debit that was under way may
    have taken money: staff look at it before anybody pays again.
    """
    company_id = db.session.get_one(Order, order_id).company_id
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        if order.stripe_session_id != session_id:
            return
        records.lose(session_id)
        if order.state == OrderState.PROCESSING:
            orders.move(turn, order, OrderState.FAILED, JournalVerb.PAYMENT_FAILED, by=SYSTEM)
            issues.open_issue(turn, order, IssueKind.LOST, about=order.stripe_payment_intent_id or "")
        elif order.state == OrderState.PENDING and order.has_left_cart:
            order.attempt, order.stripe_session_id = order.attempt + 1, None
        else:
            orders.move(turn, order, OrderState.EXPIRED, JournalVerb.ORDER_EXPIRED, by=SYSTEM)


def note_decline(payment_intent_id: str) -> Outcome:
    """Note on the order that a card was declined; its payment page stays open.

    Raises:
        UnknownOrder, gateway.Unavailable, gateway.Rejected
    """
    session = gateway.session_of_payment(payment_intent_id)
    if session is None or (found := ids(session)) is None:
        return Outcome.FOREIGN
    if not session.is_open:
        return fulfil(session.id)
    company_id, order_id = found
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        if order.state == OrderState.PENDING:
            orders.decline(turn, order)
    return Outcome.DECLINED


def ids(session: Session) -> tuple[int, int] | None:
    """(company id, order id) of a session's order; None when another desk or another shop made it.

    Raises:
        UnknownOrder: this desk made the session, so its order must be somewhere.
    """
    if session.reference is None:
        return None
    found = db.session.execute(
        sa.select(Order.company_id, Order.id).where(Order.reference == session.reference)
    ).first()
    if found is None:
        raise UnknownOrder(session.reference)
    return found.company_id, found.id


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def apply(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """Move the order to match the session; deliver it, once, when it is paid."""
    records.keep(turn, order, session)
    if session.is_paid:
        return _paid(turn, order, session)
    if session.has_failed:
        return _failed(turn, order, session)
    if session.is_complete:
        return _processing(turn, order, session)
    if session.status == "expired":
        return _expired(turn, order, session)
    return Outcome.OPEN


def _paid(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """Deliver the order once, if the mode (live or test), the amount and the currency of the payment are right."""
    if order.is_delivered:
        if session.id == order.stripe_session_id or session.is_given_back:
            return Outcome.ALREADY
        return _refer(turn, order, session, Outcome.PAID_TWICE)
    if session.livemode != gateway.is_live():
        return _refer(turn, order, session, Outcome.WRONG_MODE)
    if (session.amount, session.currency) != (order.total, order.currency):
        return _refer(turn, order, session, Outcome.WRONG_AMOUNT)
    if session.is_given_back:
        return _withhold(turn, order, session)
    ended = order.is_given_up
    # Whoever cancels keeps the cart, to change it or to buy again.
    if order.state != OrderState.CANCELLED and not order.has_left_cart:
        delivery.empty_cart(turn, order)
    _take(turn, order, session)
    order.paid_at = turn.now
    orders.move(turn, order, OrderState.PAID, JournalVerb.ORDER_FULFILLED, by=SYSTEM)
    delivery.deliver(turn, order)
    letters.receipt(turn, order)
    issues.settle(turn, order, IssueKind.WITHHELD)
    tell_refund(turn, order, session)
    if ended:
        _open_issue(turn, order, session, IssueKind.PAID_AFTER_END)
    return Outcome.FULFILLED


def tell_refund(turn: CompanyTurn, order: Order, session: Session) -> None:
    """Put before staff what was refunded of the payment so far: once for each amount, whichever event or page finds it."""
    charge = session.charge
    if charge is not None and charge.refunded:
        cause = f"{charge.id}:{charge.refunded}"
        issues.open_issue(turn, order, IssueKind.REFUNDED, about=charge.id, cause=cause)


def _withhold(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """The money went back, or is contested, before anything was delivered: nothing is, and the cart is kept.

    An order that was given up stays so (`ORDER_TRANSITIONS`): should the bank decide for the vendor, the customer's cart is
    left alone.
    """
    if order.state == OrderState.WITHHELD:
        return Outcome.ALREADY
    orders.move(turn, order, OrderState.WITHHELD, JournalVerb.ORDER_WITHHELD, by=SYSTEM)
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    return _refer(turn, order, session, Outcome.WITHHELD)


def _processing(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """A bank debit was accepted and will take days: the cart is emptied, nothing is delivered yet."""
    if order.state != OrderState.PENDING:
        return Outcome.ALREADY
    if not order.has_left_cart:
        delivery.empty_cart(turn, order)
    _take(turn, order, session)
    orders.move(turn, order, OrderState.PROCESSING, JournalVerb.PAYMENT_STARTED, by=SYSTEM)
    return Outcome.PROCESSING


def _failed(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """The bank refused the debit, days after it was accepted."""
    if order.stripe_session_id not in {None, session.id}:
        return Outcome.ALREADY
    if order.state == OrderState.PENDING:
        if order.has_left_cart and order.stripe_payment_intent_id == session.payment_intent_id:
            # The same failure, told again while the customer tries another payment.
            return Outcome.ALREADY
        _processing(turn, order, session)
    if not orders.move(turn, order, OrderState.FAILED, JournalVerb.PAYMENT_FAILED, by=SYSTEM):
        return Outcome.ALREADY
    letters.payment_failed(turn, order)
    return Outcome.FAILED


def _expired(turn: CompanyTurn, order: Order, session: Session) -> Outcome:
    """Nobody paid in time. Only the order's current session expires it; its lines are still in the cart.

    An order that is no longer in the cart stays payable, because it could not be ordered again.
    """
    if session.id != order.stripe_session_id or order.has_left_cart:
        return Outcome.ALREADY
    moved = orders.move(turn, order, OrderState.EXPIRED, JournalVerb.ORDER_EXPIRED, by=SYSTEM)
    return Outcome.EXPIRED if moved else Outcome.ALREADY


def _take(turn: CompanyTurn, order: Order, session: Session) -> None:
    """The session is the order's: what was ordered is no longer in the cart."""
    order.left_cart_at = order.left_cart_at or turn.now
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id


def _refer(turn: CompanyTurn, order: Order, session: Session, outcome: Outcome) -> Outcome:
    """Put the payment before staff; returns `outcome`, which is the kind of the issue too."""
    _open_issue(turn, order, session, IssueKind(outcome))
    return outcome


def _open_issue(turn: CompanyTurn, order: Order, session: Session, kind: IssueKind) -> None:
    issues.open_issue(turn, order, kind, about=session.payment_intent_id or "", cause=session.id)
