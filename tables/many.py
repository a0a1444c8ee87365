"""Many rows at once: what puts a statement together for each of them costs more than the database takes to write it.

They go round the session, in statements of the driver's own: the session would neither know them nor narrow them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from tables.base import Base, as_json, db

# Values of one statement: SQLite takes 32,766.
AT_A_TIME = 10_000


def _parts(rows: Sequence[Any], size: int) -> Iterator[Any]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def in_parts(values: Iterable[Any], size: int = AT_A_TIME) -> list[list[Any]]:
    """`values` without those that are None or come twice, so many at a time as one statement takes well."""
    whole = list(dict.fromkeys(value for value in values if value is not None))
    return list(_parts(whole, size))


# From so many rows on, what puts a statement together for each of them costs more than the database.
MANY = 50
# So many rows go to the driver at a time: what it makes of them is in memory twice.
SENT = 20_000
# Rows that SQLite is given in one statement.
TOGETHER = 500


def insert_rows(model: type[Base], rows: Sequence[Mapping[str, Any]], *, ignore: bool = False) -> None:
    """Add rows that nothing else of the session needs, each with the same columns, in few statements.

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
    columns = _columns(model, rows)
    names = ", ".join(_quoted(column) for column in columns)
    end = " ON CONFLICT DO NOTHING" if ignore else ""
    text = f"INSERT INTO {table.name} ({names}) {{given}}{end}"
    if _is_postgresql():
        _send_columns(text, columns, rows)
    else:
        _send_together(text, columns, rows)


