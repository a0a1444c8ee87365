"""Charts as the numbers of their shapes: `templates/charts.html` draws them, in attributes alone.

A chart is a picture of a table that stands beside it. Nothing here knows what it counts.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from decimal import Decimal

from babel.numbers import format_decimal

from services.text.formats import NBSP, locale_of

# Of a chart of columns, in the units of its viewBox.
WIDTH, HEIGHT, LEFT, TOP, FLOOR = 720, 220, 36, 20, 195
COLUMN = 30
# Of one of bars: the names before them, the longest bar, and what is left for the number behind it.
BARS_WIDTH, NAMES, LONGEST, LINE, THICK = 380, 64, 236, 30, 18
SPARK_WIDTH, SPARK_HEIGHT = 80, 28
# Series of a column that the sheet has a colour for, from the floor up.
MAX_SERIES = 3
GAP = 2


@dataclasses.dataclass(frozen=True)
class Shape:
    """A rectangle; `kind` is its class in the sheet."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclasses.dataclass(frozen=True)
class Tick:
    """A line of the grid: what it stands for, and where it is."""

    value: int
    y: float


@dataclasses.dataclass(frozen=True)
class Column:
    """What stands on one place of the axis: its middle, its sum, the height at which that is written, its shapes."""

    middle: float
    total: int
    top: float
    shapes: tuple[Shape, ...]


@dataclasses.dataclass(frozen=True)
class Columns:
    ticks: tuple[Tick, ...]
    columns: tuple[Column, ...]


@dataclasses.dataclass(frozen=True)
class Bar:
    """One line of a chart of bars: the height of its text, where its number is written, its shapes."""

    baseline: float
    end: float
    shapes: tuple[Shape, ...]


def step(top: int, most: int = 4) -> int:
    """The distance between the ticks of an axis that reaches `top` in at most `most` of them: 1, 2 or 5 times a power of ten.

    Raises:
        ValueError: for a negative `top`.
    """
    if top < 0:
        raise ValueError(f"{top} has no place on an axis that begins at 0")
    for power in itertools.count():
        for digit in (1, 2, 5):
            if digit * 10**power * most >= top:
                return digit * 10**power
    raise AssertionError("there is always a larger power of ten")


def short(value: int, language: str) -> str:
    """A number in as few characters as an axis has room for: « 950 », « 18,3 k », « 2 M », “18.3 k”."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        # What would be rounded up to the next unit is written in it: 999 950 is 1 M.
        if value * 100_000 >= size * 99_995:
            text = format_decimal(
                round(Decimal(value) / size, 1), format="#,##0.#", locale=locale_of(language)
            )
            return f"{text}{NBSP}{unit}"
    return str(value)


def columns(series: Sequence[Sequence[int]]) -> Columns:
    """Columns of `series`, one above the other from the floor up: at most `MAX_SERIES`, with a value for each column.

    Raises:
        ValueError: for a negative value, series of different lengths, or too many of them.
    """
    if len(series) > MAX_SERIES:
        raise ValueError(f"{len(series)} series: a column shows {MAX_SERIES}")
    stacks = list(zip(*series, strict=True))
    _refuse_negative(value for stack in stacks for value in stack)
    highest = max((sum(stack) for stack in stacks), default=0)
    distance = step(highest)
    reach = max(distance * -(-highest // distance), distance)
    scale = (FLOOR - TOP) / reach
    ticks = tuple(Tick(value, round(FLOOR - value * scale, 1)) for value in range(0, reach + 1, distance))
    pitch = (WIDTH - LEFT) / max(len(stacks), 1)
    return Columns(
        ticks, tuple(_column(stack, LEFT + pitch * (at + 0.5), scale) for at, stack in enumerate(stacks))
    )


def _column(stack: Sequence[int], middle: float, scale: float) -> Column:
    shapes, y = [], float(FLOOR)
    for number, value in enumerate(stack, start=1):
        height = value * scale
        # A little apart, as long as something is left to see.
        drawn = max(height - GAP, min(height, 1)) if shapes else height
        y -= height
        if value:
            shapes.append(
                Shape(f"c{number}", round(middle - COLUMN / 2, 1), round(y, 1), COLUMN, round(drawn, 1))
            )
    return Column(round(middle, 1), sum(stack), round(y - 6, 1), tuple(shapes))


def parts(rows: Sequence[tuple[int, int]]) -> tuple[Bar, ...]:
    """A bar for each (whole, part): the part in front of the whole.

    Raises:
        ValueError: for a negative value, or a part that is larger than its whole.
    """
    _refuse_negative(value for row in rows for value in row)
    if any(part > whole for whole, part in rows):
        raise ValueError("a part is larger than its whole")
    scale = LONGEST / max((whole for whole, _part in rows), default=0) if any(row[0] for row in rows) else 0
    return tuple(
        _bar(at, [("c0", 0, whole * scale), ("c1", 0, part * scale)]) for at, (whole, part) in enumerate(rows)
    )


def beside(rows: Sequence[tuple[int, int]]) -> tuple[Bar, ...]:
    """A bar for each pair of numbers, one after the other. Raises ValueError for a negative value."""
    _refuse_negative(value for row in rows for value in row)
    longest = max((sum(row) for row in rows), default=0)
    scale = (LONGEST - GAP) / longest if longest else 0
    return tuple(
        _bar(at, [("c1", 0, one * scale), ("c3", one * scale + (GAP if one else 0), other * scale)])
        for at, (one, other) in enumerate(rows)
    )


def _bar(at: int, pieces: Sequence[tuple[str, float, float]]) -> Bar:
    y = 6 + LINE * at
    shapes = [
        Shape(kind, round(NAMES + x, 1), y, round(width, 1), THICK) for kind, x, width in pieces if width > 0
    ]
    end = max((shape.x + shape.width for shape in shapes), default=NAMES)
    return Bar(y + 13, round(end + 8, 1), tuple(shapes))


def spark_columns(values: Sequence[int]) -> tuple[Shape, ...]:
    """Small columns without an axis. Raises ValueError for a negative value."""
    _refuse_negative(values)
    highest, pitch = max(values, default=0) or 1, SPARK_WIDTH / max(len(values), 1)
    return tuple(
        Shape(
            "",
            round(pitch * at + 1, 1),
            round(SPARK_HEIGHT - (height := value / highest * (SPARK_HEIGHT - 2)), 1),
            round(pitch - GAP, 1),
            round(height, 1),
        )
        for at, value in enumerate(values)
    )


def spark_line(values: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """The points of a small line between the least and the greatest value; level where all are the same."""
    low, high = min(values, default=0), max(values, default=0)
    pitch = (SPARK_WIDTH - 2) / max(len(values) - 1, 1)
    room = SPARK_HEIGHT - 6
    return tuple(
        (
            round(1 + pitch * at, 1),
            round(SPARK_HEIGHT - 3 - room * (value - low) / (high - low), 1)
            if high > low
            else SPARK_HEIGHT / 2,
        )
        for at, value in enumerate(values)
    )


def _refuse_negative(values: Iterable[int]) -> None:
    for value in values:
        if value < 0:
            raise ValueError(f"{value} cannot be drawn: a chart begins at 0")
