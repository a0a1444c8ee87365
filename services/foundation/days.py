"""Days: the calendar days that a licence lives by, and the instants at which they begin.

A period has a first and a last day, both included. Its instants follow, half-open: it starts at a day's first instant
(or in the middle of that day, when it is bought) and ends before the first instant of the day after the last.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import zoneinfo

from models import day_in

_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)


@dataclasses.dataclass(frozen=True)
class Period:
    """Months of a calendar.

    Attributes:
        first_day, last_day: Both included.
        anchor_day: 1 to 31: the day of the month on which such periods begin. Where a month has no such day, the period
            begins on the first of the next month, and the one after it on the anchor again: a 31st stays a 31st.
    """

    first_day: dt.date
    last_day: dt.date
    anchor_day: int

    def next(self, months: int) -> Period:
        """The period of `months` that begins on the day after this one: no day is lost, and none paid twice."""
        return months_from(self.last_day + _DAY, months, self.anchor_day)


def months_from(first_day: dt.date, months: int, anchor_day: int | None = None) -> Period:
    """`months` from `first_day` on: a year from 24 November ends with 23 November.

    From 31 August, six months end with the last day of February, and six more with 30 August.

    Args:
        anchor_day: As in `Period`; without it, the day of the month of `first_day`.

    Raises:
        ValueError: no period with this anchor begins on `first_day`; or a year beyond 9999.
    """
    anchor = anchor_day or first_day.day
    month = first_day.year * 12 + first_day.month - 1
    if first_day.day != anchor:
        month -= 1
        if _start(month, anchor) != first_day:
            raise ValueError(f"no period that begins on day {anchor} begins on {first_day}")
    return Period(first_day, _start(month + months, anchor) - _DAY, anchor)


def _start(month: int, anchor: int) -> dt.date:
    """Day `anchor` of a month (years times twelve, plus 0 to 11), or the first of the next one where there is none."""
    year, index = divmod(month, 12)
    if anchor > calendar.monthrange(year, index + 1)[1]:
        return _start(month + 1, 1)
    return dt.date(year, index + 1, anchor)


def start_of(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The instant from which on it is `day` in `zone` and no earlier day any more; aware UTC.

    Usually midnight. Clocks may skip it (the day then begins at one o'clock), or come to it twice: the day begins with
    the second time where clocks went back to the day before, as Newfoundland's did at one minute past midnight.
    """
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=zone)
    once, again = (midnight.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if once < again and day_in(zone, again - _SECOND) < day:
        return again
    # In a gap, `once` is read by the clock of before and `again` by that of after: what lies between was skipped.
    while once - again > _SECOND:
        middle = again + ((once - again) / 2 // _SECOND) * _SECOND
        once, again = (middle, again) if day_in(zone, middle) >= day else (once, middle)
    return once


def end_of(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The first instant after `day` in `zone`, aware UTC: what ends with that day is over then."""
    return start_of(day + _DAY, zone)
