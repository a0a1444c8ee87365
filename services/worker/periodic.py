"""Work that is done again every so often, declared once and done by whichever worker is free.

A worker asks for the turn of the present period, which is a row: two cannot ask for it twice. A period that passed while no
worker ran is not made up for. Each work must bear to be done twice, as a worker may die after it and before it says so.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from models import Job, JobState, db, insert_or_ignore, utcnow
from services.foundation.transaction import transaction
from services.waiting.queue import Lease, Queue, retry_delay

log = logging.getLogger(__name__)

JOBS = Queue(Job, queued=JobState.QUEUED, leased=JobState.RUNNING)
# No work takes longer: the calls to Stripe of one run of reconcile are bounded by its silences.
LEASE = dt.timedelta(minutes=30)
MAX_ATTEMPTS = 3
# How long the rows of what was done are kept, for whoever asks when it last ran.
KEPT = dt.timedelta(days=30)


@dataclasses.dataclass(frozen=True)
class Periodic:
    """A work and how often it is done.

    Attributes:
        work: Called without arguments, outside of any transaction.
    """

    name: str
    every: dt.timedelta
    work: Callable[[], object]

    def period(self, now: dt.datetime) -> dt.datetime:
        """When the period of `now` began; the first one began with 1970."""
        seconds = int(self.every.total_seconds())
        return dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)


def do_due(works: Sequence[Periodic], stop: Callable[[], bool] = lambda: False) -> int:
    """Do every turn that is due; returns how many were done. One that breaks keeps no other from it."""
    _ask(works)
    by_name, done = {work.name: work for work in works}, 0
    while not stop() and (lease := JOBS.claim(LEASE)) is not None:
        name = db.session.scalar(sa.select(Job.name).where(Job.id == lease.row_id))
        db.session.rollback()
        _do(by_name.get(name or ""), lease)
        done += 1
    return done


def _ask(works: Sequence[Periodic]) -> None:
    """Make the rows of the present periods that are not there; reads first, so that an idle worker writes nothing."""
    now = utcnow()
    wanted = {(work.name, work.period(now)) for work in works}
    recent = sa.select(Job.name, Job.period).where(Job.period.in_({period for _, period in wanted}))
    there = {(name, period) for name, period in db.session.execute(recent)}
    db.session.rollback()
    if missing := sorted(wanted - there):
        with transaction() as turn:
            rows = [
                {"name": name, "period": period, "due_at": turn.now, "created_at": turn.now}
                for name, period in missing
            ]
            db.session.execute(insert_or_ignore(Job).values(rows))


def _do(work: Periodic | None, lease: Lease) -> None:
    """Do one turn and mark it. What no worker knows any more is failed at once."""
    if work is None:
        JOBS.mark(lease, JobState.FAILED, last_error="unknown")
        return
    try:
        work.work()
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except Exception as error:
        db.session.rollback()
        log.exception("%s broke", work.name)
        _later(lease, type(error).__name__)
    else:
        JOBS.mark(lease, JobState.DONE, done_at=utcnow(), last_error=None)


def _later(lease: Lease, error: str) -> None:
    if lease.attempt >= MAX_ATTEMPTS:
        JOBS.mark(lease, JobState.FAILED, last_error=error)
    else:
        JOBS.mark(lease, JobState.QUEUED, last_error=error, due_at=utcnow() + retry_delay(lease.attempt))


def forget_done() -> None:
    """Delete the rows of turns that are long past."""
    with transaction() as turn:
        old = (Job.created_at < turn.now - KEPT, Job.state.in_([JobState.DONE, JobState.FAILED]))
        db.session.execute(sa.delete(Job).where(*old), execution_options={"synchronize_session": False})


# Of each index a thousand rows are read at most, whatever its size (https://sqlite.org/lang_analyze.html, 4.1).
MEASURING = ("PRAGMA analysis_limit = 1000", "ANALYZE")


def measure_tables() -> None:
    """Tell SQLite how its tables are filled, by which it chooses among their indexes; PostgreSQL looks by itself."""
    if db.engine.dialect.name == "sqlite":
        with transaction():
            for statement in MEASURING:
                db.session.execute(sa.text(statement))
