"""A seat that changes plan or hands: whole or not at all, told once to each, put back whole."""

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
    Link,
    Operation,
    OutgoingMail,
    db,
)
from services import licenses
from services.foundation import operations
from services.foundation.errors import Refused
from services.licenses import releases
from services.links import tokens
from services.people import deactivation, links
from tests.asked import latest
from tests.factories import make_licenses, make_user
from tests.together import lock_off, meet


def mails():
    found = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))
    return [(mail.template, mail.user_id) for mail in found]


def holder(license):
    db.session.rollback()
    return db.session.get_one(License, license.id).user_id


def verbs():
    return list(db.session.scalars(sa.select(JournalEntry.verb).order_by(JournalEntry.id)))


@pytest.fixture
def plans(cast):
    """Two plans of one product."""
    cast.avance.product = cast.pro.product
    db.session.commit()
    return cast.avance, cast.pro


# --- Another plan -----------------------------------------------------------------------------------------------------


def test_a_person_changes_plan_in_one_act_and_is_mailed_once(cast, alice, plans):
    small, large = plans
    (old,) = make_licenses(1, cast.alice, small, holder=cast.bob, activated=True)
    (new,) = make_licenses(1, cast.alice, large)
    licenses.change_plan(old, large, alice, held_by=cast.bob.id)
    assert (holder(old), holder(new)) == (None, cast.bob.id)
    assert mails() == [("license_assigned", cast.bob.id)]
    assert db.session.scalars(sa.select(OutgoingMail)).one().context["instead_of"]
    entries = db.session.scalars(sa.select(JournalEntry)).all()
    assert {entry.operation for entry in entries} == {latest().id}
    assert verbs() == ["license_released", "license_assigned"]


def test_a_change_of_plan_is_put_back_whole_and_told_once(cast, alice, plans):
    small, large = plans
    (old,) = make_licenses(1, cast.alice, small, holder=cast.bob, activated=True)
    activated_at = old.activated_at
    (new,) = make_licenses(1, cast.alice, large)
    licenses.change_plan(old, large, alice, held_by=cast.bob.id)
    assert operations.undo(latest(), alice) == []
    assert (holder(old), holder(new)) == (cast.bob.id, None)
    assert (old.activated_at, old.state()) == (activated_at, LicenseState.ACTIVATED)
    # One mail says how things now stand.
    assert mails() == [("license_assigned", cast.bob.id)] * 2


@pytest.mark.parametrize(
    "why", ["holder_changed", "same_plan", "other_product", "no_free_license", "suspended"]
)
def test_a_change_that_cannot_be_made_changes_nothing(cast, alice, plans, why):
    small, large = plans
    (old,) = make_licenses(1, cast.alice, small, holder=cast.bob)
    if why == "other_product":
        large.product = "other"
        db.session.commit()
    if why != "no_free_license":
        make_licenses(1, cast.alice, large)
    target, held_by = large, cast.bob.id
    if why == "holder_changed":
        held_by = cast.dave.id
    elif why == "same_plan":
        target = small
    elif why == "suspended":
        old.status = LicenseStatus.SUSPENDED
        db.session.commit()
    with pytest.raises(Refused, match=why):
        licenses.change_plan(old, target, alice, held_by=held_by)
    assert holder(old) == cast.bob.id
    assert (mails(), verbs()) == ([], [])


def test_the_batch_that_was_chosen_is_given(cast, alice):
    late, soon = make_licenses(2, cast.alice, cast.pro)
    soon.last_day -= dt.timedelta(days=30)
    soon.valid_until -= dt.timedelta(days=30)
    soon.usable_until = soon.valid_until
    db.session.commit()
    licenses.assign(cast.pro, cast.bob, alice, last_day=soon.last_day)
    assert (holder(soon), holder(late)) == (cast.bob.id, None)
    with pytest.raises(Refused, match="no_free_license"):
        licenses.assign(cast.pro, cast.dave, alice, last_day=dt.date(2031, 1, 1))


# --- Another person ---------------------------------------------------------------------------------------------------


