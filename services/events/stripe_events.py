"""Stripe's events: stored, and handled once each.

An event is only a trigger. It may come twice, late or out of order, so what happened is read from Stripe's own object
(Stripe's docs, "Receive Stripe events in your webhook endpoint").
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from models import Outcome, StripeEvent, db, insert_or_ignore, utcnow
from services.events import webhooks
from services.foundation.transaction import transaction
from services.payments import gateway, money_back, settlement
from services.payments.sessions import Event

log = logging.getLogger(__name__)

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
# What these are about has the metadata of its payment.
NAMING = frozenset({*VERBS, "charge.refunded"})
# How long Stripe sends an event again and again; an order that is not here by then will not come.
STRIPE_INSISTS_FOR = dt.timedelta(days=3)
# How long Stripe can be asked about an event (its docs, "Retrieve an event").
STRIPE_KEEPS = dt.timedelta(days=30)
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
    if outcome is not None:
        return outcome
    # A dispute alone names no order: whose it is, its verb finds out.
    if event.is_foreign or (event.type in NAMING and not event.names_order):
        return _end(event.id, Outcome.FOREIGN)
    return handle(event.id, event.type, event.object_id)


def keep(event: Event) -> str | None:
    """Store the event unless it is there; returns its outcome if it was handled before."""
    with transaction() as turn:
        webhooks.forget_refusals(turn)
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


def handle(event_id: str, kind: str, object_id: str) -> Outcome:
    """Call the verb for a stored event, and store its outcome.

    What has no order, or is not known to Stripe, is waited for as long as it may still come, and then given up.

    Raises:
        settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected: it stays unhandled.
    """
    verb = VERBS.get(kind) or MONEY_BACK.get(kind)
    try:
        outcome = verb(object_id) if verb else Outcome.IGNORED
    except settlement.UnknownOrder:
        if _is_younger(event_id, STRIPE_INSISTS_FOR):
            raise
        # Its order will not come any more: it went with a copy of the database.
        outcome = Outcome.FOREIGN
        log.warning("event %s is given up: its order is not known", event_id)
    except gateway.NotFound:
        if _is_younger(event_id, STRIPE_KEEPS):
            raise
        outcome = Outcome.UNKNOWN
        log.warning("event %s is given up: Stripe does not know what it is about", event_id)
    return _end(event_id, outcome)


def _is_younger(event_id: str, age: dt.timedelta) -> bool:
    return db.session.get_one(StripeEvent, event_id).created_at > utcnow() - age


def _end(event_id: str, outcome: Outcome) -> Outcome:
    with transaction() as turn:
        event = db.session.get_one(StripeEvent, event_id)
        event.handled_at, event.outcome = turn.now, outcome
    return outcome
