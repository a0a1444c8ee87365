"""The lines of a workbook (.xlsx, .xlsm), by openpyxl, once `archive` has found nothing against it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import openpyxl
from flask_babel import gettext as _

from services.files import archive, cells, limits
from services.files.limits import Budget
from services.files.survey import Surveyed
from services.files.tables import Line
from services.foundation.errors import Code, Refused

# It warns of each part that it leaves out, such as the choices of a cell: none of them is a text.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")


def lines(content: bytes, chosen: str | None, budget: Budget) -> tuple[list[Line], str, tuple[str, ...]]:
    """The lines of the sheet `chosen`, or of the one in front; its name; the visible sheets.

    Raises:
        Refused: more than is read, damaged, without a row or a sheet that people see, or `file_choice`: there is no such sheet.
    """
    parts = archive.surveyed(content, budget)
    with closing(_opened(content)) as book:
        sheets = {sheet.title: sheet for sheet in book.worksheets if sheet.sheet_state == "visible"}
        if not sheets:
            raise Refused(
                Code.FILE_EMPTY,
                _("Every sheet of this workbook is hidden. Show the one to be read, and save it."),
            )
        name = chosen if chosen is not None else _in_front(book, sheets)
        if name not in sheets:
            raise Refused(
                Code.FILE_CHOICE, _("This workbook has no sheet “%(name)s”. Choose another.", name=name[:100])
            )
        sheet = sheets[name]
        part = parts.get(sheet._worksheet_path)  # noqa: SLF001 - the only way to which part a sheet is
        if part is None:
            raise limits.damaged()
        part.check(budget)
        found = list(_lines(sheet, part, budget))
        if not found:
            raise archive.empty()
        return found, name, tuple(sheets)


def _opened(content: bytes) -> Any:
    """The workbook. Whatever openpyxl stumbles over, the file is damaged."""
    try:
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise limits.damaged() from error


def _in_front(book: Any, sheets: dict[str, Any]) -> str:
    """The sheet that a spreadsheet would show."""
    try:
        front = book.active
    except (IndexError, TypeError):
        front = None
    return front.title if front is not None and front.title in sheets else next(iter(sheets))


def _lines(sheet: Any, part: Surveyed, budget: Budget) -> Iterator[Line]:
    """The lines up to the last that holds something."""
    if not part.last_row:
        return
    # What a sheet says of its own size may be a lie.
    sheet.reset_dimensions()
    try:
        for row, values in enumerate(sheet.iter_rows(max_row=part.last_row, values_only=True), 1):
            uncalculated = part.uncalculated.get(row, ())
            kept = cells.kept([value if type(value) is str else cells.text(value) for value in values])
            if uncalculated:
                kept += [""] * (max(uncalculated) + 1 - len(kept))
            if kept:
                budget.line(row, kept)
                yield cells.line(row, kept, uncalculated)
            # Behind the rows stand links and merged cells, which need not be read.
            if row >= part.last_row:
                return
    except Refused:
        raise
    except Exception as error:
        raise limits.damaged() from error
