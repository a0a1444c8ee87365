"""What a payment does to its order: read the session from Stripe, then move the order and deliver what was paid.

The webhook, the success page and `flask reconcile` all end in `fulfil`, which reads the session from Stripe and
moves the order under the company's lock: a second call finds it moved and does nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from access import SYSTEM
from models import JournalVerb, Order, OrderState, Outcome, db
from services.buying import delivery, gateway, orders
from services.foundation.transaction import CompanyTurn, company_lock
from services.mail import letters


class UnknownOrder(Exception):
    """The session names an order that is not in the database (yet): Stripe should send the event again later."""


def fulfil(session_id: str) -> Outcome:
    """Read a session and move its order to match; deliver it, once, when it is paid.

    Raises:
        UnknownOrder: its order does not exist, or is not visible in this scope.
        gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    session = gateway.fetch_session(session_id)
    if session.reference is None:
        return Outcome.FOREIGN
    company_id, order_id = _ids(session.reference)
    with company_lock(company_id) as turn:
        return apply(turn, db.session.get_one(Order, order_id), session)


def note_decline(payment_intent_id: str) -> Outcome:
    """Note on the order that a card was declined; its payment page stays open.

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
    """Move the order to match the session; deliver it, once, when it is paid."""
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
    """Deliver the order once, if the mode (live or test), the amount and the currency of the payment are right."""
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
    """A bank debit was accepted and will take days: the cart is emptied, nothing is delivered yet."""
    if order.state != OrderState.PENDING:
        return Outcome.ALREADY
    if not order.has_left_cart:
        delivery.empty_cart(turn, order)
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    orders.move(turn, order, OrderState.PROCESSING, JournalVerb.PAYMENT_STARTED, by=SYSTEM)
    return Outcome.PROCESSING


def _failed(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """The bank refused the debit, days after it was accepted."""
    if order.stripe_session_id not in {None, session.id}:
        return Outcome.ALREADY
    if order.state == OrderState.PENDING:
        if order.has_left_cart and order.stripe_payment_intent_id == session.payment_intent_id:
            # The same failure, told again while the customer tries another payment.
            return Outcome.ALREADY
        _processing(turn, order, session)
    if not orders.move(
        turn, order, OrderState.FAILED, JournalVerb.PAYMENT_FAILED, by=SYSTEM, note=Outcome.FAILED
    ):
        return Outcome.ALREADY
    letters.payment_failed(turn, order)
    return Outcome.FAILED


def _expired(turn: CompanyTurn, order: Order, session: gateway.Session) -> Outcome:
    """Nobody paid in time. Only the order's current session expires it; its lines are still in the cart.

    An order that is no longer in the cart stays payable, because it could not be ordered again.
    """
    if session.id != order.stripe_session_id or order.has_left_cart:
        return Outcome.ALREADY
    moved = orders.move(turn, order, OrderState.EXPIRED, JournalVerb.ORDER_EXPIRED, by=SYSTEM)
    return Outcome.EXPIRED if moved else Outcome.ALREADY


def _alert(turn: CompanyTurn, order: Order, outcome: Outcome) -> Outcome:
    """As `orders.alert`; returns `outcome`."""
    orders.alert(turn, order, outcome)
    return outcome