def made(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as `insert_rows` would add them, each with what the model says of the columns that it leaves out. It reads only: whoever
    holds a lock needs not make them meanwhile.
    """
    whole = [dict(row) for row in rows]
    left = [column for column in _columns(model, rows) if column.name not in rows[0]] if rows else []
    for column in left:
        for row, value in zip(whole, _said(column, rows), strict=True):
            row[column.name] = value
    return whole


def update_rows(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write into rows that exist, each to values of its own, at once.

    By the connection: these are rows that a scope let through, and the session would not know how to narrow them again.

    Args:
        rows: Each with its `id`, which no other of them has, and the same other columns.
    """
    if not rows:
        return
    table: Any = model.__table__
    columns = [table.c[name] for name in rows[0] if name != "id"]
    if _is_postgresql():
        # The numbers first: they differ, and of rows that share all it would not be known how many they are.
        names = ", ".join(_quoted(column) for column in (table.c.id, *columns))
        new = ", ".join(f"{_quoted(column)} = new.{_quoted(column)}" for column in columns)
        text = (
            f"UPDATE {table.name} SET {new} FROM ({{given}}) AS new ({names}) WHERE {table.name}.id = new.id"  # noqa: S608 - our own names
        )
        _send_columns(text, [table.c.id, *columns], rows)
    else:
        new = ", ".join(f"{_quoted(column)} = ?" for column in columns)
        _send_each(f"UPDATE {table.name} SET {new} WHERE id = ?", [*columns, table.c.id], rows)  # noqa: S608 - as above


def _columns(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Those that are written: what a row does not say, the model does."""
    table: Any = model.__table__
    return [column for column in table.columns if column.name in rows[0] or column.default is not None]


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _quoted(column: Any) -> str:
    return str(db.engine.dialect.identifier_preparer.quote(column.name))


def _send_each(text: str, columns: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Have SQLite run a statement for each row. With all rows of an update in one statement it may look through the whole table for
    each of them, where it was measured while it was nearly empty.
    """
    connection = db.session.connection()
    for part in _parts(rows, SENT):
        connection.exec_driver_sql(text, _as_rows(columns, part, connection.dialect))


def _send_together(text: str, columns: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Have SQLite add many rows a statement. With one for each it would guard each by itself, and put each text into the index by which
    it is found as a piece of its own: a fifth of an import's time.

    The statements are of two lengths: the driver keeps its last hundred, with all they hold.

    Args:
        text: With `{given}` in it, for the rows.
    """
    connection = db.session.connection()
    marks = f"({', '.join('?' * len(columns))})"
    together = text.format(given=f"VALUES {', '.join([marks] * TOGETHER)}")
    for part in _parts(rows, SENT):
        values = _as_rows(columns, part, connection.dialect)
        whole = len(values) - len(values) % TOGETHER
        for some in _parts(values[:whole], TOGETHER):
            connection.exec_driver_sql(together, tuple(itertools.chain.from_iterable(some)))
        if whole < len(values):
            connection.exec_driver_sql(text.format(given=f"VALUES {marks}"), values[whole:])


def _as_rows(
    columns: Sequence[Any], rows: Sequence[Mapping[str, Any]], dialect: Any
) -> list[tuple[Any, ...]]:
    """What rows hold in these columns, as the driver takes it."""
    values = [_processed(column, _said(column, rows), dialect) for column in columns]
    return list(zip(*values, strict=True))


def _send_columns(text: str, columns: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Have PostgreSQL run a statement once over many rows: with `executemany` it would plan and run one for each.

    A column goes there as one JSON text, over which the driver takes less time than over an array; what all rows share goes there
    as it is.

    Args:
        text: With `{given}` in it, for what it reads the rows from.
    """
    connection = db.session.connection()
    for part in _parts(rows, SENT):
        values: list[str] = []
        given: list[str] = []
        shared: list[Any] = []
        sent: list[str] = []
        for column in columns:
            own = _said(column, part)
            if given and _is_shared(own):
                values.append(f"CAST(%s AS {_kind(column, connection.dialect)})")
                shared += _processed(column, own[:1], connection.dialect)
            else:
                values.append(f"CAST(c{len(given)} AS {_kind(column, connection.dialect)})")
                # An element of JSON stays one, of anything else it is the text.
                is_json = isinstance(column.type, sa.JSON)
                given.append("json_array_elements(%s)" if is_json else "json_array_elements_text(%s)")
                sent.append(_as_json(column, own, connection.dialect))
        names = ", ".join(f"c{number}" for number in range(len(given)))
        whole = f"SELECT {', '.join(values)} FROM ROWS FROM ({', '.join(given)}) AS given ({names})"  # noqa: S608 - as above
        connection.exec_driver_sql(text.format(given=whole), (*shared, *sent))


def _kind(column: Any, dialect: Any) -> str:
    """The type that a text is read as: a text stays one, since a cast would cut off what is too long for the column."""
    kind = str(column.type.compile(dialect=dialect))
    return "text" if kind.startswith("VARCHAR") else kind


def _is_shared(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(value is first for value in values)


def _as_json(column: Any, values: list[Any], dialect: Any) -> str:
    """A column as a JSON array. What JSON has no type for goes as the text that PostgreSQL reads it from; raises TypeError for bytes."""
    if isinstance(column.type, sa.LargeBinary):
        raise TypeError(f"{column.name} holds bytes, which JSON does not")
    if not isinstance(column.type, sa.JSON):
        values = _processed(column, values, dialect)
        example = next((value for value in values if value is not None), None)
        if isinstance(example, dt.date | decimal.Decimal | uuid.UUID):
            values = _each_once(lambda value: None if value is None else str(value), values)
    return as_json(values)


@dataclasses.dataclass
class _Written:
    """What a column's default asks of the rows that are written, one after the other, as SQLAlchemy's own context answers it."""

    connection: Connection
    row: Mapping[str, Any]

    def get_current_parameters(self) -> Mapping[str, Any]:
        return self.row


def _said(column: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What each row says of a column, or the model does."""
    name, default = column.name, column.default
    if name in rows[0]:
        return [row[name] for row in rows]
    if not default.is_callable:
        return [default.arg] * len(rows)
    written = _Written(db.session.connection(), rows[0])
    values: list[Any] = []
    for written.row in rows:
        values.append(default.arg(written))
    return values


def _processed(column: Any, values: list[Any], dialect: Any) -> list[Any]:
    """Values as the driver takes them."""
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
