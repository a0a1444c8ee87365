"""Going to the payment page, and cancelling an order. Stripe is called between transactions, never inside one.

This file calls `orders`, `gateway`, `attempts` and `settlement`; none of them calls it.
"""

from __future__ import annotations

import logging
from functools import partial

from access import Actor
from models import JournalVerb, Order, OrderState, db
from services.buying import orders
from services.foundation.errors import Code, Refused
from services.foundation.transaction import company_lock
from services.payments import attempts, gateway, records, refusals, settlement
from services.payments.sessions import Page

log = logging.getLogger(__name__)

MAX_ATTEMPTS, MAX_FAILURES = 5, 2


def check_out(company_id: int, *, fingerprint: str, accepted: bool, language: str, by: Actor) -> str:
    """Place the order for the confirmed cart; returns the address of its payment page.

    An order that waits for an older state of the cart is cancelled first and its page closed, but only once nothing
    else stands against the new order: a confirmation that is refused must not close a page somebody is paying on.

    Raises:
        Refused: as `orders.place` and `pay`; `already_paid` when the older order turns out to be paid.
    """
    place = partial(
        orders.place, company_id, fingerprint=fingerprint, accepted=accepted, language=language, by=by
    )
    try:
        order = place()
    except Refused as refused:
        if refused.code != Code.OTHER_ORDER_WAITING:
            raise
        if waiting := orders.waiting_order(company_id):
            cancel(waiting, by)
        order = place()
    return pay(order, by)


def pay(order: Order, by: Actor) -> str:
    """The address of the order's payment page, new or still open. Two calls give the same page.

    Raises:
        Refused: `not_waiting`, `already_paid`, `looked_at`, `payment_unavailable` or `payment_setup`.
    """
    order_id, company_id, over = order.id, order.company_id, order.stripe_session_id
    if order.is_looked_at:
        raise refusals.looked_at()
    try:
        if over is not None and order.state == OrderState.PENDING:
            session = gateway.find_session(over)
            if session and session.is_open:
                return session.url
            if session and session.is_complete:
                settlement.fulfil(over)
                order = db.session.get_one(Order, order_id)
                if not order.is_waiting or order.is_looked_at:
                    raise refusals.over(order)
        attempts.resume(company_id, order_id, over=over, by=by)
        return open_page(company_id, order_id)
    except gateway.Unavailable:
        raise refusals.unavailable() from None
    except gateway.Rejected as error:
        attempts.report_trouble(company_id, order_id, error)
        raise refusals.setup_trouble() from None


def open_page(company_id: int, order_id: int) -> str:
    """The address of a page that Stripe makes for the order's current attempt; its session is stored on the order.

    Raises:
        Refused: `not_waiting`, `already_paid` or `looked_at`.
        gateway.Unavailable, gateway.Rejected
    """
    failures = 0
    for _attempt in range(MAX_ATTEMPTS):
        order = db.session.get_one(Order, order_id)
        if order.state != OrderState.PENDING:
            raise refusals.not_waiting(order)
        number, gone = order.attempt, None
        try:
            page = gateway.open_page(order)
        except gateway.FailureKept:
            failures += 1
        except gateway.KeyReused:
            pass
        except gateway.CustomerGone as error:
            gone = error.customer_id
        else:
            if url := _kept(company_id, order_id, page):
                return url
        attempts.take_next(company_id, order_id, after=number, gone=gone)
        if failures == MAX_FAILURES:
            # Not a matter of the key: Stripe itself is unwell. The next click begins under a fresh one.
            raise gateway.Unavailable
    raise gateway.Rejected("no session after several attempts")


def _kept(company_id: int, order_id: int, page: Page) -> str | None:
    """The page's address, once it is stored; None when the order needs another page."""
    session = page.session
    if session.is_open and attempts.keep(company_id, order_id, page):
        return session.url
    if session.is_open:
        # Another request cancelled the order or started another attempt: close this page.
        session = gateway.expire_session(session.id)
    # The key was used before a crash, and that session has ended since.
    if session.is_complete:
        settlement.fulfil(session.id)
        raise refusals.over(db.session.get_one(Order, order_id))
    return None


def cancel(order: Order, by: Actor) -> None:
    """Close the order's payment page, then cancel it. The cart is kept.

    Raises:
        Refused: `already_paid` when the payment went through first (the order is then delivered),
            `not_waiting`, `looked_at` unless the vendor's staff ask, `page_opened`, `payment_unavailable` or
            `payment_setup` when Stripe cannot be asked.
    """
    order_id, company_id, session_id = order.id, order.company_id, order.stripe_session_id
    waited = order.is_waiting
    if order.is_looked_at and not by.is_staff:
        raise refusals.looked_at()
    try:
        older = [page for page in records.open_sessions(order) if page != session_id]
        closed = gateway.close_session(session_id) if session_id is not None else None
        if session_id is not None and closed and closed.is_complete:
            settlement.fulfil(session_id)
            order = db.session.get_one(Order, order_id)
            if not order.is_waiting or (order.is_looked_at and not by.is_staff):
                raise refusals.over(order)
        for page in older:
            # Of an attempt that was given up. Should somebody be paying there this instant, it is delivered all the same.
            gateway.close_session(page)
    except gateway.Unavailable:
        raise refusals.unavailable() from None
    except gateway.Rejected as error:
        attempts.report_trouble(company_id, order_id, error)
        raise refusals.setup_trouble() from None
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        # Stripe's event that the page has expired may have been handled first.
        if order.state == OrderState.CANCELLED or (waited and order.state == OrderState.EXPIRED):
            return
        if order.stripe_session_id != session_id and order.is_waiting:
            raise refusals.page_opened(order)
        if not orders.move(turn, order, OrderState.CANCELLED, JournalVerb.ORDER_CANCELLED, by=by):
            raise refusals.not_waiting(order)
