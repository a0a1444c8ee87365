"""A cell as the text that people saw."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from services.files.tables import Fault, Line
from services.text.inert import plain

# What `kept` writes otherwise: most rows hold none of it.
_REWRITTEN = re.compile("['\r]|_x000D_")
# As Excel shows them, in English and in French.
_ERRORS = frozenset(
    {
        "#BLOCKED!",
        "#CALC!",
        "#CONNECT!",
        "#DIV/0!",
        "#FIELD!",
        "#GETTING_DATA",
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
    }
    | {"#REF!", "#SPILL!", "#UNKNOWN!", "#VALUE!"}
    | {
        "#BLOQUÉ!",
        "#CALCUL!",
        "#CHAMP!",
        "#CONNEXION!",
        "#NOM?",
        "#NOMBRE!",
        "#NUL!",
        "#PROPAGATION!",
        "#VALEUR!",
    }
)


def kept(cells: list[str]) -> list[str]:
    """The cells without the empty ones at the end; none, where nothing is to be seen in any.

    A break is one line feed, and the apostrophe by which a file of ours keeps a cell from being run is taken away.
    """
    if _REWRITTEN.search("".join(cells)):
        cells = [plain(_one_break(cell)) for cell in cells]
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _one_break(value: str) -> str:
    # A workbook writes the carriage return of Windows as `_x000D_` (ECMA-376, ST_Xstring).
    return value.replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n")


def line(row: int, cells: list[str], uncalculated: Iterable[int] = ()) -> Line:
    """A line of `cells`, with what is wrong in them. `uncalculated`: columns of formulas without a value."""
    if not uncalculated and "#" not in "".join(cells):
        return Line(row, tuple(cells))
    faults: dict[int, Fault] = dict.fromkeys(uncalculated, Fault.UNCALCULATED)
    for column, text in enumerate(cells):
        if text.startswith("#") and text.upper() in _ERRORS:
            faults[column] = Fault.ERROR
    return Line(row, tuple(cells), faults)


def text(value: object) -> str:
    """What a workbook keeps, as text: `12`, `0.5`, `2026-03-01`, `2026-03-01 14:30`, `TRUE`."""
    if isinstance(value, str) or value is None:
        return value or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return _moment(value)
    return _clock(value) if isinstance(value, dt.time) else str(value)


def _number(value: float) -> str:
    """Without exponent, to the 15 figures that a spreadsheet counts with."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")


def _moment(value: dt.datetime) -> str:
    # Days and their parts are one number in a workbook: 14:30 may be a hair before.
    if value.microsecond:
        more = dt.timedelta(seconds=1 if value.microsecond >= 500_000 and value.year < dt.MAXYEAR else 0)
        value = value.replace(microsecond=0) + more
    day = value.date().isoformat()
    return f"{day} {_clock(value.time())}" if value.time() != dt.time() else day


def _clock(value: dt.time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")
