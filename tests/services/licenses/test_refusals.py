"""Which seat is given, which is not, and what is said then."""

from __future__ import annotations

import datetime as dt

import pytest

from access import SYSTEM, Actor
from models import LicenseStatus, utcnow
from services import licenses
from tests.asked import refused
from tests.factories import make_licenses, make_plan

DAY = dt.timedelta(days=1)


def by(user):
    return Actor.of(user)


def test_a_free_seat_of_another_plan_is_not_given_in_its_place(cast):
    make_licenses(1, cast.alice, cast.eco, ends=utcnow() + 900 * DAY)
    assert refused("no_free_license", licenses.assign, cast.pro, cast.bob, by(cast.alice))
    (pro,) = make_licenses(1, cast.alice, cast.pro)
    assert licenses.assign(cast.pro, cast.bob, by(cast.alice)).id == pro.id


def test_a_person_may_hold_one_licence_of_each_product(cast):
    backup = make_plan("backup", product="backup")
    make_licenses(1, cast.alice, cast.pro)
    make_licenses(1, cast.alice, backup)
    given = [licenses.assign(plan, cast.bob, by(cast.alice)) for plan in (cast.pro, backup)]
    assert [one.user_id for one in given] == [cast.bob.id] * 2
    # The one that is taken back is the one that was named.
    licenses.release(given[1], by(cast.alice), held_by=given[1].user_id)
    assert [one.user_id for one in given] == [cast.bob.id, None]


def test_a_seat_that_was_given_and_taken_back_before_is_given_and_taken_back_again(cast):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    for person in (cast.bob, cast.dave, cast.bob):
        licenses.assign_license(seat, person, by(cast.alice))
        licenses.release(seat, by(cast.alice), held_by=seat.user_id)
    assert seat.user_id is None


@pytest.mark.parametrize(
    ("status", "days", "code"),
    [
        (LicenseStatus.SUSPENDED, 30, "suspended"),
        (LicenseStatus.REVOKED, 30, "not_assignable"),
        (LicenseStatus.ACTIVE, -1, "not_assignable"),
    ],
)
def test_a_seat_that_cannot_be_given_says_why(cast, status, days, code):
    now = utcnow()
    (seat,) = make_licenses(
        1, cast.alice, cast.pro, status=status, starts=now - 90 * DAY, ends=now + days * DAY
    )
    assert refused(code, licenses.assign_license, seat, cast.bob, by(cast.alice))


def test_a_seat_is_not_taken_from_its_holder_and_an_expired_one_not_renewed_by_giving_it_again(cast):
    now = utcnow()
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    assert refused("not_assignable", licenses.assign_license, held, cast.bob, by(cast.alice))
    (over,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=now - 90 * DAY, ends=now - DAY)
    assert refused("not_assignable", licenses.assign_license, over, cast.bob, by(cast.alice))


def test_the_vendors_own_people_hold_no_licence_and_nobody_activates_for_another(cast):
    free, held = make_licenses(2, cast.alice, cast.pro, holder=cast.bob)[::-1]
    with pytest.raises(LookupError, match="staff hold no licenses"):
        licenses.assign(cast.pro, cast.sam, by(cast.sam))
    for seat in (free, held):
        for actor in (SYSTEM, by(cast.alice), by(cast.sam)):
            with pytest.raises(LookupError, match="holder"):
                licenses.activate(seat, actor)
