"""Mending people's accounts: who would be locked out, or lose what they wrote, if it went wrong."""

from __future__ import annotations

import threading

import pytest

from access import Actor
from models import Role, User, db
from services.foundation import edits
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.people import accounts, deactivation, oneself
from services.people.deactivation import Seats
from tests.factories import make_user
from tests.together import lock_off, meet


def update(user_id, by, **changes):
    user = db.session.get_one(User, user_id)
    values = {name: getattr(user, name) for name in accounts.EDITABLE}
    return accounts.update_person(user, values | changes, by=by)


def shut_out(user_id, by):
    deactivation.deactivate(db.session.get_one(User, user_id), Seats.KEEP, by=by)


def demote(user_id, by):
    update(user_id, by, role=Role.MEMBER)


@pytest.mark.parametrize("act", [demote, shut_out])
def test_an_administrator_who_was_deactivated_does_not_count_as_the_one_who_is_left(cast, act):
    make_user(cast.globex, "Gone", Role.ADMIN, active=False)
    with pytest.raises(Refused) as refused:
        act(cast.carol.id, Actor.of(cast.sam))
    assert refused.value.code == "last_administrator"
    assert (cast.carol.role, cast.carol.active) == (Role.ADMIN, True)


def test_a_member_of_staff_who_was_deactivated_does_not_count_as_the_one_who_is_left(cast):
    gone = make_user(None, "Gone", active=False)
    with pytest.raises(Refused) as refused:
        shut_out(cast.sam.id, Actor.of(gone))
    assert refused.value.code == "last_administrator"
    assert cast.sam.active


# --- Races ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["staff", "administrators", "administrators, by staff", "administrators, demoted"])
def last_two(request, cast):
    """The two people who look after the desk or a company, who shuts each of them out, and how."""
    sue = make_user(None, "Sue")
    if request.param == "staff":
        return (cast.sam, sue), (sue, cast.sam), shut_out
    two = (cast.alice, cast.erin)
    rivals = (cast.sam, sue) if request.param.endswith("staff") else two[::-1]
    return two, rivals, demote if request.param.endswith("demoted") else shut_out


def _shut_both_out(last_two, together, monkeypatch):
    """Both at once; whoever has seen that the other one is left waits for the rival.

    Returns:
        How many are left, and what was raised.
    """
    two, rivals, act = last_two
    ids, actors, role = [user.id for user in two], [Actor.of(rival) for rival in rivals], two[0].role
    meet(monkeypatch, *((edits, "apply") if act is demote else (deactivation, "held_by")), 2)
    outcomes = together(2, lambda number: act(ids[number], actors[number]))
    db.session.rollback()
    left = db.session.scalars(db.select(User).where(User.id.in_(ids), User.active, User.role == role)).all()
    return len(left), [outcome.error for outcome in outcomes if outcome.error]


def test_of_the_last_two_who_are_shut_out_at_once_one_is_left(last_two, together, monkeypatch):
    left, (error,) = _shut_both_out(last_two, together, monkeypatch)
    assert isinstance(error, Refused)
    assert (left, error.code) == (1, "last_administrator")


def test_without_the_lock_nobody_is_left_or_a_rival_is_not_told_why(last_two, together, monkeypatch):
    lock_off(monkeypatch)
    for module in (accounts, deactivation):
        monkeypatch.setattr(module, "people_lock", lambda company_id: transaction())
    left, errors = _shut_both_out(last_two, together, monkeypatch)
    went_well = left == 1 and [isinstance(error, Refused) for error in errors] == [True]
    assert not went_well, "the race test would not notice a missing lock"


def test_a_name_that_a_person_corrects_while_staff_save_their_page_is_kept(cast, together, monkeypatch):
    """Staff have read the person's row, and hold it: the person's own change comes after theirs, not in between."""
    bob_id, staff, bob = cast.bob.id, Actor.of(cast.sam), Actor.of(cast.bob)
    staff_have_read, bob_has_written, apply = threading.Event(), threading.Event(), edits.apply

    def dawdle(*arguments):
        staff_have_read.set()
        bob_has_written.wait(1)
        return apply(*arguments)

    def correct():
        assert staff_have_read.wait(30)
        oneself.change_profile(db.session.get_one(User, bob_id), by=bob, first_name="Bobby")
        bob_has_written.set()

    monkeypatch.setattr(edits, "apply", dawdle)
    outcomes = together(2, lambda number: correct() if number else update(bob_id, staff, first_name="Robert"))
    assert [outcome.error for outcome in outcomes] == [None, None]
    db.session.rollback()
    assert db.session.get_one(User, bob_id).first_name == "Bobby"
