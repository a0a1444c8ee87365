"""The two ways to change data: `transaction()`, and `company_lock()` for anything that touches seats or money.

Both yield a *turn*. A verb opens one; a step takes one, changes rows in it and never commits.
What the lock does, and what was measured before it was chosen, is in `docs/decisions/0003-company-lock.md`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from models import Base, Company, Post, db, utcnow

# With BEGIN IMMEDIATE, SQLite waits for its one write lock; a read that turned into a write would fail at once.
_WRITES = "trousseau_writes"
_OPEN = "turn"
# The ids of the operations that the session has begun (`operations.done`); of those alone that stay.
OPERATIONS = "operations"
# Seconds for which one who may be waited for waits: less than PostgreSQL's `deadlock_timeout`, which would choose either.
PATIENCE = 0.5
# What PostgreSQL calls a wait that was too long, and two who wait for each other.
_WAITED = {"55P03", "40P01"}


class PendingChangesError(RuntimeError):
    """A verb was called while its caller has uncommitted changes: it would lose or commit them."""


class Overtaken(Exception):
    """What was written before the lock was taken cannot stay: it is to be done anew, under the lock from the start."""


@dataclasses.dataclass(frozen=True)
class Turn:
    """An open transaction, committed when its block ends.

    Attributes:
        now: The clock, aware UTC, read once after the transaction began; and once more when it takes a company's lock.
        operation: 32 hex digits, the same in every journal entry of the transaction.
        begun: Its operation, once something has been written down (`operations.begin`).
        post: When those whom it concerns are told by mail; a link that somebody waits for leaves at once in any case.
    """

    now: dt.datetime
    operation: str
    post: Post = dataclasses.field(default=Post.NOW, kw_only=True)
    begun: set[str] = dataclasses.field(default_factory=set, kw_only=True)


@dataclasses.dataclass(frozen=True)
class CompanyTurn(Turn):
    """A transaction that holds a company's lock: nobody else counts or moves its seats and money meanwhile.

    Attributes:
        company: The company, read after the lock was taken.
    """

    company: Company


@contextlib.contextmanager
def transaction(*, post: Post = Post.NOW) -> Iterator[Turn]:
    """Commit what the block does, or nothing of it.

    The session is rolled back first: the block reads every row afresh.

    Args:
        post: When the mail of what it does leaves.

    Raises:
        PendingChangesError: the session has changes that are not the block's, or is inside another block.
    """
    session = db.session
    if _OPEN in session.info:
        raise PendingChangesError("a verb cannot be called inside another: it would end its transaction")
    if session.new or session.dirty or session.deleted:
        raise PendingChangesError("a verb must be called with a clean session")
    session.rollback()
    _begin_writing()
    session.info[_OPEN] = uuid.uuid4().hex
    try:
        yield Turn(utcnow(), session.info[_OPEN], post=post)
        session.commit()
    except BaseException:
        session.rollback()
        if session.info[_OPEN] in (begun := session.info.get(OPERATIONS, [])):
            begun.remove(session.info[_OPEN])
        raise
    finally:
        del session.info[_OPEN]


def release_reads() -> None:
    """End the read transaction before a call over the network, so that no connection is held while it lasts.

    Raises:
        PendingChangesError: called inside `transaction()`: its changes would be lost.
    """
    if _OPEN in db.session.info:
        raise PendingChangesError("no network call inside a transaction")
    db.session.rollback()


@contextlib.contextmanager
def company_lock(company_id: int, *, post: Post = Post.NOW) -> Iterator[CompanyTurn]:
    """A transaction that only one caller per company can be in. Every row that the block reads is fresh.

    Args:
        post: As in `transaction`.

    Raises:
        LookupError: there is no such company.
        sqlalchemy.exc.OperationalError: the lock was not free within 10 s.
        PendingChangesError: as `transaction`.
    """
    with transaction(post=post) as turn:
        yield _turn_of(turn, company_id)


@contextlib.contextmanager
def giving_way() -> Iterator[None]:
    """In here, before the lock is taken, nobody is waited for longer than a moment: they may hold it, and wait for this transaction.

    Raises:
        Overtaken: somebody has written the same, or is about to.
    """
    is_postgresql = db.engine.dialect.name == "postgresql"
    before = db.session.scalar(sa.text("SELECT current_setting('lock_timeout')")) if is_postgresql else None
    try:
        if is_postgresql:
            _wait_at_most(f"{PATIENCE * 1_000:.0f}ms")
        yield
        db.session.flush()
    except sa.exc.IntegrityError as there:
        raise Overtaken from there
    except sa.exc.OperationalError as waited:
        if getattr(waited.orig, "sqlstate", None) in _WAITED:
            raise Overtaken from waited
        raise
    if is_postgresql:
        _wait_at_most(str(before))


def _wait_at_most(time: str) -> None:
    """For a lock, in this transaction on PostgreSQL."""
    db.session.execute(sa.text("SELECT set_config('lock_timeout', :time, true)"), {"time": time})


def lock_late(turn: Turn, company_id: int, *, keep: Iterable[Base] = ()) -> CompanyTurn:
    """Take a company's lock in a transaction that has added rows already, so that it is held for the rest of the work alone.

    What was added is what nobody counts or moves (`giving_way`). It may be what the lock's holder waits for: the lock is therefore
    asked for again and again for a moment, and never waited for.

    Args:
        keep: Rows that the transaction has added: nobody else knows them yet, so that they need not be read again.

    Returns:
        The turn. Every other row that is read from then on is fresh.

    Raises:
        Overtaken: the lock was not free within `PATIENCE`.
    """
    until = time.monotonic() + PATIENCE
    while not _is_free(company_id):
        if time.monotonic() > until:
            raise Overtaken
        time.sleep(PATIENCE / 50)
    db.session.flush()
    kept = set(keep)
    for row in db.session:
        if row not in kept:
            db.session.expire(row)
    return _turn_of(turn, company_id)


def _is_free(company_id: int) -> bool:
    """Take the company's lock if nobody has it. SQLite has one lock of all, and gave it when the transaction began."""
    mine = sa.select(Company.id).where(Company.id == company_id)
    return db.session.scalar(mine.with_for_update(key_share=True, skip_locked=True)) is not None


def _turn_of(turn: Turn, company_id: int) -> CompanyTurn:
    company = _take_turn(company_id)
    # The wait for the lock may have been long: the clock is read after it.
    return CompanyTurn(utcnow(), turn.operation, company, post=turn.post, begun=turn.begun)


def _begin_writing() -> None:
    db.session.connection(execution_options={_WRITES: True})


def _take_turn(company_id: int) -> Company:
    """Write to the company's row: on PostgreSQL, another transaction that does so waits for this one to end.

    Returns:
        The company as it is then.
    """
    update = sa.update(Company).where(Company.id == company_id)
    taken: Company | None = db.session.scalar(
        update.values(lock_version=Company.lock_version + 1).returning(Company),
        execution_options={"synchronize_session": False, "populate_existing": True},
    )
    if taken is None:
        raise LookupError(f"no company {company_id}")
    return taken


def configure_engine(engine: Engine) -> None:
    """Set SQLite up: WAL, foreign keys, triggers that also run for REPLACE, transactions that begin when asked to."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling would begin at the first write, and never IMMEDIATE.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "recursive_triggers = ON",
            "busy_timeout = 10000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
