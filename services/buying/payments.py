"""Paying: the payment page of an order, and everything that Stripe then tells (`docs/payments.md`).

The webhook, the success page and `flask reconcile` all end in `fulfil`, which reads the session from Stripe and
moves the order under the company's lock: whoever comes second finds it moved and does nothing.
"""

from __future__ import annotations

import enum
import logging
from functools import partial

import sqlalchemy as sa

from access import SYSTEM, Actor
from models import Company, Order, OrderState, db, utcnow
from services.buying import delivery, gateway, orders, refusals
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.mail import letters

log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 5


class Outcome(enum.StrEnum):
    """What came of looking at a session."""

    FULFILLED = "fulfilled"
    ALREADY = "already"
    PROCESSING = "processing"
    FAILED = "failed"
    EXPIRED = "expired"
    OPEN = "open"
    FOREIGN = "foreign"
    NOTED = "noted"
    # These four need a person: staff are told by mail, and the order shows it.
    WRONG_MODE = "wrong_mode"
    WRONG_AMOUNT = "wrong_amount"
    PAID_TWICE = "paid_twice"
    PAID_AFTER_END = "paid_after_end"


# Note of an order whose card was declined on a payment page that stays open.
DECLINED = "declined"


class UnknownOrder(Exception):
    """The session is ours, but its order is not (yet) here: Stripe should tell us again later."""


# --- Going to the payment page ------------------------------------------------------------------------------------


def check_out(company_id: int, *, fingerprint: str, accepted: bool, language: str, by: Actor) -> str:
    """Place the order for the confirmed cart and answer where to pay it.

    An order that waits for an older state of the cart is given up first, its payment page closed; not before the
    new one could be placed otherwise: whoever is on that page must not lose it to a box that was not ticked.

    Raises:
        Refused: what `orders.place` and `pay` refuse; `already_paid` when the older order turns out to be paid.
    """
    place = partial(
        orders.place, company_id, fingerprint=fingerprint, accepted=accepted, language=language, by=by
    )
    try:
        order = place()
    except Refused as refused:
        if refused.code != "other_order_waiting":
            raise
        if waiting := orders.waiting_order(company_id):
            cancel(waiting, by)
        order = place()
    return pay(order, by)


def pay(order: Order, by: Actor) -> str:
    """The address of the order's payment page, made now or still open. Clicking twice leads to the same page.

    Raises:
        Refused: `not_waiting`, `already_paid`, `looked_at`, `payment_unavailable` or `payment_setup`.
    """
    order_id, company_id = order.id, order.company_id
    if not order.is_waiting:
        raise refusals.not_waiting(order)
    if order.is_looked_at:
        raise refusals.looked_at()
    try:
        last_session_id = order.stripe_session_id
        url = _open_page(order)
        if url is not None:
            return url
        _reopen(order_id, company_id, last_session_id, by)
        return _new_page(order_id, company_id)
    except gateway.Unavailable:
        raise refusals.unavailable() from None
    except gateway.Rejected as error:
        raise refusals.setup_trouble(order_id, company_id, error) from None


def _open_page(order: Order) -> str | None:
    """The page of the order's last session while it is open; None when a new one is due."""
    if order.stripe_session_id is None or order.state != OrderState.PENDING:
        return None
    session_id, order_id = order.stripe_session_id, order.id
    try:
        session = gateway.fetch_session(session_id)
    except gateway.NotFound:
        log.warning("order %s names a session that Stripe does not know", order_id)
        return None
    if session.status == "open":
        return session.url
    if session.status == "complete":
        order = _settled(session_id, order_id)
        if order.state != OrderState.FAILED:
            raise refusals.over(order)
    return None


def _reopen(order_id: int, company_id: int, over: str | None, by: Actor) -> None:
    """Make a failed order payable again, and take a new attempt number when its session `over` has ended.

    A rival's click may have opened a new session since: then the attempt is theirs, and so is its page.
    """
    with company_lock(company_id):
        order = db.session.get_one(Order, order_id)
        if order.state == OrderState.FAILED:
            orders.move(order, OrderState.PENDING, "payment_retried", by)
        if order.state != OrderState.PENDING:
            raise refusals.not_waiting(order)
        if over is not None and order.stripe_session_id == over:
            order.attempt, order.stripe_session_id = order.attempt + 1, None


