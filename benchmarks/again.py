"""What a verb writes, sent again by the driver alone: the least SQL of the same."""

from __future__ import annotations

import contextlib
import gc
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
        if statement.split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
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


def _row_by_row(one: tuple[str, Any, bool]) -> tuple[str, Any, bool]:
    """A statement of rows in JSON (`services/foundation/transaction.py`) as `executemany` of them; any other as it is."""
    statement, parameters, _many = one
    given = re.search(r"json_to_recordset\(%s\) AS given \((.*?)\)( ON CONFLICT| WHERE|$)", statement)
    if given is None:
        return one
    columns = re.findall(r"(\S+) ([A-Z ]+(?:\(\d+\))?)(?:, |$)", given[1])
    marks = [f"CAST(%s AS {kind})" for _name, kind in columns]
    if statement.startswith("INSERT"):
        end = " ON CONFLICT DO NOTHING" if statement.endswith("NOTHING") else ""
        text = f"{statement.partition(' SELECT ')[0]} VALUES ({', '.join(marks)}){end}"
    else:
        new = ", ".join(f"{name} = {mark}" for (name, _kind), mark in zip(columns[:-1], marks, strict=False))
        text = f"UPDATE {statement.split()[1]} SET {new} WHERE id = {marks[-1]}"  # noqa: S608
    rows = [tuple(map(_cell, row.values())) for row in json.loads(parameters[0])]
    return text, rows, True


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
