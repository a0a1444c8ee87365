"""Invited, shut out, let in again: who would lose a seat or an account, or keep one that they should not."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from access import Actor
from models import License, LicenseStatus, LinkPurpose, OutgoingMail, Role, User, db, utcnow
from services import licenses
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, deactivation, links, oneself
from services.people.deactivation import Seats
from tests.asked import entries, refused
from tests.factories import make_licenses, make_user
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


@pytest.mark.parametrize("seats", [Seats.RELEASE, Seats.KEEP])
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
    seen = deactivation.seats_seen(deactivation.held_by([cast.bob.id], utcnow()))
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


def test_whoever_left_one_customer_joins_another(cast, sam):
    """An address is not blocked for good by a company that has shut its owner out."""
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    deactivation.deactivate(cast.bob, Seats.KEEP, by=sam)
    again = accounts.create_person(NEW | {"email": "bob@acme.example"}, company_id=cast.globex.id, by=sam)
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.INVITATION, again)
    assert links.accept(token, "a whole new one", address=None).id == again.id
    assert [user.id for user in oneself.find_all("bob@acme.example")] == [again.id]


def test_mending_who_was_invited_and_never_came_invites_them_anew(cast, sam):
    """The link of before ends, with the role or the address; a stranger at the mistyped one is told nothing."""
    user = accounts.create_person(NEW | {"email": "nadai@acme.example"}, company_id=cast.acme.id, by=sam)
    accounts.update_person(user, {"role": "admin"}, by=sam)
    assert len(mails("invitation")) == 2
    accounts.update_person(user, {"email": "nadia@acme.example"}, by=sam)
    assert len(mails("invitation")) == 3
    assert mails("address_changed") == []
    accounts.update_person(user, {"last_name": "Royer"}, by=sam)
    assert len(mails("invitation")) == 3


def test_who_never_had_a_password_is_invited_when_they_come_back(cast, sam):
    user = accounts.create_person(NEW, company_id=cast.acme.id, by=sam)
    for person in (user, cast.bob):
        deactivation.deactivate(person, Seats.KEEP, by=sam)
        deactivation.reactivate(person, by=sam)
    assert {mail.user_id for mail in mails("invitation")} == {user.id}
    assert len(mails("invitation")) == 2


def test_a_desk_is_no_relay_for_advertisements(cast, sam, monkeypatch):
    monkeypatch.setattr(accounts, "MAX_INVITATIONS", 2)
    alice = Actor.of(cast.alice)
    for number in range(2):
        accounts.create_person(NEW | {"email": f"n{number}@acme.example"}, company_id=cast.acme.id, by=alice)
    third = NEW | {"email": "third@acme.example"}
    assert refused("too_many", accounts.create_person, third, company_id=cast.acme.id, by=alice)
    # Another customer's, and support's, are counted apart.
    assert accounts.create_person(third, company_id=cast.globex.id, by=Actor.of(cast.carol))
    assert accounts.create_person(third, company_id=cast.acme.id, by=sam)
    for name in ("Gagnez https://evil.example", "http://x"):
        assert refused(
            "bad_name", accounts.create_person, NEW | {"first_name": name}, company_id=None, by=sam
        )


def test_of_two_who_shut_each_other_out_at_once_one_stays_though_a_third_is_there(
    cast, together, monkeypatch
):
    make_user(cast.acme, "Third", Role.ADMIN)
    two = [cast.alice, cast.erin]
    ids, actors = [user.id for user in two], [Actor.of(user) for user in two[::-1]]

    def shut_out(number):
        deactivation.deactivate(db.session.get_one(User, ids[number]), Seats.KEEP, by=actors[number])

    (error,) = [outcome.error for outcome in together(2, shut_out) if outcome.error]
    assert error.code == "access_ended"
    db.session.rollback()
    assert sorted(db.session.get_one(User, key).active for key in ids) == [False, True]


def test_accepting_while_one_is_shut_out_ends_one_way_or_the_other_and_never_in_a_deadlock(
    cast, together, sam, monkeypatch
):
    user = accounts.create_person(NEW, company_id=cast.acme.id, by=sam)
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.INVITATION, user)
    user_id, note = user.id, oneself.note_sign_in

    link_is_used = threading.Event()

    def slowly(*args, **kwargs):
        link_is_used.set()
        time.sleep(0.5)
        note(*args, **kwargs)

    monkeypatch.setattr(oneself, "note_sign_in", slowly)

    def act(number):
        if number:
            links.accept(token, "a whole new one", address=None)
        else:
            assert link_is_used.wait(30)
            deactivation.deactivate(db.session.get_one(User, user_id), Seats.KEEP, by=sam)

    errors = [outcome.error for outcome in together(2, act) if outcome.error]
    assert all(isinstance(error, tokens.DeadLinkError) for error in errors), errors
    db.session.rollback()
    assert not db.session.get_one(User, user_id).active


def test_what_a_leaver_held_goes_to_a_colleague_in_the_same_act(cast, sam):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    deactivation.deactivate(cast.bob, Seats.TRANSFER, by=sam, to=cast.dave)
    assert (held.user_id, cast.bob.active) == (cast.dave.id, False)
    told = db.session.scalars(db.select(OutgoingMail)).all()
    assert [(mail.template, mail.user_id) for mail in told] == [("license_assigned", cast.dave.id)]


@pytest.mark.parametrize("why", ["holds_other", "inactive_person", "same_person"])
def test_a_leaver_whose_seat_cannot_go_to_the_one_who_was_chosen_does_not_leave(cast, sam, why):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    to = cast.bob if why == "same_person" else cast.dave
    if why == "holds_other":
        make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    elif why == "inactive_person":
        deactivation.deactivate(cast.dave, Seats.KEEP, by=sam)
    assert refused(why, deactivation.deactivate, cast.bob, Seats.TRANSFER, by=sam, to=to)
    db.session.rollback()
    assert (held.user_id, cast.bob.active) == (cast.bob.id, True)


def test_a_seat_goes_to_nobody_of_another_company(cast, sam):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    with pytest.raises(LookupError):
        deactivation.deactivate(cast.bob, Seats.TRANSFER, by=sam, to=cast.carol)
