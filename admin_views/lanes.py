"""What happened over the years as two lanes of bars: the numbers of their shapes, which `templates/license_life.html` draws.

A picture of sentences that stand below it. Nothing here knows what a bar is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections.abc import Callable, Sequence

from services.foundation.days import start_of

# In the units of the viewBox.
WIDTH, HEIGHT, LEFT = 940, 114, 76
TOP, FLOOR, NOW_AT = 20, 98, 112
LANES, THICK, THIN = (28, 64), 28, 7
# What is shorter is drawn as wide as this: a day of ten years is seen.
LEAST = 3
# A letter of its text, and what is left free beside it.
LETTER, BESIDE = 6.6, 18
MOST_TICKS = 8
STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
# Half of what the words of a tick, or of today, take.
HALF = 34


@dataclasses.dataclass(frozen=True)
class Span:
    """A while, as it is to be drawn.

    Attributes:
        ends: None lasts until the lane's end.
        kind: The class of its bar in the sheet.
        words: What is written in it where there is room.
        ink: The class of these words; empty for a bar without any.
        edge: `top` or `foot` of a bar that is thin, and lies upon the others of its lane there.
    """

    lane: int
    begins: dt.datetime
    ends: dt.datetime | None
    kind: str
    words: str = ""
    ink: str = ""
    edge: str = ""


@dataclasses.dataclass(frozen=True)
class Bar:
    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str
    # What of them has room, from where on, and the class of its ink: `later` on what is still to come.
    text: str
    text_x: float
    ink: str


@dataclasses.dataclass(frozen=True)
class Tick:
    x: float
    words: str


@dataclasses.dataclass(frozen=True)
class Lanes:
    """A picture: its bars in the order in which they lie upon each other, and where today is.

    Attributes:
        anchor: `start`, `middle` or `end`: which part of the word stands at `now`.
    """

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    now: float
    anchor: str


def draw(
    spans: Sequence[Span], now: dt.datetime, zone: zoneinfo.ZoneInfo, month: Callable[[dt.date], str]
) -> Lanes:
    """The lanes from the first beginning to the last end, or until today, whichever is later.

    Args:
        zone: Whose months they are.
        month: The words of a month, by its first day.
    """
    first = min([now, *(span.begins for span in spans)])
    last = max([now, *(span.ends or span.begins for span in spans)])
    whole = max((last - first).total_seconds(), 1)

    def place(instant: dt.datetime) -> float:
        return round(LEFT + (WIDTH - LEFT) * (instant - first).total_seconds() / whole, 1)

    at = place(now)
    anchor = "end" if at > WIDTH - HALF else "start" if at < HALF else "middle"
    return Lanes(
        tuple(_bar(span, place(span.begins), place(span.ends or last), at) for span in spans),
        tuple(
            Tick(x, month(day))
            for day, x in ((day, place(start_of(day, zone))) for day in _months(first, last, zone))
            if LEFT + HALF <= x <= WIDTH - HALF
        ),
        at,
        anchor,
    )


def _bar(span: Span, begins: float, ends: float, now: float) -> Bar:
    # A little apart from the next, as long as something is left to see.
    width = round(max(ends - begins - 2, LEAST), 1)
    begins = min(begins, WIDTH - width)
    y = LANES[span.lane] + (THICK - THIN if span.edge == "foot" else 0)
    text, text_x, ink = _written(span, begins, begins + width, now) if span.ink else ("", begins, "")
    return Bar(span.kind, begins, y, width, THIN if span.edge else THICK, span.words, text, text_x, ink)


def _written(span: Span, begins: float, ends: float, now: float) -> tuple[str, float, str]:
    """What has room, where and in which ink: before today, or after it where there is more room. No word crosses the line."""
    before, after = (begins, min(ends, now)), (max(begins, now), ends)
    fits = before[1] - before[0] >= len(span.words) * LETTER + BESIDE
    is_later = not fits and after[1] - after[0] > before[1] - before[0]
    start, end = after if is_later else before
    room = int((end - start - BESIDE) / LETTER)
    text = span.words if len(span.words) <= room else f"{span.words[: max(room - 1, 0)].rstrip()}…"
    return text if room > 3 else "", start, "later" if is_later else span.ink


def _months(first: dt.datetime, last: dt.datetime, zone: zoneinfo.ZoneInfo) -> list[dt.date]:
    """The first days of months, of every third or every twelfth where the years are many."""
    begins, ends = (instant.astimezone(zone).date() for instant in (first, last))
    start, end = begins.year * 12 + begins.month, ends.year * 12 + ends.month
    step = next((step for step in STEPS if (end - start) / step <= MOST_TICKS), STEPS[-1])
    return [dt.date(number // 12, number % 12 + 1, 1) for number in range(start, end) if number % step == 0]
