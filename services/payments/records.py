"""Payments as rows: one for each session of Stripe, kept as the session is when it is read.

Steps alone: `attempts` keeps the page that it opened, `settlement` what a session says. Nothing here moves an order.
"""

from __future__ import annotations

import sqlalchemy as sa

from models import Order, Payment, PaymentMethod, PaymentState, db
from services.foundation.transaction import CompanyTurn
from services.payments.sessions import Session

# What is final. A page that somebody paid cannot expire any more, whichever event comes last.
_ENDS = {PaymentState.PAID, PaymentState.FAILED}


def keep(turn: CompanyTurn, order: Order, session: Session, *, attempt: int | None = None) -> Payment:
    """Write down what the session says now; the row is made when the session is first seen."""
    payment = db.session.scalar(sa.select(Payment).where(Payment.stripe_session_id == session.id))
    if payment is None:
        payment = Payment(
            company_id=order.company_id,
            order_id=order.id,
            attempt=attempt,
            stripe_session_id=session.id,
            opened_at=turn.now,
        )
        db.session.add(payment)
    payment.amount, payment.currency, payment.livemode = session.amount, session.currency, session.livemode
    payment.stripe_payment_intent_id = session.payment_intent_id or payment.stripe_payment_intent_id
    if charge := session.charge:
        payment.stripe_charge_id = charge.id
        payment.method = _method(charge.method)
        payment.brand, payment.last4 = charge.brand, charge.last4
    state = _state(session)
    if payment.state not in _ENDS or state == PaymentState.PAID:
        payment.state = state
    if state == PaymentState.PAID and payment.paid_at is None:
        payment.paid_at = turn.now
    db.session.flush()
    return payment


def _state(session: Session) -> PaymentState:
    if session.is_paid:
        return PaymentState.PAID
    if session.has_failed:
        return PaymentState.FAILED
    if session.is_complete:
        return PaymentState.PROCESSING
    return PaymentState.OPEN if session.is_open else PaymentState.EXPIRED


def _method(name: str) -> PaymentMethod:
    return PaymentMethod(name) if name in set(PaymentMethod) else PaymentMethod.OTHER


def lose(session_id: str) -> None:
    """Stripe does not know the session any more: nobody can pay on its page, and a debit's end is not told."""
    payment = db.session.scalar(sa.select(Payment).where(Payment.stripe_session_id == session_id))
    if payment is not None and payment.state not in _ENDS:
        is_open = payment.state == PaymentState.OPEN
        payment.state = PaymentState.EXPIRED if is_open else PaymentState.FAILED


# --- Questions ------------------------------------------------------------------------------------------------------


def of_order(order: Order) -> list[Payment]:
    """Every session of the order, the first one first. One statement."""
    return list(
        db.session.scalars(sa.select(Payment).where(Payment.order_id == order.id).order_by(Payment.id))
    )


def open_sessions(order: Order) -> list[str]:
    """The ids of the sessions of the order that are open as far as the desk knows. One statement."""
    wanted = sa.select(Payment.stripe_session_id).where(
        Payment.order_id == order.id, Payment.state == PaymentState.OPEN
    )
    return list(db.session.scalars(wanted))


def paid_with(order: Order) -> Payment | None:
    """The payment that the order was delivered for; None where none is on record. One statement."""
    its_own = Payment.stripe_session_id == order.stripe_session_id
    return db.session.scalar(
        sa.select(Payment)
        .where(Payment.order_id == order.id, Payment.state == PaymentState.PAID)
        # Another one was paid twice, or did not fit the order.
        .order_by(sa.case((its_own, 0), else_=1), Payment.id)
        .limit(1)
    )
