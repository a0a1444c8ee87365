"""Terms and shares: a day or a cent that a customer would lose."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.buying.delivery import end_of_term
from services.catalogue.taxes import share

QUEBEC = zoneinfo.ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("start", "months", "last_day"),
    [
        ("2026-11-24T15:00-05:00", 12, "2027-11-23"),
        ("2026-01-01T00:00-05:00", 12, "2026-12-31"),
        ("2026-01-31T12:00-05:00", 1, "2026-02-28"),
        ("2026-01-31T12:00-05:00", 12, "2027-01-30"),
        ("2026-01-28T12:00-05:00", 1, "2026-02-27"),
        ("2028-02-29T12:00-05:00", 12, "2029-02-28"),
        ("2026-08-31T12:00-04:00", 6, "2027-02-28"),
        ("2026-12-15T12:00-05:00", 1, "2027-01-14"),
        ("2026-08-31T12:00-04:00", 3, "2026-11-30"),
        ("2026-10-31T12:00-04:00", 2, "2026-12-30"),
        # Late in the evening in Québec is tomorrow in UTC: the customer's calendar counts.
        ("2026-11-24T23:30-05:00", 12, "2027-11-23"),
    ],
)
def test_a_licence_ends_at_the_last_second_of_its_last_day_where_the_company_is(start, months, last_day):
    end = end_of_term(dt.datetime.fromisoformat(start), months, QUEBEC).astimezone(QUEBEC)
    assert f"{end:%Y-%m-%d %H:%M:%S}" == f"{last_day} 23:59:59"


def test_a_licence_is_not_cut_by_the_hour_that_comes_twice():
    santiago = zoneinfo.ZoneInfo("America/Santiago")
    # Chile's clocks go back from midnight to 23:00 on the night of 3 April 2027.
    end = end_of_term(dt.datetime(2026, 4, 4, 15, tzinfo=dt.UTC), 12, santiago)
    assert end.isoformat() == "2027-04-04T03:59:59+00:00"


@given(st.integers(2**30, 2**31), st.integers(1, 120))
def test_a_term_is_never_longer_than_its_months_nor_a_day_too_short(seconds, months):
    start = dt.datetime.fromtimestamp(seconds, dt.UTC)
    end = end_of_term(start, months, QUEBEC).astimezone(QUEBEC)
    first = start.astimezone(QUEBEC)
    passed = (end.year - first.year) * 12 + end.month - first.month
    assert passed in {months, months - 1}
    following = end.date() + dt.timedelta(days=1)
    assert following.day in {first.day, 1}


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_no_cent_is_lost_or_counted_twice(cents, weights):
    parts = share(cents, weights)
    assert all(part >= 0 for part in parts)
    assert sum(parts) == (cents if sum(weights) else 0)
