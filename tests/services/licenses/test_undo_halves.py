"""An undo takes from nobody what it gives back to nobody; whoever was shut out meanwhile does nothing any more."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import License, LicenseState, Operation, Renewal, SuspensionReason, db, utcnow
from services import licenses
from services.foundation import operations
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.licenses import suspensions
from services.people import deactivation
from services.people.deactivation import Seats
from services.privacy import erasure
from tests.asked import latest
from tests.factories import make_licenses


def again(row):
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def test_a_change_of_plan_whose_former_seat_was_given_on_leaves_the_new_one(cast, alice):
    cast.avance.product = cast.pro.product
    db.session.commit()
    (old,) = make_licenses(1, cast.alice, cast.avance, holder=cast.bob)
    (new,) = make_licenses(1, cast.alice, cast.pro)
    licenses.change_plan(old, cast.pro, alice, held_by=cast.bob.id)
    changed = latest()
    licenses.assign_license(old, cast.dave, alice)
    with pytest.raises(Refused, match="all_moved"):
        operations.undo(changed, alice)
    assert (again(old).user_id, again(new).user_id) == (cast.dave.id, cast.bob.id)


@pytest.mark.parametrize("why", ["holds another", "deactivated", "erased"])
def test_a_transfer_stays_where_it_went_once_the_giver_can_have_nothing_back(cast, alice, why):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (other,) = make_licenses(1, cast.alice, cast.pro)
    licenses.transfer(seat, cast.dave, alice, held_by=cast.bob.id)
    moved = latest()
    if why == "holds another":
        licenses.assign_license(other, cast.bob, alice)
    else:
        deactivation.deactivate(cast.bob, Seats.KEEP, by=alice)
    if why == "erased":
        erasure.erase(cast.bob, cast.bob.email, by=alice)
    with pytest.raises(Refused, match=r"all_moved|not_undoable"):
        operations.undo(moved, alice)
    assert again(seat).user_id == cast.dave.id


@pytest.mark.parametrize("seats", [Seats.RELEASE, Seats.TRANSFER])
def test_an_account_that_was_shut_by_mistake_is_opened_again_with_its_seat(cast, alice, seats):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    deactivation.deactivate(cast.bob, seats, by=alice, to=cast.dave)
    assert again(seat).user_id == (cast.dave.id if seats is Seats.TRANSFER else None)
    assert operations.undo(latest(), alice) == []
    assert (again(cast.bob).active, again(seat).user_id) == (True, cast.bob.id)


def test_an_account_that_was_opened_again_meanwhile_is_left_and_its_seat_comes_back(cast, alice):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    deactivation.deactivate(cast.bob, Seats.RELEASE, by=alice)
    shut = latest()
    deactivation.reactivate(again(cast.bob), by=alice)
    assert len(operations.undo(shut, alice)) == 1
    assert again(seat).user_id == cast.bob.id


def test_what_was_decided_of_a_suspended_seat_goes_back(cast, alice):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    with company_lock(cast.acme.id) as turn:
        suspensions.suspend(turn, db.session.get_one(License, seat.id), SuspensionReason.DISPUTE, "dp_1")
    licenses.decide_renewal(cast.acme.id, [seat.id], Renewal.DECLINED, alice)
    assert operations.undo(latest(), alice) == []
    assert again(seat).renewal == Renewal.UNDECIDED


def test_a_removal_comes_back_free_where_its_holder_was_erased_since(cast, alice):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.remove(cast.acme.id, {seat.id: cast.bob.id}, alice)
    removed = latest()
    deactivation.deactivate(again(cast.bob), Seats.KEEP, by=alice)
    erasure.erase(again(cast.bob), cast.bob.email, by=alice)
    assert len(operations.undo(removed, alice)) == 1
    assert again(seat).state() == LicenseState.AVAILABLE


@pytest.mark.parametrize("act", ["remove", "transfer", "undo", "assign"])
def test_an_administrator_who_was_shut_out_while_they_waited_does_nothing(cast, alice, act):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=None if act == "assign" else cast.bob)
    if act == "undo":
        licenses.release(seat, alice, held_by=cast.bob.id)
    operation = db.session.scalar(sa.select(Operation))
    deactivation.deactivate(cast.alice, Seats.KEEP, by=Actor.of(cast.erin))
    before = again(seat).user_id
    acts = {
        "remove": lambda: licenses.remove(cast.acme.id, {seat.id: cast.bob.id}, alice),
        "transfer": lambda: licenses.transfer(again(seat), cast.dave, alice, held_by=cast.bob.id),
        "undo": lambda: operations.undo(operation, alice),
        "assign": lambda: licenses.assign(cast.pro, cast.dave, alice),
    }
    with pytest.raises(Refused, match="access_ended"):
        acts[act]()
    assert (again(seat).user_id, again(seat).state()) == (
        before,
        LicenseState.ASSIGNED if before else LicenseState.AVAILABLE,
    )


def test_a_leavers_seat_in_grace_keeps_no_other_from_a_colleague(cast, alice):
    cast.eco.product = "other"
    (over,) = make_licenses(1, cast.alice, cast.eco, holder=cast.bob)
    (good,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    over.valid_from, over.valid_until = utcnow() - dt.timedelta(days=300), utcnow() - dt.timedelta(days=1)
    over.usable_until = utcnow() + dt.timedelta(days=29)
    db.session.commit()
    deactivation.deactivate(cast.bob, Seats.TRANSFER, by=alice, to=cast.dave)
    assert (again(good).user_id, again(over).user_id) == (cast.dave.id, None)
