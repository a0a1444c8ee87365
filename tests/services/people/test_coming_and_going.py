"""Invited, shut out, let in again: who would lose a seat or an account, or keep one that they should not."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import License, LicenseStatus, db
from services import licenses
from services.people import accounts, deactivation, oneself
from services.people.deactivation import Seats
from tests.asked import entries, refused
from tests.factories import make_licenses
from tests.services.people.test_people import NEW, mails


@pytest.fixture
def sam(cast):
    return Actor.of(cast.sam)


def test_a_member_is_deactivated_without_being_asked_for_another_one(cast, sam):
    deactivation.deactivate(cast.bob, Seats.KEEP, by=sam)
    assert not cast.bob.active
    deactivation.reactivate(cast.bob, by=sam)
    assert cast.bob.active
    # Globex has no other one either.
    deactivation.deactivate(cast.charlie, Seats.KEEP, by=sam)
    assert not cast.charlie.active
    assert [entry.after for entry in entries("person_reactivated")] == [{"active": True}]


def test_shutting_out_or_letting_in_twice_is_no_error_and_is_written_down_once(cast, sam):
    for _ in range(2):
        deactivation.deactivate(cast.bob, Seats.RELEASE, by=sam)
    for _ in range(2):
        deactivation.reactivate(cast.bob, by=sam)
    assert [len(entries(verb)) for verb in ("person_deactivated", "person_reactivated")] == [1, 1]


@pytest.mark.parametrize("seats", Seats)
def test_the_seat_of_who_leaves_is_free_again_or_stays_theirs_as_was_chosen(cast, sam, seats):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    deactivation.deactivate(cast.bob, seats, by=sam)
    assert db.session.get(License, held.id).user_id == (cast.bob.id if seats is Seats.KEEP else None)
    released = entries("license_released")
    assert [entry.operation for entry in released] == [
        entry.operation for entry in entries("person_deactivated") if seats is Seats.RELEASE
    ], "one act is one operation"
    assert mails("license_released") == [], "nobody writes to a closed account"


def test_a_seat_given_or_taken_while_one_decides_is_not_decided_about_unseen(cast, sam):
    make_licenses(1, cast.alice, cast.pro)
    seen = deactivation.seats_seen(deactivation.held_by(cast.bob))
    licenses.assign(cast.pro, cast.bob, Actor.of(cast.alice))
    assert refused("changed_meanwhile", deactivation.deactivate, cast.bob, Seats.KEEP, by=sam, seen=seen)
    assert cast.bob.active


def test_a_disputed_seat_stays_with_who_leaves(cast, sam):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    held.status = LicenseStatus.SUSPENDED
    db.session.commit()
    deactivation.deactivate(cast.bob, Seats.RELEASE, by=sam)
    assert (cast.bob.active, db.session.get(License, held.id).user_id) == (False, cast.bob.id)


def test_an_invitation_is_sent_again_at_will_once_a_minute_and_never_to_who_has_come(cast, sam, time_machine):
    user = accounts.create_person(NEW, company_id=cast.acme.id, by=sam)
    accounts.invite(user, sam)
    assert len(mails("invitation")) == 1, "two taps are one mail"
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    accounts.invite(user, Actor.of(cast.alice))
    assert {mail.context["by"] for mail in mails("invitation")} == {cast.sam.id, cast.alice.id}
    oneself.sign_in_recorded(user, by=Actor.of(user), via="link")
    assert refused("already_joined", accounts.invite, user, sam)
    assert len(mails("invitation")) == 2
