"""A day as files write it: by a workbook, as the number that Excel counts days with, in figures or in words, in French and English.

« 03/04/2026 » is two days. A column says which comes first where one of its dates can only be read so; else people say it, and
where nobody does, nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
from collections.abc import Iterable

from babel import Locale

from services.text.alike import bare

_EXCEL = dt.date(1899, 12, 30)
# As Excel counts 1954 to 2119: what is less is no day of a licence, nor is what is more.
_SERIAL = range(20_000, 80_001)
_YEARS = range(1970, 2200)
_CLOCK = re.compile(r"(?<=\d)[T\s]+\d{1,2}\s?[:h]\s?\d{2}.*$", re.IGNORECASE | re.DOTALL)
_YEAR_FIRST = re.compile(r"([0-9]{4})\s?[-/.]\s?([0-9]{1,2})\s?[-/.]\s?([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})\s?[-/. ]\s?([0-9]{1,2})\s?[-/. ]\s?([0-9]{4}|[0-9]{2})")
_TOGETHER = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMBER = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
_PARTS = re.compile(r"[0-9]+|[^\W\d_]+")
_BESIDE = frozenset({"er", "st", "nd", "rd", "th", "le", "de", "of", "the", "e"})


class DayOrder(enum.StrEnum):
    """Which of two figures is the day."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class TwoDaysError(ValueError):
    """A text that may be one day or another."""


def read(text: str, order: DayOrder | None) -> dt.date:
    """The day that `text` says; the time beside it does not matter.

    Raises:
        TwoDaysError: it may be two, and `order` does not say which.
        ValueError: it is none, or not of this age.
    """
    text = _CLOCK.sub("", text.strip())
    if found := _YEAR_FIRST.fullmatch(text) or _TOGETHER.fullmatch(text):
        return _day(*map(int, found.groups()))
    if found := _NUMBER.fullmatch(text):
        if int(found[1]) in _SERIAL:
            return _EXCEL + dt.timedelta(days=int(found[1]))
        raise ValueError(text)
    if found := _YEAR_LAST.fullmatch(text):
        return _ordered(int(found[1]), int(found[2]), _whole(found[3]), order)
    return _worded(text)


def order_of(texts: Iterable[str]) -> DayOrder | None:
    """Which comes first in a column: what one of its dates cannot but say; None where none does, or they differ."""
    found: set[DayOrder] = set()
    for text in texts:
        if match := _YEAR_LAST.fullmatch(_CLOCK.sub("", text.strip())):
            first, second = int(match[1]), int(match[2])
            if first > 12 >= second:
                found.add(DayOrder.DAY_FIRST)
            elif second > 12 >= first:
                found.add(DayOrder.MONTH_FIRST)
    return found.pop() if len(found) == 1 else None


def _ordered(first: int, second: int, year: int, order: DayOrder | None) -> dt.date:
    if first > 12 or first == second:
        return _day(year, second, first)
    if second > 12:
        return _day(year, first, second)
    if order is None:
        raise TwoDaysError
    return _day(year, second, first) if order == DayOrder.DAY_FIRST else _day(year, first, second)


def _worded(text: str) -> dt.date:
    """« 1er mars 2026 », « March 1st, 2026 », « 01-Mar-26 »."""
    parts = _PARTS.findall(text)
    words = [bare(part) for part in parts if not part.isascii() or not part.isdigit()]
    numbers = [part for part in parts if part.isascii() and part.isdigit()]
    months = [_months()[word] for word in words if word in _months()]
    if len(numbers) != 2 or len(months) != 1 or any(w not in _months() and w not in _BESIDE for w in words):
        raise ValueError(text)
    if len(numbers[0]) == 4:
        numbers.reverse()
    return _day(_whole(numbers[1]), months[0], int(numbers[0]))


def _whole(year: str) -> int:
    return int(year) if len(year) > 2 else 2000 + int(year)


def _day(year: int, month: int, day: int) -> dt.date:
    if year not in _YEARS:
        raise ValueError(year)
    return dt.date(year, month, day)


@functools.cache
def _months() -> dict[str, int]:
    """The months by their names and what they are cut to, in both languages."""
    found = {"fev": 2, "avr": 4, "jul": 7, "juil": 7, "sept": 9}
    for language in ("fr", "en"):
        for width in ("wide", "abbreviated"):
            names = Locale.parse(language).months["format"][width]
            found |= {bare(name): number for number, name in names.items()}
    return found
