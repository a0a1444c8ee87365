"""Lines of a text whose cells stand between separators: a CSV, or what was pasted."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from flask_babel import gettext as _

from services.files import cells, limits
from services.files.limits import Budget
from services.files.tables import Line
from services.foundation.errors import Code, Refused

# In the order in which they are taken where two fit as well: a comma stands in texts and numbers too.
SEPARATORS = ("\t", ";", ",")
# Rows and characters that the separator is recognised by.
_ROWS_LOOKED_AT, _CHARACTERS_LOOKED_AT = 50, 65_536
# Excel's own first line: no spreadsheet shows it as a row.
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


def lines(text: str, separator: str | None, budget: Budget) -> tuple[list[Line], str]:
    """The lines of `text`, and the separator that was recognised, or chosen.

    Rows are counted as a spreadsheet that opened the file shows them: an empty one counts, a break in a cell does not.

    Raises:
        Refused: more than is read, or `file_choice`: a separator that is none.
    """
    said = _SAYS_SEPARATOR.match(text)
    if said:
        text = text[said.end() :]
    if separator is None:
        separator = said[1] if said and said[1] in SEPARATORS else recognised(text)
    if separator not in SEPARATORS:
        raise Refused(Code.FILE_CHOICE, _("Choose a comma, a semicolon or a tab as the separator."))
    found: list[Line] = []
    for row, values in _rows(text, separator):
        budget.time()
        if kept := cells.kept(values):
            budget.line(row, kept)
            found.append(cells.line(row, kept))
    return found, separator


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    row = 0
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            yield row, values
    except csv.Error as error:  # a cell beyond what the reader itself takes, which is more than ours
        raise limits.too_long(row + 1, 0) from error


def recognised(text: str) -> str:
    """The separator that cuts the first rows into the most constant number of cells, quotes respected."""
    return max(SEPARATORS, key=lambda separator: _constancy(text, separator))


def _constancy(text: str, separator: str) -> tuple[float, float, int]:
    """How many rows have as many cells as most, how many cells stand close to the separator, and how many a row has."""
    start = text[:_CHARACTERS_LOOKED_AT]
    try:
        rows = [values for _row, values in itertools.islice(_rows(start, separator), _ROWS_LOOKED_AT)]
    except Refused:
        return (0, 0, 0)
    if len(text) > len(start) and 1 < len(rows) < _ROWS_LOOKED_AT:
        rows.pop()  # cut in two
    widths = Counter(len(values) for values in rows if any(values))
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return (0, 0, max(map(len, rows), default=0))
    width = max(wide, key=lambda one: (wide[one], one))
    following = [value for values in rows for value in values[1:] if value]
    close = sum(not value.startswith(" ") for value in following) / max(len(following), 1)
    return (wide[width] / widths.total(), close, width)