def _new_page(order_id: int, company_id: int) -> str:
    """Create the session of the order's current attempt and keep its id; the order is committed before."""
    for _attempt in range(_MAX_ATTEMPTS):
        order = db.session.get_one(Order, order_id)
        if order.state != OrderState.PENDING:
            raise refusals.not_waiting(order)
        attempt = order.attempt
        try:
            session = _create_session(order_id, company_id, attempt)
        except gateway.KeyReused:
            _next_attempt(order_id, company_id, attempt)
            continue
        if session.status == "open" and session.url:
            if _keep_session(order_id, company_id, attempt, session.id):
                return session.url
            # Somebody gave the order up, or took another attempt: nobody may pay on this page.
            session = gateway.expire_session(session.id)
        # The key was used before we crashed, and that session is over by now.
        if session.status == "complete":
            raise refusals.over(_settled(session.id, order_id))
        _next_attempt(order_id, company_id, attempt)
    raise gateway.Rejected("no session after several attempts")


def _create_session(order_id: int, company_id: int, attempt: int) -> gateway.Session:
    """The session of that attempt.

    Raises:
        gateway.KeyReused: another attempt is needed.
        gateway.Unavailable, gateway.Rejected
    """
    customer_id = _customer_of(company_id, order_id, attempt)
    try:
        return gateway.create_session(db.session.get_one(Order, order_id), attempt, customer_id)
    except gateway.CustomerGone as error:
        with company_lock(company_id) as company:
            if company.stripe_customer_id == customer_id:
                company.stripe_customer_id = None
        raise gateway.KeyReused from error


def _customer_of(company_id: int, order_id: int, attempt: int) -> str:
    """The company's customer at Stripe, made with its first order."""
    company = db.session.get_one(Company, company_id)
    if company.stripe_customer_id is not None:
        return company.stripe_customer_id
    reference = db.session.get_one(Order, order_id).reference
    customer_id = gateway.create_customer(company.name, company.billing_email, reference, attempt)
    with company_lock(company_id) as company:
        if company.stripe_customer_id is None:
            company.stripe_customer_id = customer_id
        return company.stripe_customer_id


def _settled(session_id: str, order_id: int) -> Order:
    """The order, after its complete session was looked at and what it paid was delivered."""
    fulfil(session_id)
    return db.session.get_one(Order, order_id)


def _next_attempt(order_id: int, company_id: int, attempt: int) -> None:
    with company_lock(company_id):
        order = db.session.get_one(Order, order_id)
        if order.attempt == attempt:
            order.attempt, order.stripe_session_id = attempt + 1, None


def _keep_session(order_id: int, company_id: int, attempt: int, session_id: str) -> bool:
    """Note the page that the customer is sent to; False when the order no longer waits for it."""
    with company_lock(company_id):
        order = db.session.get_one(Order, order_id)
        if order.attempt != attempt or order.state != OrderState.PENDING:
            return False
        order.stripe_session_id = session_id
        if order.note == refusals.SETUP_TROUBLE:
            orders.note(order, None)
        return True


def cancel(order: Order, by: Actor) -> None:
    """Give the order up: close its payment page, then cancel it. The cart is kept.

    Raises:
        Refused: `already_paid` when the payment went through first (the order is then delivered),
            `not_waiting`, `looked_at` unless it is support that has looked, `payment_unavailable` or
            `payment_setup` when Stripe cannot be asked.
    """
    order_id, company_id, session_id = order.id, order.company_id, order.stripe_session_id
    waited = order.is_waiting
    if order.is_looked_at and not by.is_staff:
        raise refusals.looked_at()
    try:
        if session_id is not None and gateway.expire_session(session_id).status == "complete":
            order = _settled(session_id, order_id)
            if not (order.state == OrderState.FAILED or (order.is_looked_at and by.is_staff)):
                raise refusals.over(order)
    except gateway.NotFound:
        log.warning("order %s names a session that Stripe does not know", order_id)
    except gateway.Unavailable:
        raise refusals.unavailable() from None
    except gateway.Rejected as error:
        raise refusals.setup_trouble(order_id, company_id, error) from None
    with company_lock(company_id):
        order = db.session.get_one(Order, order_id)
        # Stripe's own word that the page is closed may be faster than we are.
        if order.state == OrderState.CANCELLED or (waited and order.state == OrderState.EXPIRED):
            return
        if order.stripe_session_id != session_id and order.is_waiting:
            raise refusals.page_opened(order)
        if not orders.move(order, OrderState.CANCELLED, "order_cancelled", by):
            raise refusals.not_waiting(order)


# --- What Stripe tells --------------------------------------------------------------------------------------------


