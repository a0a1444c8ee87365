"""How much of a file is read, why no more, and the sentences that say so."""

from __future__ import annotations

import time

from flask_babel import gettext as _

from services.files.tables import cell_name
from services.foundation.errors import Code, Refused
from services.text.formats import current_language, number

# An upload of 10,000 rows and 50 columns of short texts; what a request may bring.
BYTES = 10_000_000
# What is previewed on a page and applied under one lock. `flask import-base` asks for no such limit (`most=None`).
ROWS = 10_000
# A title, a header and a line of explanation stand above the rows.
ABOVE = 20
# No list of people or customers has more columns; a sheet may have 16,384.
CELLS = 50
# Longer than an address (254) or a name (100); a quote that is never closed makes one cell of the whole file.
CHARACTERS = 500
# 10,000 rows of 50 columns take some 6; a request may take 30.
SECONDS = 20.0


class Budget:
    """What reading one file may still take.

    Args:
        most: How many rows people are told of; None for an operator's own file, of any size and time.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._until = time.monotonic() + SECONDS
        self._lines = 0

    def size(self, content: bytes | str) -> None:
        """Raise Refused (`file_too_large`) for more than is read at once."""
        if self.most is not None and len(content) > BYTES:
            raise Refused(
                Code.FILE_TOO_LARGE,
                _(
                    "This file is larger than %(count)s MB. Take the pictures out of it, or cut it into several.",
                    count=BYTES // 1_000_000,
                ),
            )

    def time(self) -> None:
        """Raise Refused (`file_too_large`) where reading takes too long."""
        if self.most is not None and time.monotonic() > self._until:
            raise Refused(
                Code.FILE_TOO_LARGE,
                _(
                    "This file takes too long to read. Copy its rows into a new file, without formulas or styles."
                ),
            )

    def line(self, row: int, cells: list[str]) -> None:
        """One more line. Raises Refused: too many of them, too many cells in it, too long a cell."""
        self.time()
        self._lines += 1
        if self.most is not None and self._lines > self.most + ABOVE:
            raise too_many_rows(self.most)
        if len(cells) > CELLS:
            raise too_wide(row, len(cells) - 1)
        if sum(map(len, cells)) > CHARACTERS:
            for column, text in enumerate(cells):
                if len(text) > CHARACTERS:
                    raise too_long(row, column)


def too_many_rows(most: int) -> Refused:
    return Refused(
        Code.TOO_MANY,
        _(
            "There are more than %(count)s rows, which is the most at once. Divide them among several files.",
            count=number(most, current_language()),
        ),
    )


def too_large_inside() -> Refused:
    return Refused(
        Code.FILE_TOO_LARGE,
        _("This workbook is too large once it is unpacked. Copy the rows that matter into a new one."),
    )


def too_wide(row: int, column: int) -> Refused:
    return Refused(
        Code.TOO_MANY,
        _(
            "Cell %(cell)s is too far to the right: a row has at most %(count)s cells. Empty the columns that are "
            "not needed.",
            cell=cell_name(row, column),
            count=CELLS,
        ),
    )


def too_long(row: int, column: int) -> Refused:
    return Refused(
        Code.TOO_LONG,
        _(
            "The text of cell %(cell)s is too long: at most %(count)s characters. In a CSV, look for a quotation mark "
            "that is not closed.",
            cell=cell_name(row, column),
            count=CHARACTERS,
        ),
    )


def damaged() -> Refused:
    return Refused(
        Code.FILE_DAMAGED,
        _(
            "This file cannot be read: it is damaged or incomplete. Open it in your spreadsheet and save it again "
            "as an Excel workbook (.xlsx)."
        ),
    )
