"""What Stripe tells of a payment: look at the session, then move its order and deliver what it paid.

The webhook, the success page and `flask reconcile` all end in `fulfil`, which reads the session from Stripe and
moves the order under the company's lock: a second caller finds it moved and does nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from access import SYSTEM
from models import JournalVerb, Order, OrderState, Outcome, db
from services.buying import delivery, gateway, orders
from services.foundation.transaction import CompanyTurn, company_lock
from services.mail import letters


class UnknownOrder(Exception):
    """The session is ours, but its order is not (yet) here: Stripe should tell us again later."""


def fulfil(session_id: str) -> Outcome:
    """Look at a session and move its order as far as the money has come; deliver it once.

    Raises:
        UnknownOrder: ours, but its order is not visible here.
        gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    session = gateway.fetch_session(session_id)
    if session.reference is None:
        return Outcome.FOREIGN
    company_id, order_id = _ids(session.reference)
    with company_lock(company_id) as turn:
        return apply(turn, db.session.get_one(Order, order_id), session)


def note_decline(payment_intent_id: str) -> Outcome:
    """A card was declined: the payment page stays open, and the order says so until it is paid.

    Raises:
        UnknownOrder, gateway.Unavailable, gateway.Rejected
    """
    session = gateway.session_of_payment(payment_intent_id)
    if session is None or session.reference is None:
        return Outcome.FOREIGN
    if not session.is_open:
        return fulfil(session.id)
    company_id, order_id = _ids(session.reference)
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        if order.state == OrderState.PENDING:
            orders.note(turn, order, Outcome.DECLINED)
    return Outcome.NOTED


def _ids(reference: str) -> tuple[int, int]:
    """(company id, order id). Raises UnknownOrder."""
    found = db.session.execute(
        sa.select(Order.company_id, Order.id).where(Order.reference == reference)
    ).first()
    if found is None:
        raise UnknownOrder(reference)
    return found.company_id, found.id


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def apply(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """Move the order as far as the session's money has come; deliver it once."""
    if session.is_paid:
        return _paid(turn, order, session)
    if session.has_failed:
        return _failed(turn, order, session)
    if session.is_complete:
        return _processing(turn, order, session)
    if session.status == "expired":
        return _expired(turn, order, session)
    return Outcome.OPEN


def _paid(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """The money is there: once, in the right mode, amount and currency, the order is delivered."""
    if order.is_delivered:
        if session.id == order.stripe_session_id:
            return Outcome.ALREADY
        return _alert(turn, order, Outcome.PAID_TWICE)
    if session.livemode != gateway.is_live():
        return _alert(turn, order, Outcome.WRONG_MODE)
    if (session.amount, session.currency) != (order.total, order.currency):
        return _alert(turn, order, Outcome.WRONG_AMOUNT)
    ended = order.state in {OrderState.CANCELLED, OrderState.EXPIRED}
    if order.state in {OrderState.PENDING, OrderState.EXPIRED} and not order.has_left_cart:
        delivery.empty_cart(turn, order)
    order.paid_at = turn.now
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    orders.move(turn, order, OrderState.PAID, JournalVerb.ORDER_FULFILLED, by=SYSTEM)
    delivery.deliver(turn, order)
    letters.receipt(turn, order)
    if ended:
        _alert(turn, order, Outcome.PAID_AFTER_END)
    return Outcome.FULFILLED


def _processing(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """A bank debit was accepted and will take days: nothing is delivered yet, and the cart is spent."""
    if order.state != OrderState.PENDING:
        return Outcome.ALREADY
    if not order.has_left_cart:
        delivery.empty_cart(turn, order)
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    orders.move(turn, order, OrderState.PROCESSING, JournalVerb.PAYMENT_STARTED, by=SYSTEM)
    return Outcome.PROCESSING


def _failed(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """The bank refused the debit after all."""
    if order.stripe_session_id not in {None, session.id}:
        return Outcome.ALREADY
    if order.state == OrderState.PENDING:
        if order.has_left_cart and order.stripe_payment_intent_id == session.payment_intent_id:
            # Told once more while the customer is trying again.
            return Outcome.ALREADY
        _processing(turn, order, session)
    if not orders.move(
        turn, order, OrderState.FAILED, JournalVerb.PAYMENT_FAILED, by=SYSTEM, note=Outcome.FAILED
    ):
        return Outcome.ALREADY
    letters.payment_failed(turn, order)
    return Outcome.FAILED


def _expired(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """Nobody paid in time. Only the order's own last session ends it; what was in the cart is still there.

    An order that is not in the cart any more stays payable: there would be nothing to order again from.
    """
    if session.id != order.stripe_session_id or order.state != OrderState.PENDING or order.has_left_cart:
        return Outcome.ALREADY
    orders.move(turn, order, OrderState.EXPIRED, JournalVerb.ORDER_EXPIRED, by=SYSTEM)
    return Outcome.EXPIRED


def _alert(turn: CompanyTurn, order: Order, outcome: Outcome) -> Outcome:
    """Tell the staff that a person has to look at the order."""
    orders.alert(turn, order, outcome)
    return outcome
