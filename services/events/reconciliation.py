"""`flask reconcile`: ask Stripe about the orders that wait, and pick up the events whose handling failed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa

from models import Order, OrderState, Outcome, StripeEvent, db, utcnow
from services.events import stripe_events
from services.payments import desks, gateway, settlement

log = logging.getLogger(__name__)

# How old an event or an order must be, so that this does not race with its first try.
PATIENCE = dt.timedelta(minutes=2)
# After so many tries in a row without an answer, Stripe counts as unreachable.
SILENCES = 3
# Reasons to wait for the next run; any other exception is a fault of ours.
_EXPECTED = (settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected)


@dataclasses.dataclass(frozen=True)
class Try:
    """Something to settle.

    Attributes:
        give_up: What is done instead once Stripe does not know it; None while it may still come.
    """

    name: str
    verb: Callable[[], Outcome]
    give_up: Callable[[], None] | None = None


def reconcile() -> dict[str, int]:
    """Settle what can be settled now. Run every ten minutes.

    Returns:
        How many `orders` and `events` were looked at, and how many were left `unsettled`.
    """
    before = utcnow() - PATIENCE
    orders, events = _waiting_orders(before), _unhandled_events(before)
    return {"orders": len(orders), "events": len(events), "unsettled": try_all([*orders, *events])}


def try_all(tries: Sequence[Try]) -> int:
    """Call every verb, also after some have failed; returns how many failed or were not called.

    After `SILENCES` tries in a row without an answer of Stripe, the others are left for the next run.
    """
    unsettled = silences = 0
    for number, this in enumerate(tries):
        if silences == SILENCES:
            log.warning("reconcile: Stripe does not answer; %s left for later", len(tries) - number)
            return unsettled + len(tries) - number
        try:
            _settle(this)
        except Exception as error:
            unsettled += 1
            silences = silences + 1 if isinstance(error, gateway.Unavailable) else 0
            _log(this.name, error)
        else:
            silences = 0
    return unsettled


def _settle(this: Try) -> None:
    try:
        if this.verb() == Outcome.FOREIGN:
            # A copy of the desk leaves the other's payments alone; one that moved must say what it was called.
            log.warning(
                "reconcile: %s was made by another desk than %s and is left to it; if this desk has a new address, set "
                "STRIPE_DESK to the host of the old one",
                this.name,
                desks.mark(),
            )
    except gateway.NotFound:
        if this.give_up is None:
            raise
        this.give_up()
        log.warning("reconcile: %s is given up: Stripe does not know it", this.name)


def _waiting_orders(before: dt.datetime) -> list[Try]:
    """`fulfil` for the session of each order that was placed `before` and may still be paid."""
    rows = db.session.execute(
        sa.select(Order.id, Order.stripe_session_id, Order.placed_at)
        .where(
            Order.state.in_([OrderState.PENDING, OrderState.PROCESSING]),
            Order.placed_at < before,
        )
        .order_by(Order.placed_at)
    )
    return [_try_order(number, session, at) for number, session, at in rows if session]


def _try_order(order_id: int, session_id: str, placed_at: dt.datetime) -> Try:
    old = placed_at < utcnow() - stripe_events.STRIPE_KEEPS
    give_up = partial(settlement.give_up, order_id, session_id) if old else None
    return Try(f"session {session_id}", partial(settlement.fulfil, session_id), give_up)


def _unhandled_events(before: dt.datetime) -> list[Try]:
    """Another try at each event that was received `before` and not handled: only our own can have been left so."""
    events = db.session.execute(
        sa.select(StripeEvent.id, StripeEvent.type, StripeEvent.object_id).where(
            StripeEvent.handled_at.is_(None), StripeEvent.received_at < before
        )
    )
    return [Try(f"event {event.id}", partial(stripe_events.handle, *event)) for event in events.all()]


def _log(name: str, error: Exception) -> None:
    db.session.rollback()
    if isinstance(error, _EXPECTED):
        log.warning("reconcile: %s not settled: %s", name, type(error).__name__)
    else:
        log.error("reconcile: %s broke", name, exc_info=error)
