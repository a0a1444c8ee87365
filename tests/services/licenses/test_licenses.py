"""Giving licences and taking them back: what an administrator would lose if it went wrong."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

import models
from access import Actor
from models import (
    Assignment,
    JournalEntry,
    License,
    LicenseState,
    LicenseStatus,
    OutgoingMail,
    db,
    utcnow,
)
from services import licenses
from services.foundation.errors import Refused
from services.licenses import releases
from tests.factories import hold, make_licenses, make_user
from tests.together import lock_off, meet


def by(user):
    return Actor.of(user, "192.0.2.1")


def held_by(user):
    return db.session.scalars(db.select(License).filter_by(user_id=user.id)).all()


def count(model, **where):
    return db.session.scalar(db.select(db.func.count()).select_from(model).filter_by(**where))


def test_assigning_gives_one_license_and_says_so_everywhere(cast):
    make_licenses(3, cast.alice, cast.pro)
    given = licenses.assign(cast.pro, cast.bob, by(cast.alice))
    assert [license.id for license in held_by(cast.bob)] == [given.id]
    assert given.state() == LicenseState.ASSIGNED
    assignment = db.session.scalars(db.select(Assignment)).one()
    assert (assignment.license_id, assignment.user_id) == (given.id, cast.bob.id)
    assert (assignment.given_by_id, assignment.ended_at) == (cast.alice.id, None)
    mail = db.session.scalars(db.select(OutgoingMail)).one()
    assert (mail.template, mail.user_id, mail.language) == ("license_assigned", cast.bob.id, "fr")
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.actor_id, entry.company_id) == ("license_assigned", cast.alice.id, cast.acme.id)
    assert entry.on_behalf_of_id is None
    assert (entry.before, entry.after) == ({"user": None}, {"user": cast.bob.id})
    assert entry.personal.address == "192.0.2.1"


def test_the_licence_that_lasts_longest_is_given(cast):
    now = utcnow()
    make_licenses(1, cast.alice, cast.pro, ends=now + dt.timedelta(days=5))
    long = make_licenses(1, cast.alice, cast.pro, ends=now + dt.timedelta(days=300))[0]
    assert licenses.assign(cast.pro, cast.bob, by(cast.alice)).id == long.id


def test_assigning_the_same_plan_twice_is_no_error_and_uses_one_seat(cast):
    make_licenses(2, cast.alice, cast.pro)
    first = licenses.assign(cast.pro, cast.bob, by(cast.alice))
    second = licenses.assign(cast.pro, cast.bob, by(cast.alice))
    assert first.id == second.id
    assert count(OutgoingMail) == 1
    assert count(JournalEntry) == 1


def test_assigning_the_same_seat_twice_is_no_error_and_is_told_once(cast):
    seat = make_licenses(1, cast.alice, cast.pro)[0]
    first = licenses.assign_license(seat, cast.bob, by(cast.alice))
    second = licenses.assign_license(seat, cast.bob, by(cast.erin))
    assert first.id == second.id == seat.id
    assert (count(Assignment), count(OutgoingMail), count(JournalEntry)) == (1, 1, 1)


def test_a_person_holds_one_live_licence_of_a_product(cast):
    make_licenses(1, cast.alice, cast.eco, holder=cast.bob)
    make_licenses(1, cast.alice, cast.pro)
    with pytest.raises(Refused, match="holds_other"):
        licenses.assign(cast.pro, cast.bob, by(cast.alice))
    assert [license.plan_id for license in held_by(cast.bob)] == [cast.eco.id]


def test_an_expired_licence_never_blocks_its_holder(cast):
    past = utcnow() - dt.timedelta(days=400)
    old = make_licenses(
        1, cast.alice, cast.eco, holder=cast.bob, starts=past, ends=past + dt.timedelta(days=365)
    )[0]
    make_licenses(1, cast.alice, cast.pro)
    new = licenses.assign(cast.pro, cast.bob, by(cast.alice))
    assert [license.id for license in held_by(cast.bob)] == [new.id]
    assert db.session.get(License, old.id).user_id is None
    ended = db.session.scalars(db.select(Assignment).filter_by(license_id=old.id)).one()
    assert ended.ended_at is not None
    operations = {entry.operation for entry in db.session.scalars(db.select(JournalEntry))}
    assert len(operations) == 1, "one click is one operation"
    assert [mail.template for mail in db.session.scalars(db.select(OutgoingMail))] == ["license_assigned"]


def test_an_expired_licence_of_the_same_plan_is_replaced_by_a_fresh_one(cast):
    past = utcnow() - dt.timedelta(days=400)
    year = past + dt.timedelta(days=365)
    old = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=past, ends=year)[0]
    fresh = make_licenses(1, cast.alice, cast.pro)[0]
    assert licenses.assign(cast.pro, cast.bob, by(cast.alice)).id == fresh.id
    assert [license.id for license in held_by(cast.bob)] == [fresh.id]
    assert db.session.get(License, old.id).user_id is None


def test_a_licence_that_is_older_than_the_expired_one_replaces_it_too(cast):
    """The older row is written first where both are written at once, and the person would hold two of a product."""
    past = utcnow() - dt.timedelta(days=400)
    fresh = make_licenses(1, cast.alice, cast.pro)[0]
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=past, ends=past + dt.timedelta(days=365))
    assert licenses.assign(cast.pro, cast.bob, by(cast.alice)).id == fresh.id
    assert [license.id for license in held_by(cast.bob)] == [fresh.id]


@pytest.mark.parametrize(
    ("status", "days"),
    [(LicenseStatus.SUSPENDED, 30), (LicenseStatus.REVOKED, 30), (LicenseStatus.ACTIVE, -1)],
)
def test_a_licence_that_is_suspended_revoked_or_expired_is_not_given(cast, status, days):
    starts = utcnow() - dt.timedelta(days=100)
    license = make_licenses(
        1, cast.alice, cast.pro, status=status, starts=starts, ends=utcnow() + dt.timedelta(days=days)
    )[0]
    with pytest.raises(Refused, match="no_free_license"):
        licenses.assign(cast.pro, cast.bob, by(cast.alice))
    with pytest.raises(Refused):
        licenses.assign_license(license, cast.bob, by(cast.alice))
    assert held_by(cast.bob) == []
    assert count(Assignment) == count(OutgoingMail) == count(JournalEntry) == 0


def test_a_deactivated_person_receives_nothing(cast):
    make_licenses(1, cast.alice, cast.pro)
    gone = make_user(cast.acme, "Gone", active=False)
    with pytest.raises(Refused, match="inactive_person"):
        licenses.assign(cast.pro, gone, by(cast.alice))
    assert held_by(gone) == []


def test_fault_29_a_person_of_another_company_never_receives_a_seat(cast):
    seat = make_licenses(1, cast.alice, cast.pro)[0]
    with pytest.raises(LookupError):
        licenses.assign_license(seat, cast.charlie, by(cast.alice))
    with pytest.raises(Refused, match="no_free_license"):
        licenses.assign(cast.pro, cast.charlie, by(cast.alice))
    with pytest.raises(LookupError):
        licenses.assign(cast.pro, cast.sam, by(cast.sam))
    seat.user_id, seat.assigned_at = cast.charlie.id, utcnow()
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()


def test_releasing_returns_the_seat_and_keeps_the_history(cast):
    seat = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)[0]
    licenses.release(seat, by(cast.alice), held_by=seat.user_id)
    licenses.release(seat, by(cast.alice), held_by=seat.user_id)
    assert (seat.user_id, seat.assigned_at, seat.activated_at) == (None, None, None)
    assert seat.state() == LicenseState.AVAILABLE
    assignment = db.session.scalars(db.select(Assignment)).one()
    assert assignment.ended_at is not None
    assert assignment.taken_by_id == cast.alice.id
    assert [mail.template for mail in db.session.scalars(db.select(OutgoingMail))] == ["license_released"]
    assert count(JournalEntry, verb="license_released") == 1


def test_a_suspended_licence_stays_where_it_is(cast):
    seat = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    seat.status = LicenseStatus.SUSPENDED
    db.session.commit()
    make_licenses(1, cast.alice, cast.eco)
    with pytest.raises(Refused, match="suspended"):
        licenses.release(seat, by(cast.alice), held_by=seat.user_id)
    with pytest.raises(Refused, match="suspended"):
        licenses.assign(cast.eco, cast.bob, by(cast.alice))
    assert seat.user_id == cast.bob.id


def test_only_the_holder_activates_and_only_once(cast):
    seat = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    with pytest.raises(LookupError):
        licenses.activate(seat, by(cast.alice))
    licenses.activate(seat, by(cast.bob))
    activated_at = seat.activated_at
    licenses.activate(seat, by(cast.bob))
    assert seat.activated_at == activated_at
    assert seat.state() == LicenseState.ACTIVATED
    assert count(JournalEntry, verb="license_activated") == 1


def test_staff_act_on_behalf_of_the_company(cast):
    make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, by(cast.sam))
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.actor_id, entry.on_behalf_of_id) == (cast.sam.id, cast.acme.id)


@pytest.mark.parametrize("state", list(LicenseState))
def test_the_state_read_on_a_row_is_the_state_filtered_in_sql(cast, state):
    now = utcnow()
    year = {"starts": now - dt.timedelta(days=100), "ends": now + dt.timedelta(days=265)}
    over = {"starts": now - dt.timedelta(days=400), "ends": now - dt.timedelta(days=35)}
    for when in (year, over):
        make_licenses(2, cast.alice, cast.pro, **when)
        make_licenses(1, cast.alice, cast.pro, holder=make_user(cast.acme), **when)
        make_licenses(1, cast.alice, cast.pro, holder=make_user(cast.acme), activated=True, **when)
        make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.SUSPENDED, **when)
        make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.REVOKED, **when)
        make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.REMOVED, **when)
    for held in ({}, {"holder": make_user(cast.acme)}):
        for seat in make_licenses(1, cast.alice, cast.pro, **over, **held):
            seat.usable_until = now + dt.timedelta(days=1)
    db.session.commit()
    every = db.session.scalars(db.select(License)).all()
    found = db.session.scalars(db.select(License).where(License.where_state(state, now))).all()
    assert {license.id for license in found} == {
        license.id for license in every if license.state(now) == state
    }
    assert found
    live = db.session.scalars(db.select(License.id).where(License.where_live(now))).all()
    assert set(live) == {license.id for license in every if license.is_live(now)}
    assert (
        len(live) == 7
    )  # of this year: 2 free, 2 held, 1 suspended; 2 in grace; not the revoked, removed and expired ones


def test_every_holder_is_in_exactly_one_open_assignment(cast):
    seats = make_licenses(3, cast.alice, cast.pro)
    hold(seats[0], cast.bob)
    licenses.assign(cast.pro, cast.dave, by(cast.alice))
    licenses.release(seats[0], by(cast.alice), held_by=seats[0].user_id)
    licenses.assign(cast.pro, cast.erin, by(cast.alice))
    open_ones = db.session.scalars(db.select(Assignment).where(Assignment.ended_at.is_(None)))
    assert {(a.license_id, a.user_id) for a in open_ones} == {
        (license.id, license.user_id)
        for license in db.session.scalars(db.select(License).where(License.user_id.is_not(None)))
    }


# --- Races ---------------------------------------------------------------------------------------------------------

SEATS, RIVALS = 10, 50


def _fifty_for_ten(cast, together):
    make_licenses(SEATS, cast.alice, cast.pro)
    people = [make_user(cast.acme).id for _ in range(RIVALS)]
    plan_id, actor = cast.pro.id, by(cast.alice)

    def assign(number):
        plan = db.session.get(models.Plan, plan_id)
        return licenses.assign(plan, db.session.get(models.User, people[number]), actor).id

    outcomes = together(RIVALS, assign)
    db.session.rollback()
    return outcomes


def _seats_add_up(outcomes):
    won = [outcome.value for outcome in outcomes if outcome.error is None]
    refused = [outcome for outcome in outcomes if isinstance(outcome.error, Refused)]
    holders = count(License) - count(License, user_id=None)
    return (
        len(won) == len(set(won)) == holders == count(Assignment) == count(OutgoingMail) == SEATS
        and len(refused) == RIVALS - SEATS
    )


def test_fault_27_fifty_assigners_for_ten_seats_give_ten_and_forty_clear_refusals(cast, together):
    outcomes = _fifty_for_ten(cast, together)
    assert _seats_add_up(outcomes), [outcome.error for outcome in outcomes if outcome.error]
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"no_free_license"}


def test_fault_27_without_the_lock_the_same_race_goes_wrong(cast, together, monkeypatch):
    lock_off(monkeypatch)
    outcomes = _fifty_for_ten(cast, together)
    assert not _seats_add_up(outcomes), "the race test would not notice a missing lock"


def test_fault_28_the_same_person_assigned_twenty_times_at_once_takes_one_seat(cast, together):
    make_licenses(SEATS, cast.alice, cast.pro)
    plan_id, user_id, actor = cast.pro.id, cast.bob.id, by(cast.alice)

    def assign(_number):
        plan = db.session.get(models.Plan, plan_id)
        return licenses.assign(plan, db.session.get(models.User, user_id), actor).id

    outcomes = together(20, assign)
    db.session.rollback()
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert len({outcome.value for outcome in outcomes}) == 1
    assert len(held_by(cast.bob)) == 1
    assert count(OutgoingMail) == 1


def _twenty_take_one_back(cast, together, monkeypatch):
    """Twenty release Bob's seat; whoever has seen that it is his waits for the others."""
    seat_id = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0].id
    actor = by(cast.alice)
    meet(monkeypatch, releases, "take_back", 20)
    outcomes = together(
        20,
        lambda _: licenses.release(
            db.session.get(License, seat_id), actor, held_by=db.session.get(License, seat_id).user_id
        ),
    )
    db.session.rollback()
    return [outcome.error for outcome in outcomes if outcome.error]


def _taken_back_once():
    return count(License, user_id=None) == count(JournalEntry) == count(OutgoingMail) == 1


def test_a_seat_that_twenty_take_back_at_once_is_taken_back_and_told_once(cast, together, monkeypatch):
    assert _twenty_take_one_back(cast, together, monkeypatch) == []
    assert _taken_back_once()


def test_without_the_lock_a_seat_is_taken_back_more_than_once(cast, together, monkeypatch):
    lock_off(monkeypatch)
    errors = _twenty_take_one_back(cast, together, monkeypatch)
    assert errors or not _taken_back_once(), "the race test would not notice a missing lock"
