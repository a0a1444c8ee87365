"""How many seats there are of each plan, and what one person may be given: an administrator decides on these numbers."""

from __future__ import annotations

import datetime as dt

import pytest

from models import LicenseStatus, day_in, db, utcnow
from services.seats import seat_counts
from tests.factories import make_licenses, make_plan

DAY = dt.timedelta(days=1)


def counted(company):
    return {
        one.plan.code: (one.purchased, one.assigned, one.available)
        for one in seat_counts.summary(company.id, utcnow())
    }


@pytest.fixture
def seats(cast):
    """Acme: of Pro three live seats (one held, one suspended, one free) and some that are over; of Éco one held."""
    now = utcnow()
    soon, later, last = now + 10 * DAY, now + 20 * DAY, now + 30 * DAY
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, ends=last)
    make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.SUSPENDED, ends=soon)
    make_licenses(1, cast.alice, cast.pro, ends=later)
    make_licenses(1, cast.alice, cast.pro, ends=now + 15 * DAY)
    make_licenses(2, cast.alice, cast.pro, starts=now - 9 * DAY, ends=now - DAY)
    make_licenses(2, cast.alice, cast.pro, status=LicenseStatus.REVOKED, ends=last)
    make_licenses(1, cast.alice, cast.eco, holder=cast.dave, ends=soon)
    # The neighbour's are never among them.
    make_licenses(5, cast.carol, cast.pro, ends=now + 99 * DAY)
    make_licenses(1, cast.carol, cast.avance, holder=cast.carol, ends=now + DAY)
    return soon, later


def test_each_plan_counts_the_companys_own_live_seats(cast, seats):
    assert counted(cast.acme) == {"pro": (4, 1, 2), "eco": (1, 1, 0)}
    soon, later = seats
    pro = next(one for one in seat_counts.summary(cast.acme.id, utcnow()) if one.plan.code == "pro")
    assert (pro.next_expiry, pro.expired) == (day_in(cast.acme.zone, soon), 2)
    (free,) = seat_counts.free_seats(cast.acme.id, utcnow())
    days = [day_in(cast.acme.zone, end) for end in (later, later - 5 * DAY)]
    # The one that would be given next is the free one that lasts longest, and is told first.
    assert (free.plan.code, free.available, free.until) == ("pro", 2, days[0])
    assert free.ends == [seat_counts.FreeEnd(day, 1) for day in days]


def test_a_plan_whose_seats_are_all_over_is_still_counted(cast):
    now = utcnow()
    make_licenses(3, cast.alice, cast.pro, holder=cast.bob, starts=now - 9 * DAY, ends=now - DAY)
    (pro,) = seat_counts.summary(cast.acme.id, now)
    assert (pro.purchased, pro.assigned, pro.available, pro.expired, pro.next_expiry) == (0, 0, 0, 3, None)


def test_a_person_is_offered_the_free_seats_of_products_that_they_do_not_hold(cast, seats):
    backup = make_plan("backup", product="backup")
    make_licenses(1, cast.alice, backup)
    offered = {
        user.email: seat_counts.offer(user, utcnow())
        for user in (cast.alice, cast.bob, cast.dave, cast.charlie)
    }
    plans = {email: {one.plan.code for one in offer.plans} for email, offer in offered.items()}
    # Pro and Éco are one product: its holders are offered the other product alone, and told why.
    assert plans == {
        cast.alice.email: {"pro", "backup"},
        cast.bob.email: {"backup"},
        cast.dave.email: {"backup"},
        cast.charlie.email: {"pro"},
    }
    assert {email for email, offer in offered.items() if offer.must_release} == {
        cast.bob.email,
        cast.dave.email,
    }


def test_a_licence_that_is_over_keeps_nobody_from_another(cast):
    now = utcnow()
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=now - 9 * DAY, ends=now - DAY)
    make_licenses(1, cast.alice, cast.pro)
    offer = seat_counts.offer(cast.bob, now)
    assert ([one.plan.code for one in offer.plans], offer.must_release) == (["pro"], False)


def test_the_vendors_own_people_are_offered_nothing(cast, seats):
    assert seat_counts.offer(cast.sam, utcnow()) == seat_counts.Offer([], must_release=False)
    db.session.rollback()
