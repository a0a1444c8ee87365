"""What every seat was at any second: told alike by what is stored for today and by what was never overwritten."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    GoneWhy,
    License,
    LicenseState,
    LicenseStatus,
    Suspension,
    SuspensionReason,
    Term,
    TermKind,
    db,
    utcnow,
)
from services import licenses
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.licenses import suspensions
from services.seats import history
from tests.factories import hold, make_licenses

SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


def seat(license, instant):
    db.session.rollback()
    found = history.as_of(license.company_id, instant).get(license.id)
    return found and (found.user_id, found.plan_id, found.state)


def today_agrees(company_id):
    """The stored columns, as Python and as SQL read them, and the history of now say the same of every seat."""
    db.session.rollback()
    now = utcnow()
    past = history.as_of(company_id, now)
    for license in db.session.scalars(sa.select(License).filter_by(company_id=company_id)):
        found = past[license.id]
        assert (found.user_id, found.plan_id, found.state) == (
            license.user_id,
            license.plan_id,
            license.state(now),
        )
    for state in LicenseState:
        by_sql = sa.select(License.id).where(
            License.company_id == company_id, License.where_state(state, now)
        )
        assert set(db.session.scalars(by_sql)) == {key for key, found in past.items() if found.state == state}


def test_a_seat_reads_second_by_second_as_it_was(cast, time_machine):
    start = utcnow()
    (license,) = make_licenses(1, cast.alice, cast.pro, starts=start, ends=start + 365 * DAY)
    alice, pro = Actor.of(cast.alice), cast.pro.id
    happened = {}
    for number, (name, act) in enumerate(
        (
            ("given", lambda: licenses.assign_license(license, cast.bob, alice)),
            ("activated", lambda: licenses.activate(license, Actor.of(cast.bob))),
            ("released", lambda: licenses.release(license, alice, held_by=license.user_id)),
            ("given again", lambda: licenses.assign_license(license, cast.dave, alice)),
        ),
        1,
    ):
        happened[name] = start + number * DAY
        time_machine.move_to(happened[name], tick=False)
        db.session.rollback()
        act()
        today_agrees(cast.acme.id)
    bob, dave = cast.bob.id, cast.dave.id
    for instant, expected in (
        (start - SECOND, None),
        (start, (None, pro, LicenseState.AVAILABLE)),
        (happened["given"] - SECOND, (None, pro, LicenseState.AVAILABLE)),
        (happened["given"], (bob, pro, LicenseState.ASSIGNED)),
        (happened["activated"] - SECOND, (bob, pro, LicenseState.ASSIGNED)),
        (happened["activated"], (bob, pro, LicenseState.ACTIVATED)),
        (happened["released"] - SECOND, (bob, pro, LicenseState.ACTIVATED)),
        (happened["released"], (None, pro, LicenseState.AVAILABLE)),
        (happened["given again"], (dave, pro, LicenseState.ASSIGNED)),
        (start + 365 * DAY - SECOND, (dave, pro, LicenseState.ASSIGNED)),
        (start + 365 * DAY, (dave, pro, LicenseState.EXPIRED)),
    ):
        assert seat(license, instant) == expected, instant


def test_a_suspension_lasts_until_the_last_of_its_causes_is_lifted(cast, time_machine):
    start = utcnow()
    (license,) = make_licenses(1, cast.alice, cast.pro, starts=start, holder=cast.bob)
    steps = (
        (suspensions.suspend, SuspensionReason.DISPUTE, "du_1"),
        (suspensions.suspend, SuspensionReason.DISPUTE, "du_1"),
        (suspensions.suspend, SuspensionReason.DISPUTE, "du_2"),
        (suspensions.suspend, SuspensionReason.SUPPORT, ""),
        (suspensions.lift, SuspensionReason.DISPUTE, "du_1"),
        (suspensions.lift, SuspensionReason.DISPUTE, "du_other"),
        (suspensions.lift, SuspensionReason.SUPPORT, ""),
        (suspensions.lift, SuspensionReason.SUPPORT, "du_2"),
        (suspensions.lift, SuspensionReason.DISPUTE, "du_2"),
    )
    states = []
    for number, (step, reason, cause) in enumerate(steps, 1):
        time_machine.move_to(start + number * DAY, tick=False)
        db.session.rollback()
        with company_lock(cast.acme.id) as turn:
            step(turn, db.session.get_one(License, license.id), reason, cause)
        today_agrees(cast.acme.id)
        states.append(seat(license, start + number * DAY)[2])
    assert states == [LicenseState.SUSPENDED] * 8 + [LicenseState.ASSIGNED]
    assert seat(license, start + DAY - SECOND)[2] == LicenseState.ASSIGNED
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Suspension)) == 3


def test_what_is_gone_is_neither_suspended_nor_lifted_back(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.REVOKED)
    for step in (suspensions.suspend, suspensions.lift):
        with company_lock(cast.acme.id) as turn:
            step(turn, db.session.get_one(License, license.id), SuspensionReason.DISPUTE)
    today_agrees(cast.acme.id)
    assert seat(license, utcnow())[2] == LicenseState.REVOKED


def test_a_seat_that_went_was_there_before(cast):
    start = utcnow() - 10 * DAY
    (license,) = make_licenses(1, cast.alice, cast.pro, starts=start, holder=cast.bob, activated=True)
    gone = start + 5 * DAY
    assignment = db.session.scalars(sa.select(Assignment)).one()
    assignment.ended_at = gone
    license.user_id = license.assigned_at = license.activated_at = None
    license.status, license.gone_at, license.gone_why = LicenseStatus.REVOKED, gone, GoneWhy.REFUNDED
    db.session.commit()
    today_agrees(cast.acme.id)
    assert seat(license, gone - SECOND) == (cast.bob.id, cast.pro.id, LicenseState.ACTIVATED)
    assert seat(license, gone) == (None, cast.pro.id, LicenseState.REVOKED)


def test_a_seat_that_lapsed_between_two_terms_was_expired_then(cast):
    start = utcnow() - 30 * DAY
    (license,) = make_licenses(1, cast.alice, cast.pro, starts=start, ends=start + 10 * DAY)
    again = start + 20 * DAY
    old = db.session.scalars(sa.select(Term)).one()
    values = {
        name: getattr(old, name) for name in ("company_id", "license_id", "plan_id", "zone", "anchor_day")
    }
    days = {"first_day": again.date(), "last_day": (again + 40 * DAY).date()}
    spare = make_licenses(1, cast.alice, cast.pro)[0].order_line_id
    db.session.add(
        Term(
            **values,
            **days,
            kind=TermKind.RENEW,
            order_line_id=spare,
            starts_at=again,
            ends_at=again + 40 * DAY,
            net=0,
            tax=0,
        )
    )
    license.valid_until = license.usable_until = again + 40 * DAY
    db.session.commit()
    states = [seat(license, start + number * DAY)[2] for number in (9, 10, 19, 20)]
    assert states == ["available", "expired", "expired", "available"]


def test_a_change_of_plan_names_the_plan_from_its_first_instant_on(cast):
    start = utcnow() - 30 * DAY
    (license,) = make_licenses(1, cast.alice, cast.pro, starts=start, ends=start + 365 * DAY)
    change = start + 10 * DAY
    old = db.session.scalars(sa.select(Term)).one()
    spare = make_licenses(1, cast.alice, cast.avance)[0].order_line_id
    db.session.add(
        Term(
            company_id=old.company_id,
            license_id=license.id,
            plan_id=cast.avance.id,
            kind=TermKind.CHANGE,
            order_line_id=spare,
            zone=old.zone,
            anchor_day=old.anchor_day,
            first_day=change.date(),
            last_day=old.last_day,
            starts_at=change,
            ends_at=old.ends_at,
            net=0,
            tax=0,
        )
    )
    db.session.commit()
    assert [seat(license, at)[1] for at in (change - SECOND, change)] == [cast.pro.id, cast.avance.id]


def test_the_days_of_grace_keep_a_seat_usable_and_no_longer(cast):
    start = utcnow() - 30 * DAY
    free, held = make_licenses(2, cast.alice, cast.pro, starts=start, ends=start + 20 * DAY)
    hold(held, cast.bob, by=cast.alice)
    held.assigned_at = db.session.scalars(sa.select(Assignment)).one().started_at = start + DAY
    for license in (free, held):
        license.usable_until = license.valid_until + 15 * DAY
    db.session.commit()
    today_agrees(cast.acme.id)
    with pytest.raises(Refused, match="no_free_license"):
        licenses.assign(cast.pro, cast.erin, Actor.of(cast.alice))
    with pytest.raises(Refused, match="not_assignable"):
        licenses.activate(held, Actor.of(cast.bob))
    states = [seat(held, start + number * DAY)[2] for number in (19, 20, 34, 35)]
    assert states == ["assigned", "grace", "grace", "expired"]
    assert seat(free, start + 20 * DAY)[2] == "grace"


def test_another_company_has_no_seat_in_it_and_many_cost_no_more(cast, count_queries):
    make_licenses(30, cast.alice, cast.pro, holder=cast.bob)
    foreign = make_licenses(1, cast.carol, cast.pro)[0].id
    acme_id = cast.acme.id
    with count_queries() as statements:
        found = history.as_of(acme_id, utcnow())
    assert (len(found), foreign in found, len(statements)) == (30, False, 5)


@pytest.mark.parametrize("half", [{"gone_at": utcnow()}, {"gone_why": "refunded"}, {"status": "revoked"}])
def test_a_seat_is_gone_wholly_or_not_at_all(cast, half):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    for name, value in half.items():
        setattr(license, name, value)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()


def test_no_seat_is_usable_for_less_than_was_paid(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    license.usable_until -= SECOND
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()
