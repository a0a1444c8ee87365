"""Telling the merchant: an event is kept with the change it tells of, in the same transaction, and then delivered.

Events made here: checkout.session.{completed, expired, async_payment_succeeded, async_payment_failed},
payment_intent.{created, requires_action, processing, succeeded, payment_failed, canceled},
charge.{succeeded, pending, failed} and customer.{created, updated}.
"""

import time

from sandbox.base.store import Object, Transaction
from sandbox.stripe import objects


def emit(tx: Transaction, kind: str, thing: Object) -> None:
    """Keep an event about `thing` as it stands, and put it up for delivery."""
    event = tx.insert(objects.event(kind, thing, tx.call))
    tx.sql("INSERT INTO delivery (event_id, due) VALUES (?, ?)", (event["id"], time.time()))
