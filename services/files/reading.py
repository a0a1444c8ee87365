"""A file or a paste as a table of texts. Nothing is computed, followed or run: what stands there is what people saw."""

from __future__ import annotations

from services.files import archive, delimited, encodings, limits, workbooks
from services.files.limits import Budget
from services.files.tables import Encoding, Kind, Table


def read(
    content: bytes,
    *,
    encoding: Encoding | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    most: int | None = limits.ROWS,
) -> Table:
    """The table in `content`, which is what its bytes are: an Excel workbook, or a CSV.

    Args:
        encoding: Of a CSV, where people chose one; else it is recognised.
        separator: As `encoding`.
        sheet: Which one of a workbook; else the one in front.
        most: How many rows; None for an operator's own file: no bound on rows, bytes and time.

    Raises:
        Refused: with a sentence that says what to do about the file.
    """
    budget = Budget(most)
    budget.size(content)
    archive.check_kind(content)
    if content.startswith(archive.ZIP):
        lines, name, sheets = workbooks.lines(content, sheet, budget)
        return Table(Kind.XLSX, lines, sheet=name, sheets=sheets)
    text, encoding = encodings.decoded(content, encoding)
    return _of_text(Kind.CSV, text, separator, budget, encoding)


def read_text(pasted: str, *, separator: str | None = None, most: int | None = limits.ROWS) -> Table:
    """The table in what somebody pasted: cells of a spreadsheet, which come with tabs, or lines of a CSV.

    Raises:
        Refused: as `read`.
    """
    budget = Budget(most)
    budget.size(pasted)
    # Half a pair can be written to no file.
    whole = pasted.encode("utf-8", "replace").decode("utf-8")
    return _of_text(Kind.PASTED, whole, separator, budget)


def _of_text(
    kind: Kind, text: str, separator: str | None, budget: Budget, encoding: Encoding | None = None
) -> Table:
    text = text.rstrip("\x1a")  # the end of a file, for MS-DOS
    archive.check_text(text)
    lines, separator = delimited.lines(text, separator, budget)
    if not lines:
        raise archive.empty()
    return Table(kind, lines, encoding=encoding, separator=separator)
