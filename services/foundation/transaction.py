"""The two ways to change data: `transaction()`, and `company_lock()` for anything that touches seats or money.

Both yield a *turn*. A verb opens one; a step takes one, changes rows in it and never commits.
What the lock does, and what was measured before it was chosen, is in `docs/decisions/0003-company-lock.md`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Json, Jsonb
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from models import Base, Company, Post, db, utcnow

# With BEGIN IMMEDIATE, SQLite waits for its one write lock; a read that turned into a write would fail at once.
_WRITES = "trousseau_writes"
_OPEN = "turn"


class PendingChangesError(RuntimeError):
    """A verb was called while its caller has uncommitted changes: it would lose or commit them."""


@dataclasses.dataclass(frozen=True)
class Turn:
    """An open transaction, committed when its block ends.

    Attributes:
        now: The clock, aware UTC, read once after the transaction began.
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
        company = _take_turn(company_id)
        # The wait for the lock may have been long: the clock is read after it.
        yield CompanyTurn(utcnow(), turn.operation, company, post=post)


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


# Values of one statement: SQLite takes 32,766.
AT_A_TIME = 10_000


def in_parts(values: Iterable[Any], size: int = AT_A_TIME) -> list[list[Any]]:
    """`values` without those that are None or come twice, so many at a time as one statement takes well."""
    whole = list(dict.fromkeys(value for value in values if value is not None))
    return [whole[start : start + size] for start in range(0, len(whole), size)]


# From so many rows on, what puts a statement together for each of them costs more than the database.
MANY = 50
# So many rows go to the driver at a time: what it makes of them is in memory twice.
SENT = 20_000


def insert_rows(model: type[Base], rows: Sequence[Mapping[str, Any]], *, ignore: bool = False) -> None:
    """Add rows that nothing else of the session needs, each with the same columns, in one statement.

    Many are handed to the driver as it wants them: SQLAlchemy would take longer over them than the database.

    Args:
        ignore: Whether a row that exists already stays as it is and is no error.
    """
    table: Any = model.__table__
    insert = insert_or_ignore(model) if ignore else sa.insert(table)
    if len(rows) < MANY:
        if rows:
            db.session.execute(insert, rows)
        return
    # What a row does not say, the model does.
    columns = [column for column in table.columns if column.name in rows[0] or column.default is not None]
    names = ", ".join(_quoted(column.name) for column in columns)
    end = " ON CONFLICT DO NOTHING" if ignore else ""
    if _is_postgresql():
        text = f"INSERT INTO {table.name} ({names}) SELECT * FROM {_given(columns)}{end}"  # noqa: S608 - our own names
    else:
        text = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))}){end}"  # noqa: S608
    _send(text, columns, rows)


def update_rows(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write into rows that exist, each to values of its own, in one statement; in the order in which they come.

    By the connection: these are rows that a scope let through, and the session would not know how to narrow them again.

    Args:
        rows: Each with its `id` and the same other columns.
    """
    if not rows:
        return
    table: Any = model.__table__
    columns = [table.c[name] for name in rows[0] if name != "id"]
    if _is_postgresql():
        new = ", ".join(f"{_quoted(column.name)} = given.{_quoted(column.name)}" for column in columns)
        given = _given([*columns, table.c.id])
        text = f"UPDATE {table.name} SET {new} FROM {given} WHERE {table.name}.id = given.id"  # noqa: S608
    else:
        new = ", ".join(f"{_quoted(column.name)} = ?" for column in columns)
        text = f"UPDATE {table.name} SET {new} WHERE id = ?"  # noqa: S608
    _send(text, [*columns, table.c.id], rows)


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _quoted(name: str) -> str:
    return str(db.engine.dialect.identifier_preparer.quote(name))


def _given(columns: Sequence[Any]) -> str:
    """PostgreSQL takes the rows as one JSON text: `executemany` would have it plan and run a statement for each row, and the
    driver takes longer over arrays than the server over their rows.
    """
    kinds = [str(column.type.compile(dialect=db.engine.dialect)) for column in columns]
    # In which order a column's texts stand is no part of the type of what is given.
    typed = [
        f"{_quoted(column.name)} {kind.partition(' COLLATE ')[0]}"
        for column, kind in zip(columns, kinds, strict=True)
    ]
    return f"json_to_recordset(%s) AS given ({', '.join(typed)})"


def _send(text: str, columns: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Have the driver run it, with the values of rows as it takes them: column by column, or row by row."""
    connection = db.session.connection()
    for start in range(0, len(rows), SENT):
        part = rows[start : start + SENT]
        values = [_sent(column, part, connection.dialect) for column in columns]
        rows_of_values = zip(*values, strict=True)
        if _is_postgresql():
            names = [column.name for column in columns]
            given = [dict(zip(names, map(_as_text, one), strict=True)) for one in rows_of_values]
            connection.exec_driver_sql(text, (json.dumps(given, default=_as_json),))
        else:
            connection.exec_driver_sql(text, list(rows_of_values))


def _as_text(value: Any) -> Any:
    """A value of a column as JSON carries it: what it has no type for as PostgreSQL reads it from a text."""
    return str(value) if isinstance(value, dt.date | decimal.Decimal | uuid.UUID) else value


def _as_json(value: Any) -> Any:
    """What a column of JSON holds. Raises TypeError for anything else that JSON has no type for, as bytes are."""
    if isinstance(value, Jsonb | Json):
        return value.obj
    raise TypeError(f"{type(value).__name__} has no place in JSON")


@dataclasses.dataclass
class _Written:
    """What a column's default asks of the rows that are written, one after the other, as SQLAlchemy's own context answers it."""

    connection: Connection
    row: Mapping[str, Any]

    def get_current_parameters(self) -> Mapping[str, Any]:
        return self.row


def _sent(column: Any, rows: Sequence[Mapping[str, Any]], dialect: Any) -> list[Any]:
    """The values of a column as the driver takes them."""
    name, default = column.name, column.default
    if name in rows[0]:
        values = [row[name] for row in rows]
    elif default.is_callable:
        written = _Written(db.session.connection(), rows[0])
        values = []
        for written.row in rows:
            values.append(default.arg(written))
    else:
        values = [default.arg] * len(rows)
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else _each_once(process, values)


def _each_once(process: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """`process` of each value; of one that many rows share, the moment of their turn, it is made once."""
    sent, last, made = [], object(), None
    for value in values:
        if value is not last:
            last, made = value, process(value)
        sent.append(made)
    return sent


def insert_or_ignore(model: type[Any]) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` for the database in use, to be completed with `.values(…)`.

    A row that exists already stays as it is and does not break the caller's transaction.
    """
    insert: Any = postgresql.insert if _is_postgresql() else sqlite.insert
    return insert(model.__table__).on_conflict_do_nothing()
