"""A worker that is to do one batch and no other, in a race."""

from __future__ import annotations

from models import Batch, BatchState, db
from services.batches import applying


def apply(batch_id: int) -> None:
    """Apply the batch, as soon as the database gives it: SQLite gives none while a rival writes."""
    while _is_untouched(batch_id):
        applying.work_on([batch_id], most=None)


def _is_untouched(batch_id: int) -> bool:
    batch = db.session.get_one(Batch, batch_id, populate_existing=True)
    state, attempts = batch.state, batch.attempts
    db.session.rollback()
    return state == BatchState.CONFIRMED and not attempts
