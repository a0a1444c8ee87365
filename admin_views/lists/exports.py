"""Files of a list: what its address asks for, whole, in its order, as CSV or as a workbook.

Rows are read by pages, each in a transaction of its own: no snapshot and no connection is held while somebody's browser takes
its time. A row that changes its place meanwhile may be in the file twice, or not; the default order is by key, which never changes.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, request, stream_with_context
from flask_babel import gettext as _
from flask_login import current_user
from xlsxwriter import Workbook

from access import current_actor
from admin_views.lists import keyset, listing, rows
from admin_views.lists.columns import Column
from admin_views.lists.filed import Cell, Filed, FileSheet
from admin_views.lists.view import around
from models import db
from services.foundation.errors import Code, Refused
from services.foundation.transaction import release_reads
from services.reports import exported
from services.text.formats import current_language, number
from services.text.inert import FORMULA_STARTS, inert

ROWS_AT_A_TIME = 2_000
# Of a sheet, its head included ("Excel specifications and limits"); characters of a cell.
SHEET_ROWS, CELL_TEXT = 1_048_576, 32_767
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads accents in the wrong encoding
# What a spreadsheet expects of a file in the reader's language: between cells, and before cents.
SEPARATORS = {"fr": (";", ","), "en": (",", ".")}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The name of a list in the reader's language, by its endpoint: what the journal calls it.
TITLES: dict[str, Any] = {}

Pages = Iterator[list[Sequence[Any]]]


class Listed(Protocol):
    """What is asked of a view: a `DeskModelView`."""

    model: Any
    title: Any
    endpoint: str
    columns: Any
    joins: Any
    within: Any
    export_columns: Any
    export_joins: Any
    asked: Callable[[], listing.Asked]
    found: Callable[[listing.Asked], Any]
    order_of: Callable[[listing.Asked], tuple[keyset.Order, str]]
    told: Callable[[Sequence[Any]], Mapping[Any, Any]]


def download(view: Listed, kind: str) -> Response:
    """The file of what the address asks of the list. It stands in the journal before its first byte.

    Raises:
        Refused: a sheet cannot hold so many rows.
    """
    asked = view.asked()
    found, (order, _name) = view.found(asked), view.order_of(asked)
    count, found = _begun(found, rows.primary_key(view.model))
    check_fits(kind, count)
    columns = (*view.columns, *view.export_columns)
    sheet = _sheet(view, columns)
    name = file_name(str(view.title), kind)
    if request.method == "HEAD":
        return answer(iter(()), kind, name)
    exported.note(view.endpoint, kind, rows=count, asked=_told(asked), by=current_actor())
    pages = _pages(view, sheet, order, found)
    if kind == "xlsx":
        return answer(workbook(sheet.columns, pages, str(view.title)), kind, name)
    keep_reader()
    return answer(stream_with_context(csv_lines(sheet.columns, pages, current_language())), kind, name)


def check_fits(kind: str, count: int) -> None:
    """Raise Refused where a sheet cannot hold so many rows."""
    if kind == "xlsx" and count >= SHEET_ROWS:
        most = number(SHEET_ROWS - 1, current_language())
        raise Refused(
            Code.TOO_MANY,
            _("An Excel sheet holds at most %(count)s rows: narrow the list, or take the CSV.", count=most),
        )


def keep_reader() -> None:
    """Let what is told of rows ask who reads: the session that knows them ends with the view, before the file is read."""
    reader = current_user._get_current_object()  # noqa: SLF001 - the only way to what the proxy stands for
    db.session.refresh(reader)
    db.session.expunge(reader)


def _begun(found: sa.Select[Any], key: Any) -> tuple[int, sa.Select[Any]]:
    """How many rows there are now, and those alone: what comes meanwhile, as the word of this very file, is not in it."""
    keys = found.order_by(None).subquery()
    (column,) = keys.c
    count, last = db.session.execute(sa.select(sa.func.count(), sa.func.max(column)).select_from(keys)).one()
    if not count:
        return 0, found.where(sa.false())
    if not isinstance(key.type, sa.Integer):
        return count, found
    # A sum, which no index serves: SQLite would begin each page at this bound, and not at the page's own.
    return count, found.where(key + 0 <= last)


def _sheet(view: Listed, columns: Sequence[Column]) -> FileSheet:
    return FileSheet(
        view.model,
        rows.primary_key(view.model),
        columns,
        language=current_language(),
        zone=around().zone,
        dialect=db.engine.dialect.name,
    )


def _told(asked: listing.Asked) -> dict[str, Any]:
    """What was asked, without a text that somebody typed: it may be a name."""
    told: dict[str, Any] = dict(asked.filters)
    if asked.tab is not None:
        told["tab"] = asked.tab.name
    if asked.sort is not None:
        told["sort"] = f"{'-' if asked.descending else ''}{asked.sort.name}"
    if asked.search:
        told["q"] = True
    return told


def _pages(view: Listed, sheet: FileSheet, order: keyset.Order, found: sa.Select[Any]) -> Pages:
    """The rows, some thousand at a time, as the columns of the file."""
    joins = [*view.joins, *(join for join in view.export_joins if join not in view.joins)]
    edge: list[Any] | None = None
    while True:
        statement = listing.page_of(
            found,
            order,
            edge,
            backwards=False,
            size=ROWS_AT_A_TIME - 1,
            columns=sheet.needed,
            joins=joins,
            within=view.within,
            single=not sheet.gathers,
        )
        lines = db.session.execute(statement).all()
        if not lines:
            return
        page = list(zip(*lines, strict=True))
        keys = sheet.keys(page)
        told = view.told(keys)
        release_reads()
        yield sheet.cells(page, told)
        if len(keys) < ROWS_AT_A_TIME:
            return
        edge = list(lines[-1][-len(order.all) :])


# --- CSV ----------------------------------------------------------------------------------------------------------------


def csv_lines(columns: Sequence[Filed], pages: Pages, language: str) -> Iterator[str]:
    """The file, a page of rows at a time."""
    separator, point = SEPARATORS[language]
    finish = [_csv_cell(column, point) for column in columns]
    yield BYTE_ORDER_MARK + _text([[inert(column.label) for column in columns]], separator)
    for page in pages:
        cells = [write(values) for write, values in zip(finish, page, strict=True)]
        yield _text(zip(*cells, strict=True), separator)


def _csv_cell(column: Filed, point: str) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What a column's values are in CSV. Numbers stay numbers, even below zero."""
    blank = column.blank and inert(column.blank)

    def texts(values: Sequence[Any]) -> Sequence[Any]:
        starts = FORMULA_STARTS
        if blank:
            values = [value or blank for value in values]
        return [f"'{value}" if value and value[0] in starts else value for value in values]

    def amounts(values: Sequence[Any]) -> Sequence[Any]:
        return [blank if cents is None else dollars(cents, point) for cents in values]

    if column.cell == "text":
        return texts
    if column.cell == "money":
        return amounts
    return lambda values: [blank if value is None else value for value in values] if blank else values


