"""Confirming a batch and doing what it showed: the whole of it in one transaction, under its company's lock, once, as one operation."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import gc
import logging
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from access import Actor, Permission, can
from models import ActorKind, Batch, BatchState, Company, Post, RowOutcome, User, db, utcnow
from services.batches import kinds, preparing, rows
from services.batches.choosing import lock, settled
from services.foundation import operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import (
    CompanyTurn,
    Overtaken,
    company_lock,
    giving_way,
    lock_late,
    transaction,
)
from services.waiting.queue import Lease, Queue, retry_delay

log = logging.getLogger(__name__)

APPLYING = Queue(Batch, queued=BatchState.CONFIRMED, leased=BatchState.APPLYING)
# It is a transaction of some seconds, or two, where the first is overtaken.
LEASE = dt.timedelta(minutes=2)
MAX_ATTEMPTS = 5
# So few are prepared and applied while somebody waits in front of the page, by what the worker does otherwise.
AT_ONCE = 200


def confirm(batch: Batch, by: Actor, *, shown: dt.datetime | None = None) -> None:
    """Have done what the batch shows. Confirming twice does it once and is no error. A verb.

    Args:
        shown: Until when what was shown could be confirmed (`Batch.expires_at`): what can be longer was prepared since.

    Raises:
        Refused: `batch_expired`, a day after it was shown; `batch_settled`, when it was put away or is prepared anew.
    """
    batch_id = batch.id
    with transaction() as turn:
        batch = lock(turn, batch_id)
        if batch.state in {BatchState.CONFIRMED, BatchState.APPLYING, BatchState.DONE}:
            return
        if batch.state != BatchState.READY:
            raise settled()
        if batch.expires_at is None or batch.expires_at <= turn.now:
            raise Refused(
                Code.BATCH_EXPIRED,
                _("What is shown here is more than a day old. Nothing was changed: have it prepared anew."),
            )
        if shown is not None and batch.expires_at > shown:
            raise settled()
        batch.state, batch.attempts, batch.due_at, batch.lease_until = BatchState.CONFIRMED, 0, turn.now, None
        batch.confirmed_at, batch.confirmed_by_id, batch.confirmed_as = turn.now, by.user_id, by.kind
        batch.address = by.address


def work_on(batch_ids: Sequence[int], most: int | None = AT_ONCE) -> None:
    """Prepare or apply batches now, instead of waiting for the worker, as long as they have few rows together. The rest is the
    worker's. A verb.

    Args:
        most: How many rows are few; None for any number, where whoever asks can wait.
    """
    total = 0
    for batch_id in batch_ids:
        total += db.session.scalar(sa.select(Batch.total).where(Batch.id == batch_id)) or 0
        if most is not None and total > most:
            return
        _work(APPLYING, _apply, LEASE, batch_id)
        _work(preparing.PREPARING, preparing.prepare, preparing.LEASE, batch_id)


def do_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Apply and prepare every batch that waits; returns how many. The body of the worker's part for many at once."""
    count = 0
    while not stop() and (
        _work(APPLYING, _apply, LEASE) or _work(preparing.PREPARING, preparing.prepare, preparing.LEASE)
    ):
        count += 1
    return count


def _work(
    queue: Queue, does: Callable[[Lease], None], lease_time: dt.timedelta, only: int | None = None
) -> bool:
    """Lease one batch and do what is due of it. What it cannot stand fails, is said on its page, and stops no other."""
    lease = queue.claim(lease_time, only)
    if lease is None:
        return False
    language = db.session.scalar(sa.select(Batch.language).where(Batch.id == lease.row_id))
    with force_locale(str(language)):
        try:
            if lease.attempt > MAX_ATTEMPTS:
                # It ends the process each time, or the database's patience: whoever waits is told, instead of waiting for ever.
                raise _broken()
            does(lease)
        except Refused as refused:
            db.session.rollback()
            _fail(lease, refused.sentence)
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            raise
        except Exception:
            db.session.rollback()
            log.exception("batch %s broke", lease.row_id)
            _again(queue, lease)
    return True


