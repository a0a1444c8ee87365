"""Which column holds what: by its header, by what people chose, or by what its cells cannot but be."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self

from flask_babel import gettext as _

from services.files.tables import Line, Table
from services.foundation.errors import Code, Refused
from services.text.alike import bare

# A title, a date and an explanation may stand above it.
LINES_LOOKED_AT = 10
_ADDRESS = re.compile(r"(?:mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+", re.IGNORECASE)


def looks_like_address(text: str) -> bool:
    """Whether a cell can only be meant as an address; whether it is one, `checks.email` knows."""
    return _ADDRESS.fullmatch(text.strip()) is not None


@dataclass(frozen=True, slots=True)
class Field:
    """What a column may hold.

    Attributes:
        name: For programs.
        words: By which it may be headed, French and English; case, accents, punctuation and spaces do not matter.
        looks: Tells its cells from all others, where there is no header.
    """

    name: str
    words: tuple[str, ...]
    looks: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """Which column, from 0, holds which field, and the header if there is one."""

    header: Line | None
    columns: Mapping[str, int]

    @classmethod
    def chosen(cls, table: Table, columns: Mapping[str, int], header: int | None) -> Self:
        """What people chose by hand: columns by field, and the row that is the header.

        Raises:
            Refused: `file_choice`: a column that there is not, one for two fields, or no such row.
        """
        width = max((len(line.cells) for line in table.lines), default=0)
        if any(not 0 <= column < width for column in columns.values()):
            raise Refused(
                Code.FILE_CHOICE, _("This file has no such column. Choose among those that are shown.")
            )
        if len(set(columns.values())) < len(columns):
            raise Refused(
                Code.FILE_CHOICE, _("One column cannot be two things. Choose another for one of them.")
            )
        line = next((line for line in table.lines[:LINES_LOOKED_AT] if line.number == header), None)
        if header is not None and line is None:
            raise Refused(
                Code.FILE_CHOICE, _("Row %(row)s cannot be the header. Choose another.", row=header)
            )
        return cls(line, dict(columns))

    def lines(self, table: Table) -> list[Line]:
        """Those below the header: all, without one."""
        return [line for line in table.lines if self.header is None or line.number > self.header.number]

    def cell(self, line: Line, field: str) -> str:
        """What a line says of a field; nothing, where the file has no column of it."""
        column = self.columns.get(field)
        return "" if column is None else line.cell(column)


def matched(table: Table, fields: Collection[Field]) -> Matching:
    """The header among the first lines and the columns that it names, each for one field at most.

    Without a header, a field has a column only where one alone looks like it from the first cell to the last.
    """
    words = {bare(word): field.name for field in fields for word in field.words}
    best, columns = None, dict[str, int]()
    for line in table.lines[:LINES_LOOKED_AT]:
        named = _named(line, words)
        if len(named) > len(columns):
            best, columns = line, named
    return Matching(best, columns) if best else Matching(None, _guessed(table, fields))


def _named(line: Line, words: Mapping[str, str]) -> dict[str, int]:
    """The columns whose cells are words for a field; the first, where two are. A line with an address is no header."""
    named: dict[str, int] = {}
    if any(looks_like_address(cell) for cell in line.cells):
        return named
    for column, cell in enumerate(line.cells):
        if field := words.get(bare(cell)):
            named.setdefault(field, column)
    return named


def _guessed(table: Table, fields: Collection[Field]) -> dict[str, int]:
    width = max((len(line.cells) for line in table.lines), default=0)
    guessed: dict[str, int] = {}
    for field in fields:
        if field.looks is not None:
            fitting = [column for column in range(width) if _fits(table, column, field.looks)]
            if len(fitting) == 1 and fitting[0] not in guessed.values():
                guessed[field.name] = fitting[0]
    return guessed


def _fits(table: Table, column: int, looks: Callable[[str], bool]) -> bool:
    """Whether every filled cell of a column looks so, and there is one."""
    filled = [cell for line in table.lines if (cell := line.cell(column)).strip()]
    return bool(filled) and all(map(looks, filled))