@functools.lru_cache(maxsize=4096)
def dollars(cents: int, point: str) -> str:
    """`-123450` → `-1234,50`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}{point}{abs(cents) % 100:02d}"


def _text(lines: Any, separator: str) -> str:
    buffer = io.StringIO()
    # Quoted, a text stays one cell under the other separator too: « a,=1+1 » is no formula to an English spreadsheet.
    csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_NONNUMERIC).writerows(lines)
    return buffer.getvalue()


# --- A workbook ---------------------------------------------------------------------------------------------------------

DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
AMOUNT = {"fr": '#,##0.00\\ "$"', "en": '"$"#,##0.00'}
WIDTHS: dict[Cell, int] = {"text": 24, "number": 10, "money": 14, "day": 12, "moment": 17}


def workbook(columns: Sequence[Filed], pages: Pages, title: str) -> Iterator[bytes]:
    """The bytes of a workbook of one sheet. It is written to a file that is gone before the first of them is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        _write(path, folder, columns, pages, title)
        written = path.open("rb")
    return _read(written)


def _read(written: io.BufferedReader) -> Iterator[bytes]:
    with written:
        while part := written.read(1 << 16):
            yield part


def _write(path: Path, folder: str, columns: Sequence[Filed], pages: Pages, title: str) -> None:
    """Rows go to the file as they come; a text is a text, whatever it begins with."""
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(path, {"constant_memory": True, "tmpdir": folder, **plain})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, max(WIDTHS[column.cell], min(len(column.label) + 2, 40)))
        sheet.write_string(0, place, column.label, bold)
    writers = [_sheet_cell(book, sheet, column) for column in columns]
    line = 0
    for page in pages:
        for cells in zip(*page, strict=True):
            line += 1
            for place, value in enumerate(cells):
                writers[place](line, place, value)
    sheet.autofilter(0, 0, line, len(columns) - 1)
    book.close()