def fulfil(session_id: str) -> Outcome:
    """Look at a session and move its order as far as the money has come; deliver it once.

    Raises:
        UnknownOrder: ours, but its order is not visible here.
        gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    session = gateway.fetch_session(session_id)
    if session.reference is None:
        return Outcome.FOREIGN
    found = db.session.execute(
        sa.select(Order.id, Order.company_id).where(Order.reference == session.reference)
    ).first()
    if found is None:
        raise UnknownOrder(session.reference)
    with company_lock(found.company_id) as company:
        order = db.session.get_one(Order, found.id)
        return _apply(order, company, session)


def _apply(order: Order, company: Company, session: gateway.Session) -> Outcome:
    if session.is_paid:
        return _paid(order, company, session)
    if session.has_failed:
        return _failed(order, session)
    if session.status == "complete":
        return _processing(order, session)
    if session.status == "expired":
        return _expired(order, session)
    return Outcome.OPEN


def _paid(order: Order, company: Company, session: gateway.Session) -> Outcome:
    """The money is there: once, in the right mode, amount and currency, the order is delivered."""
    if order.is_delivered:
        if session.id == order.stripe_session_id:
            return Outcome.ALREADY
        return _alert(order, Outcome.PAID_TWICE)
    if session.livemode != gateway.is_live():
        return _alert(order, Outcome.WRONG_MODE)
    if (session.amount, session.currency) != (order.total, order.currency):
        return _alert(order, Outcome.WRONG_AMOUNT)
    ended = order.state in {OrderState.CANCELLED, OrderState.EXPIRED}
    now = utcnow()
    if order.state in {OrderState.PENDING, OrderState.EXPIRED} and not order.has_left_cart:
        delivery.empty_cart(order)
    order.paid_at = now
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    orders.move(order, OrderState.PAID, "order_fulfilled", SYSTEM)
    delivery.deliver(order, company.zone, now)
    letters.receipt(order)
    if ended:
        _alert(order, Outcome.PAID_AFTER_END)
    return Outcome.FULFILLED


def _processing(order: Order, session: gateway.Session) -> Outcome:
    """A bank debit was accepted and will take days: nothing is delivered yet, and the cart is spent."""
    if order.state != OrderState.PENDING:
        return Outcome.ALREADY
    if not order.has_left_cart:
        delivery.empty_cart(order)
    order.stripe_session_id, order.stripe_payment_intent_id = session.id, session.payment_intent_id
    orders.move(order, OrderState.PROCESSING, "payment_started", SYSTEM)
    return Outcome.PROCESSING


def _failed(order: Order, session: gateway.Session) -> Outcome:
    """The bank refused the debit after all."""
    if order.stripe_session_id not in {None, session.id}:
        return Outcome.ALREADY
    if order.state == OrderState.PENDING:
        if order.has_left_cart and order.stripe_payment_intent_id == session.payment_intent_id:
            # Told once more while the customer is trying again.
            return Outcome.ALREADY
        _processing(order, session)
    if not orders.move(order, OrderState.FAILED, "payment_failed", SYSTEM, note=Outcome.FAILED):
        return Outcome.ALREADY
    letters.payment_failed(order)
    return Outcome.FAILED


def _expired(order: Order, session: gateway.Session) -> Outcome:
    """Nobody paid in time. Only the order's own last session ends it; what was in the cart is still there.

    An order that is not in the cart any more stays payable: there would be nothing to order again from.
    """
    if session.id != order.stripe_session_id or order.state != OrderState.PENDING or order.has_left_cart:
        return Outcome.ALREADY
    orders.move(order, OrderState.EXPIRED, "order_expired", SYSTEM)
    return Outcome.EXPIRED


def _alert(order: Order, outcome: Outcome) -> Outcome:
    """Show on the order, and tell the staff once, that a person has to look at it."""
    orders.note(order, outcome)
    letters.staff_alert(order, outcome)
    log.warning("order %s needs a person: %s", order.id, outcome)
    return outcome


def note_decline(payment_intent_id: str) -> Outcome:
    """A card was declined: the payment page stays open, and the order says so until it is paid.

    Raises:
        UnknownOrder, gateway.Unavailable, gateway.Rejected
    """
    session = gateway.session_of_payment(payment_intent_id)
    if session is None or session.reference is None:
        return Outcome.FOREIGN
    if session.status != "open":
        return fulfil(session.id)
    found = db.session.execute(
        sa.select(Order.id, Order.company_id).where(Order.reference == session.reference)
    ).first()
    if found is None:
        raise UnknownOrder(session.reference)
    with company_lock(found.company_id):
        order = db.session.get_one(Order, found.id)
        if order.state == OrderState.PENDING:
            orders.note(order, DECLINED)
    return Outcome.NOTED
