"""Stripe's events: kept, handled once each, and picked up again when handling failed.

An event is only a trigger. It may come twice, late, or out of order; what happened is read from Stripe itself.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models import Order, OrderState, StripeEvent, db, utcnow
from services.buying import gateway, payments
from services.buying.payments import Outcome
from services.foundation.transaction import transaction

log = logging.getLogger(__name__)

_VERBS: dict[str, Callable[[str], str]] = {
    "checkout.session.completed": payments.fulfil,
    "checkout.session.async_payment_succeeded": payments.fulfil,
    "checkout.session.async_payment_failed": payments.fulfil,
    "checkout.session.expired": payments.fulfil,
    "payment_intent.payment_failed": payments.note_decline,
}
# How long an event or an order may wait before `reconcile` asks again, so that it does not race the first try.
_PATIENCE = dt.timedelta(minutes=2)
_IGNORED = "ignored"
# Why something may have to wait for the next run; anything else is a fault of ours.
_EXPECTED = (payments.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected)
# So many tries in a row without an answer, and Stripe is away for now.
_SILENCES = 3


def receive(event: gateway.Event) -> str:
    """Keep the event and do what it asks for; the same event again does nothing.

    Returns:
        The outcome's code, `ignored` for a kind of event that the desk has no use for.

    Raises:
        payments.UnknownOrder, gateway.Unavailable, gateway.Rejected: not handled; kept, and to be told again.
    """
    outcome = _keep(event)
    if outcome is None:
        outcome = _handle(event.type, event.object_id, ours=event.reference is not None)
        _done(event.id, outcome)
    return outcome


def _keep(event: gateway.Event) -> str | None:
    """Store the event unless it is there; answers the outcome it had when it was handled before."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    with transaction():
        db.session.execute(
            insert(StripeEvent)
            .values(
                id=event.id,
                type=event.type,
                object_id=event.object_id,
                livemode=event.livemode,
                created_at=event.created_at,
                received_at=utcnow(),
            )
            .on_conflict_do_nothing()
        )
        return db.session.get_one(StripeEvent, event.id).outcome


def _handle(kind: str, object_id: str, ours: bool) -> str:
    verb = _VERBS.get(kind)
    if verb is None:
        return _IGNORED
    return verb(object_id) if ours else Outcome.FOREIGN


def _done(event_id: str, outcome: str) -> None:
    with transaction():
        event = db.session.get_one(StripeEvent, event_id)
        event.handled_at, event.outcome = utcnow(), outcome


def reconcile() -> dict[str, int]:
    """Ask Stripe about the orders that wait and the events that failed. Run every ten minutes.

    Returns:
        How many orders and events were looked at, and how many could not be settled now.
    """
    before = utcnow() - _PATIENCE
    waiting = db.session.scalars(
        sa.select(Order.stripe_session_id)
        .where(
            Order.state.in_([OrderState.PENDING, OrderState.PROCESSING]),
            Order.stripe_session_id.is_not(None),
            Order.placed_at < before,
        )
        .order_by(Order.placed_at)
    ).all()
    events = db.session.execute(
        sa.select(StripeEvent.id, StripeEvent.type, StripeEvent.object_id).where(
            StripeEvent.handled_at.is_(None), StripeEvent.received_at < before
        )
    ).all()
    tries: list[tuple[str, Callable[[], object]]] = [
        *(
            (f"session {session_id}", partial(payments.fulfil, session_id))
            for session_id in waiting
            if session_id
        ),
        *((f"event {event.id}", partial(_handle_again, *event)) for event in events),
    ]
    return {"orders": len(waiting), "events": len(events), "unsettled": _settle(tries)}


def _handle_again(event_id: str, kind: str, object_id: str) -> None:
    # Only an event of ours can have been left unhandled.
    _done(event_id, _handle(kind, object_id, ours=True))


def _settle(tries: Sequence[tuple[str, Callable[[], object]]]) -> int:
    """Do what can be done; how many could not. One that cannot must not keep the others from being asked about.

    While Stripe is away each try waits for it in vain: after a few, the others are left for the next run.
    """
    unsettled = silences = 0
    for number, (name, verb) in enumerate(tries):
        if silences == _SILENCES:
            log.warning("reconcile: Stripe does not answer; %s left for later", len(tries) - number)
            return unsettled + len(tries) - number
        try:
            verb()
        except Exception as error:
            unsettled += 1
            silences = silences + 1 if isinstance(error, gateway.Unavailable) else 0
            _say(name, error)
        else:
            silences = 0
    return unsettled


def _say(name: str, error: Exception) -> None:
    db.session.rollback()
    if isinstance(error, _EXPECTED):
        log.warning("reconcile: %s not settled: %s", name, type(error).__name__)
    else:
        log.error("reconcile: %s broke", name, exc_info=error)
