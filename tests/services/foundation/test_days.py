"""Days: none that a customer paid is lost, and none is given twice, whatever the calendar and the clocks do."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from models import day_in
from services.foundation.days import end_of, months_from, start_of

DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
ZONES = ["America/Toronto", "America/St_Johns", "America/Vancouver", "Asia/Tokyo", "America/Santiago"]
FOUR_YEARS = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(4 * 365 + 1)]


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        ("2026-11-24", 12, "2027-11-23"),
        ("2026-01-01", 12, "2026-12-31"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 12, "2027-01-30"),
        ("2026-01-28", 1, "2026-02-27"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-28"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-14"),
    ],
)
def test_a_period_ends_on_the_day_that_people_count(first, months, last):
    period = months_from(dt.date.fromisoformat(first), months)
    assert (period.last_day.isoformat(), period.anchor_day) == (last, int(first[-2:]))


def test_a_31st_is_a_31st_again_after_every_shorter_month():
    period, lasts = months_from(dt.date(2026, 1, 31), 1), []
    for _month in range(7):
        lasts.append(f"{period.last_day:%m-%d}")
        period = period.next(1)
    assert lasts == ["02-28", "03-30", "04-30", "05-30", "06-30", "07-30", "08-30"]


@pytest.mark.parametrize("months", [1, 3, 12, 24, 36])
def test_renewals_of_any_length_from_any_day_lose_and_gain_no_day(months):
    for first in FOUR_YEARS:
        period = months_from(first, months)
        for renewals in range(2, 9):
            following = period.next(months)
            assert following.first_day == period.last_day + DAY
            # Eight terms one after the other end with the same day as one term as long as all of them.
            assert following.last_day == months_from(first, months * renewals).last_day, (first, renewals)
            period = following


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("months", [1, 3, 12, 24, 36])
def test_what_is_renewed_starts_at_the_very_instant_at_which_it_would_have_ended(name, months):
    zone = zoneinfo.ZoneInfo(name)
    for first in FOUR_YEARS:
        period = months_from(first, months)
        for _renewal in range(3):
            ends = end_of(period.last_day, zone)
            assert day_in(zone, ends - SECOND) == period.last_day
            period = period.next(months)
            assert start_of(period.first_day, zone) == ends
            assert day_in(zone, ends) == period.first_day


@pytest.mark.parametrize(("first", "anchor"), [("2026-03-02", 31), ("2026-04-01", 31), ("2026-03-15", 14)])
def test_a_day_on_which_no_such_period_begins_is_refused(first, anchor):
    with pytest.raises(ValueError, match="no period"):
        months_from(dt.date.fromisoformat(first), 12, anchor)


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("America/Toronto", "2026-11-24", "2026-11-24T05:00:00+00:00"),
        ("Asia/Tokyo", "2026-11-24", "2026-11-23T15:00:00+00:00"),
        # Clocks went from midnight to one o'clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00+00:00"),
        # Clocks went back from midnight to eleven: it became this day an hour later.
        ("America/Santiago", "2026-04-05", "2026-04-05T04:00:00+00:00"),
        # From one minute past midnight back to one minute past eleven.
        ("America/St_Johns", "2010-11-07", "2010-11-07T03:30:00+00:00"),
        # From one o'clock back to midnight: it is the same day twice.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00+00:00"),
        # From half past eleven to half past midnight.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00+00:00"),
        # This day did not exist: what begins with it begins with the next one.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00+00:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00+00:00"),
    ],
)
def test_a_day_begins_when_the_one_before_is_over_for_good(zone, day, starts):
    assert start_of(dt.date.fromisoformat(day), zoneinfo.ZoneInfo(zone)).isoformat() == starts
