"""Events: each is stored in the transaction of the change it reports, and delivered by `webhooks.py` afterwards.

Types: checkout.session.{completed, expired, async_payment_succeeded, async_payment_failed},
payment_intent.{created, requires_action, processing, succeeded, payment_failed, canceled},
charge.{succeeded, pending, failed, refunded}, charge.dispute.{created, funds_withdrawn, closed, funds_reinstated},
refund.created and customer.{created, updated}.
"""

import time

from sandbox.base.store import Object, Transaction
from sandbox.stripe import objects


def emit(tx: Transaction, kind: str, thing: Object) -> None:
    """Store an event of type `kind` about the present state of `thing`, due for delivery at once."""
    event = tx.insert(objects.event(kind, thing, tx.call))
    tx.sql("INSERT INTO delivery (event_id, due) VALUES (?, ?)", (event["id"], time.time()))
