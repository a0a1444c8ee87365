"""The attempts to pay an order: each is one payment page at Stripe, and its number is part of Stripe's idempotency key.

Short verbs that `checkout` calls between its calls to Stripe. Each takes the company's lock, reads the order again and
commits; when another request was faster, it changes nothing.
"""

from __future__ import annotations

import logging

from access import Actor
from models import IssueKind, JournalVerb, Order, OrderState, db
from services.buying import issues, orders
from services.foundation.transaction import company_lock
from services.payments import records, refusals
from services.payments.sessions import Page

log = logging.getLogger(__name__)


def resume(company_id: int, order_id: int, *, over: str | None, by: Actor) -> None:
    """Make a failed order payable again, and start a new attempt if the page of session `over` has ended.

    Another request may have opened a new session since: then its attempt and its page are kept.

    Raises:
        Refused: `not_waiting`.
    """
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        if order.state == OrderState.FAILED:
            orders.move(turn, order, OrderState.PENDING, JournalVerb.PAYMENT_RETRIED, by=by)
            order.declined_at = None
        if order.state != OrderState.PENDING:
            raise refusals.not_waiting(order)
        if over is not None and order.stripe_session_id == over:
            order.attempt, order.stripe_session_id = order.attempt + 1, None


def take_next(company_id: int, order_id: int, *, after: int, gone: str | None = None) -> None:
    """Start the attempt after number `after`, unless another request has; forget `gone`, a customer id unknown to Stripe."""
    with company_lock(company_id) as turn:
        if gone is not None and turn.company.stripe_customer_id == gone:
            turn.company.stripe_customer_id = None
        order = db.session.get_one(Order, order_id)
        if order.attempt == after:
            order.attempt, order.stripe_session_id = after + 1, None


def keep(company_id: int, order_id: int, page: Page) -> bool:
    """Store the page that the customer is sent to; False when the order no longer waits for that attempt."""
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        if order.attempt != page.attempt or order.state != OrderState.PENDING:
            return False
        turn.company.stripe_customer_id = page.customer_id
        records.keep(turn, order, page.session, attempt=page.attempt)
        order.stripe_session_id = page.session.id
        issues.settle(turn, order, IssueKind.PAYMENT_SETUP)
        return True


def report_trouble(company_id: int, order_id: int, error: Exception) -> None:
    """Show on the order that Stripe refuses to open its page, and tell the staff, once."""
    log.error("order %s cannot be paid: %s", order_id, error)
    with company_lock(company_id) as turn:
        issues.open_issue(turn, db.session.get_one(Order, order_id), IssueKind.PAYMENT_SETUP)