def _apply(lease: Lease) -> None:
    """Do the whole of a confirmed batch, or nothing of it; that it is done is committed with what is done."""
    batch = db.session.get_one(Batch, lease.row_id)
    kind, company_id, post = kinds.of(batch.kind), batch.company_id, Post(batch.options["post"])
    if kind.apply_parts is not None:
        kind.apply_parts(lease, _actor)
        return
    if company_id is None:
        raise LookupError("only what makes its customers is of none")
    with _uncollected():
        if kind.begin is not None:
            try:
                _begin_unlocked(lease, kind, company_id, post)
            except Overtaken:
                log.info("batch %s begins again, under the lock", lease.row_id)
            else:
                return
        with company_lock(company_id, post=post) as turn:
            _finish(turn, lease, kind)


def _begin_unlocked(lease: Lease, kind: kinds.Kind, company_id: int, post: Post) -> None:
    """Do the whole of it, what `begin` does before the company is locked. Raises `Overtaken` where that cannot stay."""
    batch = db.session.get_one(Batch, lease.row_id, populate_existing=True)
    if not _is_of(batch, lease) or kind.begin is None:
        return
    # Whoever is added is found by it: a new name follows for those alone who are there when it is given.
    name = db.session.scalar(sa.select(Company.name).where(Company.id == company_id))
    ready = rows.read(batch.id, RowOutcome.READY)
    add = kind.begin(batch, ready, _actor(batch))
    # SQLite has one lock of all, from here on.
    with transaction(post=post) as turn:
        with giving_way():
            add(turn)
        # What it has prepared is written.
        del add
        locked = lock_late(turn, company_id, keep=[row.begun for row in ready if row.begun is not None])
        done = locked.company.name == name and _finish(locked, lease, kind, ready)
        if not done or any(row.begun is not None and row.outcome != RowOutcome.READY for row in ready):
            raise Overtaken


def _finish(
    turn: CompanyTurn, lease: Lease, kind: kinds.Kind, ready: Sequence[rows.Row] | None = None
) -> bool:
    """Do what is shown, unless the batch is no longer this lease's; returns whether it is. A step.

    Args:
        ready: Its rows, with what `begin` has made of them; None, if they are to be read.
    """
    batch = lock(turn, lease.row_id)
    if not _is_of(batch, lease) or kind.apply is None:
        return False
    by = _actor(batch)
    if ready is None:
        ready = rows.read(batch.id, RowOutcome.READY)
    kind.apply(turn, batch, ready, by)
    rows.write([row for row in ready if row.outcome != RowOutcome.READY], ("outcome", "problem", "seen"))
    batch.state, batch.done_at, batch.lease_until, batch.address = BatchState.DONE, turn.now, None, None
    batch.operation_id = turn.operation if turn.begun else None
    return True


def _is_of(batch: Batch, lease: Lease) -> bool:
    return batch.state == BatchState.APPLYING and batch.lease_until == lease.until


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Leave Python's collector out: all that is made here stays to the end, and looking through it again and again is a
    quarter of the time for which the company is locked.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _actor(batch: Batch) -> Actor:
    """Whoever confirmed it, who must still be one who may. Raises Refused `access_ended`."""
    if batch.confirmed_as == ActorKind.SYSTEM:
        return Actor(address=batch.address)
    user = db.session.get_one(User, batch.confirmed_by_id, populate_existing=True)
    if not user.is_active or not (can(user, Permission.MANAGE_USERS) or can(user, Permission.SUPPORT)):
        raise operations.access_ended()
    if not user.is_staff and user.company_id != batch.company_id:
        raise operations.access_ended()
    return dataclasses.replace(Actor.of(user), address=batch.address)


def _fail(lease: Lease, sentence: str) -> None:
    with transaction() as turn:
        batch = lock(turn, lease.row_id)
        if batch.lease_until == lease.until:
            batch.state, batch.problem, batch.lease_until = BatchState.FAILED, sentence[:500], None


def _again(queue: Queue, lease: Lease) -> None:
    """Later, or never: what breaks is told to whoever waits for it, and logged."""
    if lease.attempt >= MAX_ATTEMPTS:
        _fail(lease, _broken().sentence)
    else:
        queue.mark(lease, queue.queued, due_at=utcnow() + retry_delay(lease.attempt))


def _broken() -> Refused:
    sentence = _(
        "Something went wrong on our side, and nothing was changed. Try again; if it goes on, write to support."
    )
    return Refused(Code.BROKEN, sentence)
