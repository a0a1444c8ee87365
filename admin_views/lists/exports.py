"""CSV exports: streamed from the database to the browser, whatever the number of rows."""

from __future__ import annotations

import csv
import datetime as dt
import enum
import io
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Response, stream_with_context
from werkzeug.utils import secure_filename

from admin_views.lists.columns import ExportColumn
from models import db, utcnow

ROWS_AT_A_TIME = 1_000
# A spreadsheet runs a cell that begins with one of these as a formula (OWASP, "CSV Injection"); some read the
# full-width ones as the plain ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads accents in the wrong encoding


def safe_cell(value: Any) -> str:
    """`value` as the text of a cell that no spreadsheet will run. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, (bool, enum.Enum)):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    text = str(value.value if isinstance(value, enum.Enum) else value)
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def stream(statement: sa.Select[Any], columns: Sequence[ExportColumn], name: str) -> Response:
    """The rows of `statement` (a select of the columns' expressions) as a CSV download called `name`."""
    filename = secure_filename(f"{name}-{utcnow():%Y-%m-%d}.csv")
    return Response(
        stream_with_context(_lines(statement, columns)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _lines(statement: sa.Select[Any], columns: Sequence[ExportColumn]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _text([[safe_cell(str(column.label)) for column in columns]])
    writers = [column.write for column in columns]
    # A server-side cursor on PostgreSQL; SQLite reads as it goes by itself.
    options = {"stream_results": True, "yield_per": ROWS_AT_A_TIME}
    for part in db.session.execute(statement, execution_options=options).partitions():
        yield _text(
            [safe_cell(write(value) if write else value) for write, value in zip(writers, row, strict=True)]
            for row in part
        )


def _text(rows: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