def _sheet_cell(book: Workbook, sheet: Any, column: Filed) -> Callable[[int, int, Any], None]:
    """Writes one cell: a day, an instant and an amount are numbers with a format, a text is never a formula."""
    formats: dict[Cell, str] = {"day": DAY, "moment": MOMENT, "money": AMOUNT[current_language()]}
    shown = book.add_format({"num_format": formats[column.cell]}) if column.cell in formats else None
    of = {"day": serial_day, "moment": serial_moment, "money": lambda cents: cents / 100}.get(column.cell)
    blank, write_string, write_number = column.blank, sheet.write_string, sheet.write_number

    def write_text(line: int, place: int, value: Any) -> None:
        text = value or blank
        if text:
            write_string(line, place, text[:CELL_TEXT])

    def write(line: int, place: int, value: Any) -> None:
        # Of several lines of a row, days stand beside each other as text.
        if value is None or (column.gathers and isinstance(value, str) and ", " in value):
            write_text(line, place, value)
        else:
            write_number(line, place, value if of is None else of(value), shown)

    return write_text if column.cell == "text" else write


@functools.lru_cache(maxsize=4096)
def serial_day(text: str) -> int:
    """`2026-11-24` as a workbook counts days: 1900-03-01 is the 61st, 29 February 1900 of Lotus 1-2-3 included."""
    return (dt.date.fromisoformat(text) - dt.date(1899, 12, 30)).days


def serial_moment(text: str) -> float:
    """`2026-11-24 14:30` as days and a part of one."""
    return serial_day(text[:10]) + (int(text[11:13]) * 60 + int(text[14:16])) / 1440


def kinds() -> list[tuple[str, str, str]]:
    """The files that a list offers: the endpoint, what it is called and how much it holds."""
    most = _("%(count)s rows at most", count=number(SHEET_ROWS - 1, current_language()))
    return [(".export", "CSV", _("Any number of rows")), (".export_xlsx", "Excel (XLSX)", most)]


# --- The answer ---------------------------------------------------------------------------------------------------------


def file_name(title: str, kind: str) -> str:
    """« licences-2026-11-26.csv »: the list, and the day where its reader is."""
    words = re.sub(r"[^\w]+", "-", title.lower()).strip("-")
    return f"{words}-{around().today.isoformat()}.{kind}"


def answer(body: Iterator[Any], kind: str, name: str) -> Response:
    """The download. A name with accents is said twice: RFC 6266, section 5, and appendix D for those that read ASCII alone."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    says = f'attachment; filename="{plain}"'
    if plain != name:
        says += f"; filename*=UTF-8''{quote(name, safe='')}"
    mimetype = "text/csv" if kind == "csv" else XLSX
    return Response(body, mimetype=mimetype, headers={"Content-Disposition": says})
