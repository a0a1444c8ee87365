"""What each part of a workbook holds, counted before anything is built of it.

openpyxl builds a row, a list of strings and whatever else a part holds in memory, as many as there are. expat tells of each element while it
reads, and stops where told: in some hundredths of a second a part that would fill the memory is found out, and so is all that
openpyxl passes over in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from services.files import limits

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TEXTS, _SHEET, _SIZE, _ROW, _CELL, _VALUE, _FORMULA, _INLINE = (
    f"{_MAIN} {name}" for name in ("sst", "worksheet", "dimension", "row", "c", "v", "f", "is")
)
# Of a sheet ("Excel specifications and limits").
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
# Of the list of texts, some 400,000 of them; of any other part that is no sheet, such as all the styles that Excel can have.
_TAGS_OF_TEXTS, _TAGS = 1_500_000, 250_000
# Elements of a sheet other than rows, cells and values: the inline texts of 10,000 rows of 50 cells are two each.
_BESIDE_CELLS = 1_200_000
# A cell has one value, a row at most 16,384 cells.
_VALUES_IN_ROW = 16_384
# openpyxl keeps what it reads of each row: rows without a value, between those with one.
_EMPTY_ROWS = 100_000
# A tag or a text of a part: no cell is so long, and an attribute's value may hold no `<`.
_CHUNK, _CHUNKS_WITHOUT_TAG = 65_536, 4
_DIGITS = "0123456789"


@dataclass(slots=True)
class Surveyed:
    """What a part holds, if it is a sheet.

    Attributes:
        last_row: The last that holds a value or a formula.
        beyond: The first cell with either that is too far to the right: its row, and its column from 0.
        uncalculated: Formulas without a value: the columns, from 0, by row.
        rows: How many were written up to the last, with a value or without.
        is_whole: Whether it is XML to its end: rows may be missing otherwise, and the library does not look so far.
    """

    last_row: int = 0
    beyond: tuple[int, int] | None = None
    uncalculated: dict[int, list[int]] = field(default_factory=dict)
    rows: int = 0
    is_whole: bool = True

    def check(self, budget: limits.Budget) -> None:
        """Raise Refused where the sheet is more than openpyxl should be given."""
        if not self.is_whole:
            raise limits.damaged()
        if self.beyond:
            raise limits.too_wide(*self.beyond)
        if budget.most is not None and self.rows > _EMPTY_ROWS:
            raise limits.too_many_rows(budget.most)


def survey(part: IO[bytes], budget: limits.Budget) -> Surveyed:
    """Read a part from end to end; one that is no XML ends at its first byte, as it would for openpyxl.

    Raises:
        Refused: it declares a document type, where entities are hidden, or holds more than any file of ours.
    """
    reader = _Reader(bounded=budget.most is not None)
    without_tag = 0
    try:
        while chunk := part.read(_CHUNK):
            tags = chunk.count(b"<")
            without_tag = 0 if tags else without_tag + 1
            if without_tag >= _CHUNKS_WITHOUT_TAG:
                raise limits.damaged()
            reader.parser.Parse(chunk, False)
            reader.check(tags)
            budget.time()
        reader.parser.Parse(b"", True)
    except expat.ExpatError:
        reader.found.is_whole = False
    reader.end_of_row()
    return reader.found


class _Reader:
    """The handlers of one part. One runs for each element: no more is asked of it than must be, the rest at the end of a row."""

    def __init__(self, *, bounded: bool) -> None:
        self.found = Surveyed()
        self._bounded = bounded
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._root
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._most_tags = _TAGS
        self._columns: dict[str, int] = {}
        self._cell: dict[str, str] = {}
        self._row_number = self._rows = self._tags = self._values = self._before_row = self._beside = 0
        # Of the row: where its last cell is, and its last that holds something. Of the cell: its formula.
        self._column = self._filled = 0
        self._is_sheet = self._is_sized = self._has_formula = self._has_value = False

    def _root(self, name: str, _attributes: dict[str, str]) -> None:
        self._is_sheet = name == _SHEET
        self._most_tags = _TAGS_OF_TEXTS if name == _TEXTS else _TAGS
        self.parser.StartElementHandler = self._start if self._is_sheet else None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _CELL:
            if self._has_formula:
                self._end_of_cell()
            place = attributes.get("r")
            column = self._column + 1 if place is None else self._column_of(place)
            if not self._column < column <= _LAST_COLUMN:
                raise limits.damaged()  # openpyxl would leave out others in silence
            self._column = column
            self._cell = attributes
        elif name == _VALUE:
            self._values += 1
            self._filled = self._column
            if self._has_formula:
                self._value_of_formula()
        elif name == _ROW:
            self._row(attributes)
        else:
            self._beside += 1
            if name == _FORMULA:
                self._filled = self._column
                self._has_formula, self._has_value = True, False
            elif name == _INLINE:
                self._filled = self._column
            elif name == _SIZE:
                self._is_sized = True

    def _column_of(self, place: str) -> int:
        """`C12` → 3; 0 for what names no column."""
        letters = place.rstrip(_DIGITS)
        if (found := self._columns.get(letters)) is not None:
            return found
        found = 0
        if len(letters) < 4 and letters.isascii() and letters.isalpha():
            for letter in letters.upper():
                found = found * 26 + ord(letter) - 64
        self._columns[letters] = found
        return found

    def check(self, tags: int) -> None:
        """Raise Refused where this is too much to build, after `tags` more. Nothing is yet: now and then is early enough."""
        if not self._is_sheet:
            self._tags += tags
        if self._values - self._before_row > _VALUES_IN_ROW:
            raise limits.damaged()
        # Of a sheet that does not say its size, openpyxl reads everything to find it, chosen or not.
        if self._bounded and not self._is_sized and self._rows > _EMPTY_ROWS:
            raise limits.too_large_inside()
        if self._bounded and (self._tags > self._most_tags or self._beside > _BESIDE_CELLS):
            raise limits.too_large_inside()

    def _value_of_formula(self) -> None:
        # A text may be empty: the formula said so. A number is what stands there.
        self._has_value = self._cell.get("t") == "str"
        self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self._has_value = self._has_value or bool(text.strip())

    def _doctype(self, *_declared: object) -> None:
        # No spreadsheet writes one (ECMA-376, part 2, forbids it): what it declares are bombs and other people's files.
        raise limits.damaged()

    def _row(self, attributes: dict[str, str]) -> None:
        self.end_of_row()
        said = attributes.get("r")
        number = self._row_number + 1
        if said is not None:
            number = int(said) if len(said) < 8 and said.isascii() and said.isdigit() else 0
        if not self._row_number < number <= _LAST_ROW:
            raise limits.damaged()
        self._row_number = number
        self._rows += 1

    def end_of_row(self) -> None:
        """Note what the row held. Nothing was built of it yet: it is early enough to refuse it now."""
        self._end_of_cell()
        if self._filled:
            self.found.last_row, self.found.rows = self._row_number, self._rows
            if self._filled > limits.CELLS and self.found.beyond is None:
                self.found.beyond = self._row_number, self._filled - 1
        self._before_row = self._values
        self._column = self._filled = 0

    def _end_of_cell(self) -> None:
        """Note a formula without its value."""
        if self._has_formula and not self._has_value:
            self.found.uncalculated.setdefault(self._row_number, []).append(self._column - 1)
        if self._has_formula:
            self.parser.CharacterDataHandler = None
        self._has_formula = False
