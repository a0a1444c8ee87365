"""Preparing a batch: what would come of each row is read and written down, a part at a time, so that its page shows how far it is.

Nothing of a customer changes. A worker that dies in the middle goes on where it was.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from models import Batch, BatchRow, BatchState, RowOutcome, db, utcnow
from services.batches import kinds, rows
from services.foundation.transaction import transaction
from services.waiting.queue import Lease, Queue

PREPARING = Queue(Batch, queued=BatchState.QUEUED, leased=BatchState.PREPARING)
# A part takes seconds.
LEASE = dt.timedelta(minutes=1)
PART = 500
# How long what was shown may be confirmed.
CONFIRM_WITHIN = dt.timedelta(hours=24)


def prepare(lease: Lease) -> None:
    """Decide of every row that waits, and have the batch wait for somebody to confirm it. A verb.

    Raises:
        Refused: what the kind refuses of the whole.
    """
    batch = db.session.get_one(Batch, lease.row_id)
    decide, after = kinds.of(batch.kind).prepare(batch), -1
    while part := rows.read(lease.row_id, RowOutcome.WAITING, after, PART):
        decide(part)
        renewed = _keep(lease, part)
        if renewed is None:
            return
        lease, after = renewed, part[-1].no
    PREPARING.mark(lease, BatchState.READY, expires_at=utcnow() + CONFIRM_WITHIN)


def _keep(lease: Lease, part: list[rows.Row]) -> Lease | None:
    """Write what was decided, and hold on to the batch; None where it was settled otherwise, put away or taken over meanwhile."""
    with transaction() as turn:
        batch = db.session.get_one(Batch, lease.row_id, with_for_update=True, populate_existing=True)
        if batch.state != BatchState.PREPARING or batch.lease_until != lease.until:
            return None
        rows.write(part)
        batch.prepared += len(part)
        until = batch.due_at = batch.lease_until = turn.now + LEASE
        return Lease(lease.row_id, until, lease.attempt)


# --- Questions --------------------------------------------------------------------------------------------------------


def counts(batch_id: int) -> dict[RowOutcome, int]:
    """How many rows a batch has of each outcome."""
    found = sa.select(BatchRow.outcome, sa.func.count()).where(BatchRow.batch_id == batch_id)
    told = {outcome: int(count) for outcome, count in db.session.execute(found.group_by(BatchRow.outcome))}
    return {outcome: told.get(outcome, 0) for outcome in RowOutcome}
