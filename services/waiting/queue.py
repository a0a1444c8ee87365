"""Work that waits in a table: leased before it is done, marked after, tried again after growing delays.

When a worker dies between the two, its lease runs out and the work is due again. Any number of workers may run. The
table has the columns `state`, `attempts`, `due_at` and `lease_until`, and an index over `due_at` of what is queued or
leased; with a column `lane` too, what has a lower number goes first. Mail (`services/mail/outbox.py`) and periodic work
(`services/worker/periodic.py`) have a table each: why, and why not a library's queue, is in `docs/decisions/0009-one-queue.md`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from models import db, utcnow
from services.foundation.transaction import transaction

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
FIRST_RETRY = dt.timedelta(minutes=1)
LONGEST_RETRY = dt.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class Lease:
    """The right to do one row's work until `until`. A worker with an older lease of the row changes nothing.

    Attributes:
        row_id: The row.
        until: When the lease ends, aware UTC.
        attempt: How many times the work was begun, this time included.
    """

    row_id: int
    until: dt.datetime
    attempt: int


@dataclasses.dataclass(frozen=True)
class Queue:
    """The queue in one table.

    Attributes:
        model: The mapped class.
        queued, leased: Its values of `state` for work that waits and work under way.
    """

    model: Any
    queued: Any
    leased: Any

    def due(self, now: dt.datetime, only: int | None = None) -> sa.Select[Any]:
        """The id of the row that goes first: in the lowest lane, due for longest. A leased one is due when its lease ends."""
        model = self.model
        order = [column for name in ("lane", "due_at", "id") if (column := getattr(model, name, None))]
        found = sa.select(model.id).where(model.state.in_([self.queued, self.leased]), model.due_at <= now)
        if only is not None:
            found = found.where(model.id == only)
        return found.order_by(*order).limit(1)

    def claim(self, lease_time: dt.timedelta, only: int | None = None) -> Lease | None:
        """Lease the row that has been due for longest, or None; with `only`, the row of that number. A verb: it commits."""
        if db.session.scalar(self.due(utcnow(), only)) is None:
            # Read first, so that an idle worker takes no write lock.
            db.session.rollback()
            return None
        with transaction() as turn:
            # SQLite takes one writer at a time and ignores FOR UPDATE; PostgreSQL skips what another worker has locked.
            row_id = db.session.scalar(self.due(turn.now, only).with_for_update(skip_locked=True))
            if row_id is None:
                return None
            row = db.session.get_one(self.model, row_id)
            row.state = self.leased
            row.attempts += 1
            row.due_at = row.lease_until = turn.now + lease_time
            return Lease(row.id, row.lease_until, row.attempts)

    def mark(self, lease: Lease, state: Any, **values: object) -> None:
        """Write the outcome of the work, unless another worker has leased the row since. A verb: it commits."""
        with transaction():
            row = db.session.get_one(self.model, lease.row_id, with_for_update=True)
            # Only a leased row has a lease.
            if row.lease_until == lease.until:
                row.state, row.lease_until = state, None
                for name, value in values.items():
                    setattr(row, name, value)


def retry_delay(attempt: int) -> dt.timedelta:
    """1, 2, 4 … minutes, an hour at most; up to a fifth more or less, so that rows do not all come due together."""
    delay = min(FIRST_RETRY * 2.0 ** min(attempt - 1, 16), LONGEST_RETRY)
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, protects nothing


def work(do_due: Callable[[], bool], stop: Callable[[], bool], once: bool = False) -> None:
    """Call `do_due` again and again until `stop()`; with `once`, a single time.

    Args:
        do_due: Does all that is due; False when something it needs is unreachable. The pauses then grow, up to a minute.
    """
    pause = POLL_SECONDS
    while not stop():
        pause = POLL_SECONDS if _round(do_due) else min(pause * 2, LONGEST_PAUSE_SECONDS)
        if once:
            return
        _wait(pause, stop)


def _round(do_due: Callable[[], bool]) -> bool:
    """One call of `do_due`; False too when the database is unreachable."""
    try:
        return do_due()
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        log.warning("the database is away: %s", type(error.orig).__name__)
        return False
    finally:
        # Gives the connection back during the pause; the next round reads fresh rows.
        db.session.remove()


def _wait(seconds: float, stop: Callable[[], bool]) -> None:
    """Sleep, but return within 0.2 s once `stop()` is true."""
    until = time.monotonic() + seconds
    while not stop() and time.monotonic() < until:
        time.sleep(0.2)
