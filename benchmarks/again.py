"""What a verb writes, sent again by the driver alone: the least SQL of the same."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from models import db

# Statement, parameters, whether it is of many rows.
Sent = list[tuple[str, Any, bool]]


@contextlib.contextmanager
def recording() -> Iterator[Sent]:
    """Note every statement that writes, in here."""
    sent: Sent = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            sent.append((statement, parameters, many))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def sent_again(sent: Sent) -> float:
    """Seconds of the same rows, written by the driver alone."""
    db.session.rollback()
    gc.collect()
    began = time.perf_counter()
    with db.engine.begin() as connection:
        cursor = connection.connection.cursor()
        for statement, parameters, many in map(_row_by_row, sent):
            (cursor.executemany if many else cursor.execute)(statement, parameters)
    return time.perf_counter() - began


# What a statement of many rows reads them from, as `tables/many.py` writes it for PostgreSQL and for SQLite.
_COLUMNS = re.compile(r"SELECT (?P<values>CAST.*?) FROM ROWS FROM \(.*\) AS given \([c0-9, ]+\)")
_VALUE = re.compile(r"CAST\((%s|c\d+) AS ([A-Za-z ]+(?:\([\d, ]+\))?)\)")
_ROWS = re.compile(r"VALUES \((?P<marks>[?, ]+)\)(?:, \([?, ]+\))+")
_UPDATE = re.compile(r"UPDATE (?P<table>\w+) SET .* AS new \((?P<names>.*?)\) WHERE ")


def _row_by_row(one: tuple[str, Any, bool]) -> tuple[str, Any, bool]:
    """A statement of many rows as `executemany` of them; any other as it is."""
    statement, parameters, many = one
    if many:
        return one
    if given := _COLUMNS.search(statement):
        marks, rows = _of_columns(given["values"], parameters)
    elif given := _ROWS.search(statement):
        marks = given["marks"].split(", ")
        rows = list(zip(*[iter(parameters)] * len(marks), strict=True))
    else:
        return one
    if update := _UPDATE.match(statement):
        names = update["names"].split(", ")
        new = ", ".join(f"{name} = {mark}" for name, mark in zip(names[1:], marks[1:], strict=True))
        text = f"UPDATE {update['table']} SET {new} WHERE id = {marks[0]}"  # noqa: S608
        return text, [(*row[1:], row[0]) for row in rows], True
    return f"{statement[: given.start()]}VALUES ({', '.join(marks)}){statement[given.end() :]}", rows, True


def _of_columns(given: str, parameters: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """How a row's values are written, and the rows."""
    values = _VALUE.findall(given)
    shared = sum(place == "%s" for place, _kind in values)
    columns = [json.loads(column) for column in parameters[shared:]]
    same, own = iter(parameters[:shared]), iter(columns)
    of_rows = [
        itertools.repeat(next(same), len(columns[0])) if place == "%s" else map(_cell, next(own))
        for place, _kind in values
    ]
    return [f"CAST(%s AS {kind})" for _place, kind in values], list(zip(*of_rows, strict=True))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