def test_a_licence_given_to_the_wrong_tremblay_goes_to_the_right_one(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    licenses.transfer(license, cast.dave, alice, held_by=cast.bob.id)
    assert holder(license) == cast.dave.id
    assert license.state() == LicenseState.ASSIGNED
    assert sorted(mails()) == sorted([("license_assigned", cast.dave.id), ("license_released", cast.bob.id)])
    held = db.session.scalars(sa.select(Assignment).order_by(Assignment.id)).all()
    assert [(one.user_id, one.ended_at is None) for one in held] == [
        (cast.bob.id, False),
        (cast.dave.id, True),
    ]


def test_a_transfer_is_put_back_to_whom_it_was_and_both_are_told(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    activated_at = license.activated_at
    licenses.transfer(license, cast.dave, alice, held_by=cast.bob.id)
    assert operations.undo(latest(), alice) == []
    assert holder(license) == cast.bob.id
    assert license.activated_at == activated_at
    first, passing, again = db.session.scalars(sa.select(Assignment).order_by(Assignment.id)).all()
    assert (again.user_id, again.restores_id) == (cast.bob.id, first.id)
    assert passing.ended_at is not None
    assert mails()[2:] == [("license_assigned", cast.bob.id), ("license_released", cast.dave.id)]


def test_a_transfer_is_left_where_it_went_once_the_newcomer_uses_it(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.transfer(license, cast.dave, alice, held_by=cast.bob.id)
    moved = latest()
    licenses.activate(license, Actor.of(cast.dave))
    with pytest.raises(Refused, match="all_moved"):
        operations.undo(moved, alice)
    assert holder(license) == cast.dave.id


@pytest.mark.parametrize("why", ["same_person", "holds_other", "inactive_person", "holder_changed"])
def test_a_transfer_that_cannot_be_made_changes_nothing(cast, alice, why):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    to, held_by = cast.dave, cast.bob.id
    if why == "same_person":
        to = cast.bob
    elif why == "holds_other":
        make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    elif why == "inactive_person":
        deactivation.deactivate(cast.dave, deactivation.Seats.KEEP, by=alice)
    else:
        held_by = cast.erin.id
    before = (holder(license), mails(), verbs())
    with pytest.raises(Refused, match=why):
        licenses.transfer(license, to, alice, held_by=held_by)
    assert (holder(license), mails(), verbs()) == before


def test_a_licence_is_transferred_to_nobody_of_another_company(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    stranger = make_user(cast.globex)
    with pytest.raises(LookupError):
        licenses.transfer(license, stranger, alice, held_by=cast.bob.id)
    assert holder(license) == cast.bob.id


def _twenty_transfer_one(cast, alice, together, monkeypatch):
    """Twenty pass Bob's licence on; whoever has seen that it is his waits for the others."""
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    people = [make_user(cast.acme).id for _ in range(20)]
    license_id, bob = license.id, cast.bob.id
    db.session.rollback()
    meet(monkeypatch, releases, "take_back", 20)

    def pass_on(number: int) -> None:
        user = db.session.get_one(type(cast.bob), people[number])
        licenses.transfer(db.session.get_one(License, license_id), user, alice, held_by=bob)

    outcomes = together(20, pass_on)
    db.session.rollback()
    return sorted(getattr(outcome.error, "code", "error") if outcome.error else "" for outcome in outcomes)


def test_of_twenty_who_transfer_one_licence_at_once_one_does(cast, alice, together, monkeypatch):
    codes = _twenty_transfer_one(cast, alice, together, monkeypatch)
    assert codes == [""] + ["holder_changed"] * 19
    assert (
        db.session.scalar(sa.select(sa.func.count(Assignment.id)).where(Assignment.ended_at.is_(None))) == 1
    )


def test_without_the_lock_one_licence_is_transferred_more_than_once(cast, alice, together, monkeypatch):
    lock_off(monkeypatch)
    codes = _twenty_transfer_one(cast, alice, together, monkeypatch)
    assert codes != [""] + ["holder_changed"] * 19, "the race test would not notice a missing lock"


def _two_undo_one(cast, alice, together, monkeypatch):
    """Two administrators take the same act back; whoever has seen that nobody has yet waits for the other."""
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, alice)
    act, by = latest().id, [alice, Actor.of(cast.erin)]
    db.session.rollback()
    meet(monkeypatch, releases, "take_back", 2)
    outcomes = together(2, lambda number: operations.undo(db.session.get_one(Operation, act), by[number]))
    db.session.rollback()
    return sorted(getattr(outcome.error, "code", "error") if outcome.error else "" for outcome in outcomes)


def test_of_two_who_take_one_act_back_at_once_one_does(cast, alice, together, monkeypatch):
    assert _two_undo_one(cast, alice, together, monkeypatch) == ["", "already_undone"]


def test_without_the_lock_the_second_is_not_told_that_it_was_taken_back(cast, alice, together, monkeypatch):
    lock_off(monkeypatch)
    codes = _two_undo_one(cast, alice, together, monkeypatch)
    assert codes != ["", "already_undone"], "the race test would not notice a missing lock"


# --- The activation link ----------------------------------------------------------------------------------------------


def test_a_link_that_was_shown_works_and_the_one_of_before_does_not(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    first = links.show_activation(license, alice, held_by=cast.bob.id).rpartition("/")[2]
    second = links.show_activation(license, alice, held_by=cast.bob.id).rpartition("/")[2]
    assert tokens.find(first) is None
    assert links.activate(second, address=None).activated_at is not None
    assert verbs() == ["link_shown", "link_shown", "license_activated"]
    # What is stored of a link opens nothing.
    assert second not in {link.token_hash for link in db.session.scalars(sa.select(Link))}


def test_whoever_asks_twice_within_a_minute_is_sent_a_link_that_works(cast, alice):
    """The second asking kills the first link: its own mail must leave."""
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    links.send_activation(license, alice, held_by=cast.bob.id)
    dead = links.show_activation(license, alice, held_by=cast.bob.id).rpartition("/")[2]
    links.send_activation(license, alice, held_by=cast.bob.id)
    assert mails() == [("license_assigned", cast.bob.id)] * 2
    assert tokens.find(dead) is None


@pytest.mark.parametrize("why", ["already_activated", "holder_changed"])
def test_no_link_is_made_of_what_cannot_be_activated(cast, alice, why):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=why == "already_activated")
    held_by = cast.dave.id if why == "holder_changed" else cast.bob.id
    with pytest.raises(Refused, match=why):
        links.show_activation(license, alice, held_by=held_by)
    assert db.session.scalars(sa.select(Link)).all() == []
