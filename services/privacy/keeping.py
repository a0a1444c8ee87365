"""How long the journal keeps what is personal in its entries: `PERSONAL_KEPT_DAYS`. Entries themselves stay."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import current_app

import access
from models import JournalEntry, JournalPersonal, db
from services.foundation.transaction import transaction

# Rows of one transaction, so that nobody waits for it; and how many of those a day.
BATCH = 1_000
BATCHES = 1_000


def forget_old() -> int:
    """Delete the personal part of entries that are older than the setting says; returns of how many.

    Entries are numbered in the order of time, so that a batch is what comes first: nothing younger is read.
    """
    kept = dt.timedelta(days=current_app.config["PERSONAL_KEPT_DAYS"])
    forgotten = 0
    for _batch in range(BATCHES):
        count = _forget_batch(kept)
        forgotten += count
        if count < BATCH:
            break
    return forgotten


def _forget_batch(kept: dt.timedelta) -> int:
    first = (
        sa.select(JournalPersonal.entry_id, JournalEntry.at)
        .join(JournalEntry, JournalEntry.id == JournalPersonal.entry_id)
        .order_by(JournalPersonal.entry_id)
        .limit(BATCH)
    )
    with access.everything(), transaction() as turn:
        old = [entry_id for entry_id, at in db.session.execute(first) if at < turn.now - kept]
        if old:
            db.session.execute(
                sa.delete(JournalPersonal).where(JournalPersonal.entry_id.in_(old)),
                execution_options={"synchronize_session": False},
            )
    return len(old)
