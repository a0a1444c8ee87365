"""Taking back a wrong click: what was given comes back, what was taken is given again, and what has moved is left."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    JournalEntry,
    License,
    LicenseState,
    LicenseStatus,
    Operation,
    OperationRow,
    OutgoingMail,
    db,
    utcnow,
)
from services import licenses
from services.foundation import operations
from services.foundation.errors import Refused
from services.people import accounts, deactivation
from tests.asked import latest
from tests.factories import make_licenses, make_user

MINUTE = dt.timedelta(minutes=1)


def holder_of(license):
    db.session.rollback()
    return db.session.get_one(License, license.id).user_id


def assignments_of(license):
    db.session.rollback()
    found = sa.select(Assignment).where(Assignment.license_id == license.id).order_by(Assignment.id)
    return db.session.scalars(found).all()


def mails():
    return [mail.template for mail in db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))]


def told():
    found = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id))
    return [(entry.verb, entry.operation) for entry in found]


def test_a_licence_that_was_given_by_mistake_is_free_again(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    given = latest()
    assert operations.undo(given, alice) == []
    assert holder_of(license) is None
    (assignment,) = assignments_of(license)
    assert assignment.ended_at is not None
    assert mails() == ["license_assigned", "license_released"]
    undoing = latest()
    assert (undoing.undoes_id, undoing.verb, undoing.by_id) == (given.id, "undone", cast.alice.id)
    assert told() == [("license_assigned", given.id), ("license_released", undoing.id)]


def test_a_licence_that_was_taken_by_mistake_comes_back_as_it_was_used(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    activated_at = license.activated_at
    licenses.release(license, alice, held_by=cast.bob.id)
    assert operations.undo(latest(), alice) == []
    assert holder_of(license) == cast.bob.id
    assert (license.activated_at, license.state()) == (activated_at, LicenseState.ACTIVATED)
    first, again = assignments_of(license)
    assert (again.restores_id, again.activated_at, again.user_id) == (first.id, activated_at, cast.bob.id)
    assert again.started_at >= first.ended_at
    # The last mail says how things stand.
    assert mails() == ["license_released", "license_assigned"]


def test_a_licence_that_was_given_and_taken_again_since_stays_as_it_is(cast, alice):
    """It is as free as the first release left it, but its last holder was somebody else."""
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.release(license, alice, held_by=cast.bob.id)
    first = latest()
    licenses.assign_license(license, cast.dave, alice)
    licenses.release(license, alice, held_by=cast.dave.id)
    with pytest.raises(Refused, match="all_moved"):
        operations.undo(first, alice)
    assert holder_of(license) is None
    assert [one.user_id for one in assignments_of(license)] == [cast.bob.id, cast.dave.id]


def test_taking_back_a_free_licence_is_no_act(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.release(license, alice, held_by=None)
    assert (told(), db.session.scalars(sa.select(Operation)).all()) == ([], [])


def test_the_expired_licence_that_made_room_goes_back_to_its_holder(cast, alice):
    past = utcnow() - dt.timedelta(days=400)
    (old,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True, starts=past)
    (new,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    assert (holder_of(old), holder_of(new)) == (None, cast.bob.id)
    assert operations.undo(latest(), alice) == []
    assert (holder_of(old), holder_of(new)) == (cast.bob.id, None)
    db.session.refresh(old)
    assert (old.activated_at, old.state()) == (past, LicenseState.EXPIRED)
    # Of an expired one nobody is mailed.
    assert mails() == ["license_assigned", "license_released"]


def test_what_has_moved_since_is_left_and_named_and_the_rest_goes_back(cast, alice):
    seats = make_licenses(3, cast.alice, cast.pro)
    people = [make_user(cast.acme) for _ in seats]
    for seat, person in zip(seats, people, strict=True):
        licenses.assign_license(seat, person, alice)
    held_by = {seat.id: person.id for seat, person in zip(seats, people, strict=True)}
    keys = [seat.key for seat in seats]
    assert licenses.release_all(cast.acme.id, held_by, alice).count == 3
    release = latest()
    # One is given to somebody else, one of the people gets another one.
    licenses.assign_license(seats[0], cast.dave, alice)
    (other,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(other, people[1], alice)
    left = operations.undo(release, alice)
    assert len(left) == 2
    assert any(keys[0][:11] in sentence for sentence in left)
    assert any(people[1].name in sentence for sentence in left)
    assert [holder_of(seat) for seat in seats] == [cast.dave.id, None, people[2].id]


@pytest.mark.parametrize("since", ["activated", "suspended", "gone"])
def test_nothing_is_taken_from_whom_it_would_surprise(cast, alice, since):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    given = latest()
    if since == "activated":
        licenses.activate(license, Actor.of(cast.bob))
    elif since == "suspended":
        license.status = LicenseStatus.SUSPENDED
        db.session.commit()
    else:
        licenses.release(license, alice, held_by=cast.bob.id)
        license.status, license.gone_at, license.gone_why = LicenseStatus.REVOKED, utcnow(), "revoked"
        db.session.commit()
    held = holder_of(license)
    with pytest.raises(Refused, match="all_moved") as refused:
        operations.undo(given, alice)
    assert license.key[:11] in refused.value.sentence
    assert holder_of(license) == held
    assert db.session.scalar(sa.select(Operation.id).where(Operation.undoes_id.is_not(None))) is None


def test_nobody_who_was_deactivated_gets_a_licence_back(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.release(license, alice, held_by=cast.bob.id)
    release = latest()
    deactivation.deactivate(cast.bob, deactivation.Seats.KEEP, by=alice)
    with pytest.raises(Refused, match="all_moved"):
        operations.undo(release, alice)
    assert holder_of(license) is None


def test_what_was_taken_back_once_is_not_taken_back_again_nor_is_the_taking_back(cast, alice):
    make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    given = latest()
    operations.undo(given, alice)
    undoing = latest()
    with pytest.raises(Refused, match="already_undone"):
        operations.undo(given, alice)
    with pytest.raises(Refused, match="not_undoable"):
        operations.undo(undoing, alice)


@pytest.mark.parametrize(
    ("later", "taken"),
    [(9 * MINUTE + dt.timedelta(seconds=59), True), (10 * MINUTE + dt.timedelta(seconds=1), False)],
)
def test_an_act_can_be_taken_back_for_ten_minutes(cast, alice, time_machine, later, taken):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    start = utcnow()
    time_machine.move_to(start, tick=False)
    licenses.assign(cast.pro, cast.bob, alice)
    given = latest()
    time_machine.move_to(start + later, tick=False)
    db.session.rollback()
    if taken:
        operations.undo(given, alice)
    else:
        with pytest.raises(Refused, match="too_late_to_undo"):
            operations.undo(given, alice)
    assert (holder_of(license) is None) == taken


def test_another_administrator_takes_it_back_too_and_the_journal_says_who(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    operations.undo(latest(), Actor.of(cast.erin))
    assert latest().by_id == cast.erin.id
    assert assignments_of(license)[0].taken_by_id == cast.erin.id


def test_of_twenty_who_take_it_back_at_once_one_does(cast, alice, together):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.release(license, alice, held_by=cast.bob.id)
    operation_id = latest().id
    db.session.rollback()
    outcomes = together(20, lambda _: operations.undo(db.session.get_one(Operation, operation_id), alice))
    codes = sorted(getattr(outcome.error, "code", "") for outcome in outcomes)
    assert codes == [""] + ["already_undone"] * 19
    assert len(assignments_of(license)) == 2


def test_what_changed_nothing_that_can_go_back_is_refused(cast, alice):
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE} | {"last_name": "Roy"}
    accounts.update_person(cast.bob, values, by=alice)
    with pytest.raises(Refused, match="not_undoable"):
        operations.undo(latest(), alice)


def test_what_the_vendor_changed_of_its_own_is_no_companys_to_take_back(cast, alice):
    values = {name: getattr(cast.sam, name) for name in accounts.EDITABLE} | {"last_name": "Roy"}
    accounts.update_person(cast.sam, values, by=Actor.of(cast.sam))
    with pytest.raises(Refused, match="not_undoable"):
        operations.undo(latest(), alice)


def test_every_entry_belongs_to_an_operation_and_every_change_is_noted(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    given = latest()
    assert {operation for _, operation in told()} == {given.id}
    noted = {
        row.table_name: (row.before, row.after)
        for row in db.session.scalars(sa.select(OperationRow).filter_by(operation_id=given.id))
    }
    at = license.assigned_at.isoformat()
    assert noted["licenses"] == (
        {"user_id": None, "assigned_at": None, "activated_at": None},
        {"user_id": cast.bob.id, "assigned_at": at, "activated_at": None},
    )
    assert noted["assignments"] == ({}, {"user_id": cast.bob.id, "started_at": at})
