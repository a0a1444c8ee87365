"""Millions of rows in a few minutes: without indexes, triggers and foreign keys while they are loaded, with all of them after.

PostgreSQL reads them by COPY, SQLite by `executemany`. What was taken away is put back and checked by the database itself:
a filled database is one that the application could have written.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from models import Base, db
from services.worker import periodic

# What a driver and COPY write alike: instants and days are text already.
Cell = str | int | None
Rows = Iterable[Sequence[Cell]]


class Loader:
    """Writes rows of one table after the other."""

    def __init__(self, driver: Any, write: Callable[[str, Sequence[str], Rows], None]) -> None:
        self._driver, self._write = driver, write

    def load(self, kind: type[Base], columns: Sequence[str], rows: Rows) -> None:
        """Write `rows`, whose cells are in the order of `columns`; other columns get their defaults."""
        table: Any = kind.__table__
        more = {
            column.name: plain(_default(column))
            for column in table.columns
            if column.default is not None and column.name not in columns
        }
        values = tuple(more.values())
        self._write(table.name, (*columns, *more), ((*row, *values) for row in rows) if more else rows)

    def run(self, statement: str) -> None:
        """Write rows that the database makes of those it has; no trigger hears of it."""
        self._driver.execute(statement)


@contextlib.contextmanager
def loading() -> Iterator[Loader]:
    """Write rows in here. Leaving it puts indexes, triggers and foreign keys back, and gathers the planner's statistics."""
    tables = [table.name for table in Base.metadata.sorted_tables]
    # SQLite changes how it keeps its journal only while nobody else is connected.
    db.session.remove()
    db.engine.dispose()
    with contextlib.closing(db.engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        way = _in_postgresql if db.engine.dialect.name == "postgresql" else _in_sqlite
        with way(driver, tables) as write:
            yield Loader(driver, write)
    # A connection that was told to care less is not given to anybody else.
    db.engine.dispose()


def _default(column: Any) -> Any:
    # SQLAlchemy calls a function that makes a default with the context of the statement, which ours do without.
    return column.default.arg(None) if column.default.is_callable else column.default.arg


def plain(value: Any) -> Cell:
    """`value` as both databases read it."""
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    if isinstance(value, enum.IntEnum | bool):
        return int(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    checked: Cell = value
    return checked


# --- SQLite -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _in_sqlite(driver: Any, tables: Sequence[str]) -> Iterator[Any]:
    for pragma in (
        "foreign_keys = OFF",
        "synchronous = OFF",
        "cache_size = -400000",
        "journal_mode = MEMORY",
    ):
        driver.execute(f"PRAGMA {pragma}")
    kept = driver.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    driver.execute("BEGIN")
    for what, name, _sql in kept:
        driver.execute(f'DROP {what} "{name}"')

    def write(table: str, columns: Sequence[str], rows: Rows) -> None:
        marks = ", ".join("?" * len(columns))
        names = ", ".join(f'"{name}"' for name in columns)
        driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608 - names of ours

    yield write
    for _what, _name, sql in kept:
        driver.execute(sql)
    # What its triggers keep beside a table.
    for (found,) in driver.execute(
        "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'"
    ).fetchall():
        driver.execute(f"INSERT INTO {found} ({found}) VALUES ('rebuild')")  # noqa: S608 - names of ours
    driver.execute("COMMIT")
    broken = driver.execute("PRAGMA foreign_key_check").fetchmany(5)
    assert not broken, f"rows that point at nothing: {broken}"
    # As the desk's worker does it: what SQLite chooses among its indexes by is what is measured here.
    for sql in periodic.MEASURING:
        driver.execute(sql)
    driver.execute("PRAGMA journal_mode = WAL")


# --- PostgreSQL -------------------------------------------------------------------------------------------------------

_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"""
_NUMBERED = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_default LIKE 'nextval%' AND column_name = 'id'"""


@contextlib.contextmanager
def _in_postgresql(driver: Any, tables: Sequence[str]) -> Iterator[Any]:
    driver.execute("SET TIME ZONE 'UTC'")
    driver.execute("SET maintenance_work_mem = '256MB'")
    indexes, keys = driver.execute(_INDEXES).fetchall(), driver.execute(_FOREIGN_KEYS).fetchall()
    for table, name, _definition in keys:
        driver.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        driver.execute(f'DROP INDEX "{name}"')
    for table in tables:
        driver.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    with driver.cursor() as cursor:

        def write(table: str, columns: Sequence[str], rows: Rows) -> None:
            names = ", ".join(f'"{name}"' for name in columns)
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                copy.write("".join(map(_line, rows)))

        yield write
    for _name, definition in indexes:
        driver.execute(definition)
    for table, name, definition in keys:
        driver.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for table in tables:
        driver.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
    for (table,) in driver.execute(_NUMBERED).fetchall():
        driver.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\"",  # noqa: S608 - names of ours
        )
    driver.commit()
    driver.autocommit = True
    driver.execute("VACUUM (ANALYZE)")


def _line(row: Sequence[Cell]) -> str:
    # Nothing that is filled in holds a tab, a line break or a backslash.
    return "\t".join(["\\N" if cell is None else str(cell) for cell in row]) + "\n"
