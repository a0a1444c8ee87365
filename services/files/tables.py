"""What a file is once it was read: lines of texts, each with the number by which people find it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Kind(enum.StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PASTED = "pasted"


class Encoding(enum.StrEnum):
    """How a CSV may be written; each value is the name of the codec."""

    UTF_8 = "utf-8"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS = "windows-1252"
    MAC = "mac-roman"


class Fault(enum.StrEnum):
    """Why a cell does not say what its author meant."""

    # A formula without the value that people saw: nobody computes it here.
    UNCALCULATED = "uncalculated"
    # `#N/A` and its kin: the cell's text.
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Line:
    """A row that holds something.

    Attributes:
        number: The row's own, as a spreadsheet shows it.
        cells: Its texts as they stand in the file, without the empty ones at the end.
        faults: By column, from 0.
    """

    number: int
    cells: tuple[str, ...]
    faults: Mapping[int, Fault] = field(default_factory=dict)

    def cell(self, column: int) -> str:
        """The text of a column from 0, nothing where the row ends before it."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """What was read, and what was recognised on the way, so that people may choose another.

    Attributes:
        encoding: Of a CSV.
        separator: Of a CSV and of what was pasted.
        sheet: Which of `sheets` was read; those are the visible ones.
    """

    kind: Kind
    lines: list[Line]
    encoding: Encoding | None = None
    separator: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


def cell_name(row: int, column: int) -> str:
    """`12, 2` → `C12`: the row's number, and the column from 0."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"
