"""Stripe's events: stored, and handled once each.

An event is only a trigger. It may come twice, late or out of order, so what happened is read from Stripe's own object
(Stripe's docs, "Receive Stripe events in your webhook endpoint").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from models import Outcome, StripeEvent, db, utcnow
from services.foundation.transaction import insert_or_ignore, transaction
from services.payments import money_back, settlement
from services.payments.sessions import Event

# By the id of a session, or of a payment.
VERBS: dict[str, Callable[[str], Outcome]] = {
    "checkout.session.completed": settlement.fulfil,
    "checkout.session.async_payment_succeeded": settlement.fulfil,
    "checkout.session.async_payment_failed": settlement.fulfil,
    "checkout.session.expired": settlement.fulfil,
    "payment_intent.payment_failed": settlement.note_decline,
}
# By the id of a charge or a dispute. These verbs find out whose it is: a dispute does not name an order.
MONEY_BACK: dict[str, Callable[[str], Outcome]] = {
    "charge.refunded": money_back.note_refund,
    "charge.dispute.created": money_back.note_dispute,
    "charge.dispute.updated": money_back.note_dispute,
    "charge.dispute.funds_withdrawn": money_back.note_dispute,
    "charge.dispute.funds_reinstated": money_back.note_dispute,
    "charge.dispute.closed": money_back.note_dispute,
}
# How long Stripe sends an event again and again; an order that is not here by then will not come.
STRIPE_INSISTS_FOR = dt.timedelta(days=3)
# What Stripe must be asked to send: `docs/deploy.md` lists them.
EVENTS = frozenset({*VERBS, *MONEY_BACK})


def receive(event: Event) -> str:
    """Store the event and handle it; an event that was handled before does nothing.

    Returns:
        The outcome, the first time's for a repeated event.

    Raises:
        As `handle`: the event is stored, and Stripe should send it again.
    """
    outcome = keep(event)
    if outcome is None:
        outcome = handle(event.id, event.type, event.object_id, ours=event.reference is not None)
    return outcome


def keep(event: Event) -> str | None:
    """Store the event unless it is there; returns its outcome if it was handled before."""
    with transaction() as turn:
        db.session.execute(
            insert_or_ignore(StripeEvent).values(
                id=event.id,
                type=event.type,
                object_id=event.object_id,
                livemode=event.livemode,
                created_at=event.created_at,
                received_at=turn.now,
            )
        )
        return db.session.get_one(StripeEvent, event.id).outcome


def handle(event_id: str, kind: str, object_id: str, *, ours: bool) -> Outcome:
    """Call the verb for a stored event, and store its outcome.

    Args:
        ours: Whether the event's object names an order of this desk.

    Raises:
        settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected: it stays unhandled.
    """
    try:
        outcome = _outcome(kind, object_id, ours=ours)
    except settlement.UnknownOrder:
        if db.session.get_one(StripeEvent, event_id).created_at > utcnow() - STRIPE_INSISTS_FOR:
            raise
        # Its order will not come any more: it went with a copy of the database, or was another desk's.
        outcome = Outcome.FOREIGN
    with transaction() as turn:
        event = db.session.get_one(StripeEvent, event_id)
        event.handled_at, event.outcome = turn.now, outcome
    return outcome


def _outcome(kind: str, object_id: str, *, ours: bool) -> Outcome:
    if kind in MONEY_BACK:
        return MONEY_BACK[kind](object_id)
    if kind in VERBS:
        return VERBS[kind](object_id) if ours else Outcome.FOREIGN
    return Outcome.IGNORED
