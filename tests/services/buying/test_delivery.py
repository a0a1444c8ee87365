"""Delivery: a day or a cent that a customer would lose."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import License, Term, db
from services.buying import delivery
from services.catalogue.taxes import share
from services.foundation.days import end_of
from services.foundation.transaction import company_lock
from tests.factories import make_order


@pytest.mark.parametrize(
    ("zone", "paid", "first_day", "last_day", "ends_at"),
    [
        ("America/Toronto", "2026-11-24T15:00-05:00", "2026-11-24", "2027-11-23", "2027-11-24T05:00Z"),
        # Late in the evening in Québec is tomorrow in UTC: the customer's calendar counts.
        ("America/Toronto", "2026-11-24T23:30-05:00", "2026-11-24", "2027-11-23", "2027-11-24T05:00Z"),
        ("America/Vancouver", "2026-11-25T01:30-05:00", "2026-11-24", "2027-11-23", "2027-11-24T08:00Z"),
        ("America/St_Johns", "2028-02-29T12:00-03:30", "2028-02-29", "2029-02-28", "2029-03-01T03:30Z"),
        # Chile's clocks go back from midnight to 23:00 on the night of 3 April 2027: that hour is the customer's too.
        ("America/Santiago", "2026-04-04T12:00-03:00", "2026-04-04", "2027-04-03", "2027-04-04T04:00Z"),
    ],
)
def test_a_licence_lives_by_the_calendar_of_the_customer(
    cast, time_machine, zone, paid, first_day, last_day, ends_at
):
    cast.acme.time_zone = zone
    order = make_order(cast.alice, cast.pro, 2, paid=True)
    time_machine.move_to(dt.datetime.fromisoformat(paid), tick=False)
    with company_lock(cast.acme.id) as turn:
        delivery.deliver(turn, order)
    for kind in (License, Term):
        for row in db.session.scalars(db.select(kind)):
            assert (row.first_day.isoformat(), row.last_day.isoformat()) == (first_day, last_day)
    for term in db.session.scalars(db.select(Term)):
        assert (term.zone, term.anchor_day) == (zone, term.first_day.day)
        assert term.starts_at == dt.datetime.fromisoformat(paid)
        assert term.ends_at == end_of(term.last_day, cast.acme.zone) == dt.datetime.fromisoformat(ends_at)
    assert {row.valid_until for row in db.session.scalars(db.select(License))} == {term.ends_at}
    # Who moves changes nothing that was bought.
    cast.acme.time_zone = "Asia/Tokyo"
    db.session.commit()
    assert {row.last_day.isoformat() for row in db.session.scalars(db.select(License))} == {last_day}


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_no_cent_is_lost_or_counted_twice(cents, weights):
    parts = share(cents, weights)
    assert all(part >= 0 for part in parts)
    assert sum(parts) == (cents if sum(weights) else 0)
