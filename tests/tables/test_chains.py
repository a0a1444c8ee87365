"""Renewals as rows: fifty chains of them in each of five zones stand in the tables as the calendar says, without a gap."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo

import pytest
import sqlalchemy as sa

from models import License, LicenseState, Term, TermKind, db
from services.foundation.days import end_of, months_from, start_of
from services.seats import history
from tests.factories import make_order

DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
ZONES = ["America/Toronto", "America/St_Johns", "America/Vancouver", "Asia/Tokyo", "America/Santiago"]
CHAINS = 50


@pytest.mark.parametrize("name", ZONES)
def test_a_seat_that_is_renewed_again_and_again_is_usable_at_every_second_and_ends_on_its_day(cast, name):
    zone, chance = zoneinfo.ZoneInfo(name), random.Random(name)
    line = make_order(cast.alice, cast.pro, CHAINS, paid=True).lines[0]
    spare = [make_order(cast.alice, cast.pro, 1, paid=True).lines[0].id for _ in range(7)]
    chains = [_chain(chance) for _ in range(CHAINS)]
    for number, periods in enumerate(chains, 1):
        first, last = periods[0], periods[-1]
        whole = (start_of(first.first_day, zone), end_of(last.last_day, zone))
        license = License(
            company_id=cast.acme.id,
            order_line_id=line.id,
            seat_no=number,
            plan_id=cast.pro.id,
            product=cast.pro.product,
            valid_from=whole[0],
            valid_until=whole[1],
            usable_until=whole[1],
            first_day=first.first_day,
            last_day=last.last_day,
        )
        db.session.add(license)
        db.session.flush()
        db.session.add_all(
            Term(
                company_id=cast.acme.id,
                license_id=license.id,
                plan_id=cast.pro.id,
                kind=TermKind.RENEW if place else TermKind.NEW,
                order_line_id=([line.id, *spare])[place],
                first_day=period.first_day,
                last_day=period.last_day,
                zone=name,
                anchor_day=period.anchor_day,
                starts_at=start_of(period.first_day, zone),
                ends_at=end_of(period.last_day, zone),
                net=0,
                tax=0,
            )
            for place, period in enumerate(periods)
        )
    # The triggers of the tables let them all stand beside each other.
    db.session.commit()
    for license in db.session.scalars(sa.select(License).order_by(License.id)):
        terms = db.session.scalars(
            sa.select(Term).where(Term.license_id == license.id).order_by(Term.starts_at)
        ).all()
        assert [one.ends_at for one in terms[:-1]] == [one.starts_at for one in terms[1:]]
        paid = sum((one.last_day - one.first_day).days + 1 for one in terms)
        assert paid == (license.last_day - license.first_day).days + 1
        assert (terms[-1].ends_at, terms[-1].last_day) == (license.valid_until, license.last_day)
    seams = sorted(db.session.scalars(sa.select(Term.starts_at).where(Term.kind == TermKind.RENEW)))
    for instant in chance.sample(seams, 5):
        for at in (instant - SECOND, instant):
            seats = history.as_of(cast.acme.id, at)
            for license in db.session.scalars(sa.select(License).where(License.valid_from <= at)):
                usable = at < license.valid_until
                assert (seats[license.id].state == LicenseState.AVAILABLE) == usable


def _chain(chance):
    """A first period and up to seven renewals of it."""
    first_day = dt.date(2026, 1, 1) + chance.randrange(4 * 365) * DAY
    periods = [months_from(first_day, chance.choice([1, 3, 12, 24, 36]))]
    for _ in range(chance.randint(1, 7)):
        periods.append(periods[-1].next(chance.choice([1, 3, 12, 24, 36])))
    return periods
