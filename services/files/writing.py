"""Files that go back to people: a template to fill, and the rows that were wrong, with what is wrong in a column of their own.

No cell becomes a formula: whoever opens the file sees what somebody else typed, and runs none of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from xlsxwriter import Workbook

from services.files.tables import Kind, Line, Table
from services.text.inert import inert

BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads accents in the wrong encoding
# Else a text that begins with = would be one, and an address a link.
_TEXTS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_NARROWEST, _WIDEST = 12, 60


def template(
    headings: Sequence[str], examples: Sequence[Sequence[str]], kind: Kind, *, separator: str = ";"
) -> bytes:
    """A file with a header and some rows that show what is meant, as CSV or as a workbook."""
    return _written([headings, *examples], kind, separator)


def with_column(table: Table, heading: str, said: Mapping[int, str], *, header: Line | None = None) -> bytes:
    """The lines that something is said of, by their number, with it in a column under `heading`, and their header.

    A CSV stays one, with its own separator, in UTF-8; any other, `written_kind` says, is a workbook.
    """
    lines = [line for line in table.lines if line.number in said]
    width = max(len(line.cells) for line in [*lines, *([header] if header else [])]) if lines or header else 0
    rows = [_row(line, width, said[line.number]) for line in lines]
    top = _row(header, width, heading) if header else [*[""] * width, heading]
    return _written([top, *rows], written_kind(table), table.separator or ";")


def written_kind(table: Table) -> Kind:
    """What `with_column` makes of a table: what was pasted came from a spreadsheet, and goes back to one."""
    return Kind.CSV if table.kind is Kind.CSV else Kind.XLSX


def _row(line: Line, width: int, last: str) -> list[str]:
    return [*(line.cell(column) for column in range(width)), last]


def _written(rows: Iterable[Sequence[str]], kind: Kind, separator: str) -> bytes:
    return _csv(rows, separator) if kind is Kind.CSV else _workbook(rows)


def _csv(rows: Iterable[Sequence[str]], separator: str) -> bytes:
    buffer = io.StringIO()
    # Quoted, a text stays one cell under the other separator too: « a,=1+1 » is no formula to an English spreadsheet.
    writer = csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([inert(text) for text in row] for row in rows)
    return (BYTE_ORDER_MARK + buffer.getvalue()).encode("utf-8")


def _workbook(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, **_TEXTS})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    widths: dict[int, int] = {}
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, text, bold if number == 0 else None)
            widths[column] = max(widths.get(column, _NARROWEST), min(len(text) + 2, _WIDEST))
    for column, width in widths.items():
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()
