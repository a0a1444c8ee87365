"""What files held of people is kept a month: what was done, and to whom, stays by number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

import access
from models import Batch, BatchFile, BatchKind, BatchRow, BatchState, db
from services.foundation.transaction import transaction

KEPT = dt.timedelta(days=30)
_OF_FILES = frozenset({BatchKind.PEOPLE, BatchKind.BASE})


def forget_old() -> int:
    """Forget the texts and files of batches that are a month old, and the rows of those that were never done; returns of how many
    batches. Each in a transaction of its own: nobody waits for all of them."""
    with access.everything():
        old = _old()
        for batch_id in old:
            _forget(batch_id)
    return len(old)


def _old() -> list[int]:
    with transaction() as turn:
        rows = sa.exists().where(
            BatchRow.batch_id == Batch.id, sa.or_(_has_text(), Batch.state != BatchState.DONE)
        )
        files = sa.exists().where(BatchFile.batch_id == Batch.id)
        found = sa.select(Batch.id).where(Batch.created_at < turn.now - KEPT, sa.or_(rows, files))
        return list(db.session.scalars(found))


def _has_text() -> sa.ColumnElement[bool]:
    return sa.or_(sa.cast(BatchRow.raw, sa.String) != "{}", BatchRow.problem.is_not(None))


def _forget(batch_id: int) -> None:
    with transaction():
        batch, of_it = db.session.get_one(Batch, batch_id), {"synchronize_session": False}
        own = BatchRow.batch_id == batch_id
        if batch.state == BatchState.DONE:
            # What was made of a file's texts holds the same names.
            texts: dict[str, Any] = {"raw": {}, "problem": None} | (
                {"seen": {}} if batch.kind in _OF_FILES else {}
            )
            db.session.execute(sa.update(BatchRow).where(own).values(texts), execution_options=of_it)
        else:
            db.session.execute(sa.delete(BatchRow).where(own), execution_options=of_it)
            if batch.is_working or batch.state != BatchState.DISCARDED:
                batch.state, batch.lease_until = BatchState.DISCARDED, None
        db.session.execute(
            sa.delete(BatchFile).where(BatchFile.batch_id == batch_id), execution_options=of_it
        )
