"""People of a file are added before their company is locked: whatever happens there meanwhile, nobody is added in vain or twice."""

from __future__ import annotations

import contextlib
import random
import threading
import time

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    Batch,
    BatchState,
    JournalEntry,
    License,
    Operation,
    OutgoingMail,
    Plan,
    Post,
    User,
    db,
    utcnow,
)
from services import licenses
from services.batches import applying
from services.foundation import operations
from services.foundation.errors import Refused
from services.foundation.transaction import Overtaken, company_lock, transaction
from services.licenses import assignments
from services.people import accounts
from services.search import hits
from tests import factories
from tests.services.batches.racing import apply
from tests.services.batches.seen import lease_runs_out
from tests.services.batches.test_any_crash import Death
from tests.services.imports.conftest import TWO, applied, outcomes, people_of_acme, rename
from tests.together import lock_off, meet, run_together

# SQLite has one lock of all: nothing happens there meanwhile.
meanwhile = pytest.mark.one_database("postgresql")


@pytest.fixture
def before_the_lock(app, monkeypatch):
    """`before_the_lock(act)`: have somebody do `act` when the people are added and the company is not locked yet, once."""

    def arrange(act):
        real, acts = applying.lock_late, [act]

        def lock_late(turn, company_id, **kept):
            if acts:
                one = acts.pop()
                (outcome,) = run_together(app, 1, lambda _number: one())
                assert outcome.error is None, outcome.error
            return real(turn, company_id, **kept)

        monkeypatch.setattr(applying, "lock_late", lock_late)

    return arrange


def _add(turn, company_id, by, *names, invite=False):
    """Add people whose addresses begin so, under the lock."""
    values = [{"email": f"{one}@acme.example", "first_name": one, "last_name": "Autre"} for one in names]
    newcomers = [accounts.Newcomer(accounts.DEFAULTS | one) for one in values]
    accounts.add_people(turn, newcomers, company_id, by=by, invite=invite)


def _invite(company_id, by, *names):
    with company_lock(company_id) as turn:
        _add(turn, company_id, by, *names, invite=True)


def _left_behind():
    """Whatever was written by an operation that is not there, or sent to nobody."""
    entries = sa.select(JournalEntry.id).where(JournalEntry.operation.not_in(sa.select(Operation.id)))
    return [*db.session.scalars(entries), *db.session.scalars(sa.select(OutgoingMail.id))]


@meanwhile
def test_others_give_seats_of_the_company_while_many_are_added_to_it(cast, prepared, before_the_lock):
    factories.make_licenses(1, cast.alice, cast.pro)
    plan, dave, alice = cast.pro.id, cast.dave.id, Actor.of(cast.alice)
    batch = prepared(TWO, post=Post.NONE)
    before_the_lock(
        lambda: licenses.assign(db.session.get_one(Plan, plan), db.session.get_one(User, dave), alice)
    )
    assert applied(batch, cast.alice).state == BatchState.DONE
    assert {"zoe@acme.example", "lea@acme.example"} <= people_of_acme(cast)
    assert db.session.scalar(sa.select(License.user_id).where(License.plan_id == plan)) == dave


@meanwhile
def test_whose_seat_goes_to_somebody_else_meanwhile_is_not_added_and_gets_no_mail(
    cast, prepared, before_the_lock
):
    (seat,) = factories.make_licenses(1, cast.alice, cast.avance)
    seat_id, bob, alice = seat.id, cast.bob.id, Actor.of(cast.alice)
    batch = prepared(TWO, plan=cast.avance.id)

    def act():
        plan = db.session.get_one(License, seat_id).plan
        licenses.assign(plan, db.session.get_one(User, bob), alice)

    before_the_lock(act)
    batch = applied(batch, cast.alice)
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert "zoe@acme.example" not in people_of_acme(cast)
    assert db.session.scalar(sa.select(sa.func.count()).where(User.email == "zoe@acme.example")) == 0
    to = db.session.scalars(
        sa.select(OutgoingMail.user_id).where(OutgoingMail.operation_id == batch.operation_id)
    )
    lea = db.session.scalar(sa.select(User.id).where(User.email == "lea@acme.example"))
    assert set(to) == {lea}


@meanwhile
def test_two_who_add_one_address_do_not_wait_for_each_other(app, cast, prepared, monkeypatch):
    """Somebody holds the lock and waits for the address that is being added; whoever adds it waits for the lock."""
    batch, acme, alice = prepared(TWO), cast.acme.id, Actor.of(cast.alice)
    batch_id, begun, waits = batch.id, threading.Event(), threading.Event()
    applying.confirm(batch, alice)
    real = applying.lock_late

    def lock_late(turn, company_id, **kept):
        begun.set()
        assert waits.wait(20)
        return real(turn, company_id, **kept)

    monkeypatch.setattr(applying, "lock_late", lock_late)

    def act(number):
        if number:
            apply(batch_id)
            return
        assert begun.wait(20)
        with company_lock(acme) as turn:
            waits.set()
            _add(turn, acme, alice, "zoe")

    assert [one.error for one in run_together(app, 2, act)] == [None, None]
    db.session.rollback()
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert db.session.scalar(sa.select(User.last_name).where(User.email == "zoe@acme.example")) == "Autre"


@meanwhile
def test_whose_rights_go_while_many_are_added_has_added_nobody(cast, prepared, before_the_lock):
    batch, erin = prepared(TWO), cast.erin.id
    people = people_of_acme(cast) - {cast.erin.email}

    def act():
        with transaction():
            db.session.get_one(User, erin).active = False

    before_the_lock(act)
    assert applied(batch, cast.erin).state == BatchState.FAILED
    assert people_of_acme(cast) == people
    assert _left_behind() == []


@meanwhile
def test_a_lease_that_ran_out_while_many_were_added_leaves_nothing(cast, prepared, before_the_lock):
    batch, people = prepared(TWO), people_of_acme(cast)
    batch_id = batch.id

    def act():
        with transaction():
            db.session.get_one(Batch, batch_id).lease_until = utcnow()

    before_the_lock(act)
    assert applied(batch, cast.alice).state == BatchState.APPLYING
    assert people_of_acme(cast) == people
    assert _left_behind() == []
    lease_runs_out()
    applying.do_due()
    assert {"zoe@acme.example", "lea@acme.example"} <= people_of_acme(cast)


@meanwhile
def test_no_more_invitations_leave_than_may_whoever_invites_meanwhile(
    cast, prepared, before_the_lock, monkeypatch
):
    monkeypatch.setattr("services.people.accounts.MAX_INVITATIONS", 3)
    batch, alice, acme = prepared(TWO), Actor.of(cast.alice), cast.acme.id
    before_the_lock(lambda: _invite(acme, alice, "k", "l"))
    batch = applied(batch, cast.alice)
    assert (batch.state, "invitations" in str(batch.problem)) == (BatchState.FAILED, True)
    assert "zoe@acme.example" not in people_of_acme(cast)


def test_a_file_that_invites_nobody_is_not_held_up_by_invitations(cast, prepared, monkeypatch):
    monkeypatch.setattr("services.people.accounts.MAX_INVITATIONS", 1)
    factories.make_licenses(1, cast.alice, cast.avance)
    batch = prepared(f"Nom;Courriel\nDave T;{cast.dave.email}\n", plan=cast.avance.id)
    _invite(cast.acme.id, Actor.of(cast.sam), "k", "l", "m")
    assert applied(batch, cast.alice).state == BatchState.DONE


def test_who_is_left_for_lack_of_a_seat_takes_nobodys_invitation(cast, prepared, monkeypatch):
    monkeypatch.setattr("services.people.accounts.MAX_INVITATIONS", 2)
    (seat,) = factories.make_licenses(1, cast.alice, cast.avance)
    batch = prepared(TWO, plan=cast.avance.id)
    _invite(cast.acme.id, Actor.of(cast.alice), "k")
    factories.hold(db.session.get_one(License, seat.id), cast.bob)
    written = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *arguments: written.append(arguments[2]))
    batch = applied(batch, cast.alice)
    assert (batch.state, outcomes(batch)) == (BatchState.DONE, {2: "moved", 3: "ready"})
    # What is seen to have moved before it begins does not make it begin again.
    assert len([one for one in written if one.startswith("UPDATE companies SET lock_version")]) == 1


@meanwhile
def test_people_bear_the_name_that_their_company_got_meanwhile(cast, prepared, before_the_lock):
    batch, acme, alice = prepared(TWO), cast.acme.id, Actor.of(cast.alice)

    before_the_lock(lambda: rename(acme, "Zanzibar", alice))
    assert applied(batch, cast.alice).state == BatchState.DONE
    zoe = db.session.scalar(sa.select(User.id).where(User.email == "zoe@acme.example"))
    assert zoe in hits.people("zanzibar").ids


@meanwhile
def test_of_two_files_with_the_same_people_one_adds_them_and_the_other_says_so(
    cast, prepared, together, monkeypatch
):
    """In another order: each would wait for somebody whom the other has added."""
    head, *people = TWO.splitlines()
    two = [prepared("\n".join([head, *rows])) for rows in (people, people[::-1])]
    for batch in two:
        applying.confirm(db.session.get_one(Batch, batch.id), Actor.of(cast.alice))
    ids = [batch.id for batch in two]
    meet(monkeypatch, accounts, "add_people", 2)
    assert [one.error for one in together(2, lambda number: apply(ids[number]))] == [None, None]
    db.session.rollback()
    states = {db.session.get_one(Batch, one, populate_existing=True).state for one in ids}
    found = sorted(sorted(outcomes(batch).values()) for batch in two)
    assert (states, found) == ({BatchState.DONE}, [["moved", "moved"], ["ready", "ready"]])


@meanwhile
def test_whoever_holds_the_lock_and_adds_two_is_not_made_to_give_up(app, cast, prepared, monkeypatch):
    """The file adds the one first that they add last."""
    batch, acme, alice = prepared(TWO), cast.acme.id, Actor.of(cast.alice)
    batch_id, added, begins = batch.id, threading.Event(), threading.Event()
    applying.confirm(batch, alice)
    real = applying.giving_way

    def giving_way():
        begins.set()
        return real()

    monkeypatch.setattr(applying, "giving_way", giving_way)

    def act(number):
        if number:
            assert added.wait(20)
            apply(batch_id)
            return
        with company_lock(acme) as turn:
            for name in ("lea", "zoe"):
                _add(turn, acme, alice, name)
                added.set()
                assert begins.wait(20)
                time.sleep(0.2)

    assert [one.error for one in run_together(app, 2, act)] == [None, None]
    db.session.rollback()
    assert outcomes(batch) == {2: "moved", 3: "moved"}


def test_an_act_that_began_again_is_taken_back_by_its_button(cast, prepared, monkeypatch):
    """The page asks for what the session has done: what was given up is not among it."""
    batch = prepared(TWO)

    def lock_late(_turn, _company_id, **_kept):
        raise Overtaken

    monkeypatch.setattr(applying, "lock_late", lock_late)
    batch = applied(batch, cast.alice)
    assert operations.done() == [batch.operation_id]


@pytest.mark.parametrize("locked", [True, False])
def test_a_seat_of_a_file_that_is_given_by_hand_at_once_has_one_holder(
    app, cast, prepared, together, monkeypatch, locked
):
    factories.make_licenses(1, cast.alice, cast.avance)
    batch = prepared(TWO.rsplit("Léa", 1)[0], plan=cast.avance.id)
    applying.confirm(batch, Actor.of(cast.alice))
    if not locked:
        lock_off(monkeypatch)
    meet(monkeypatch, assignments, "give_all", 2, timeout=1 if locked else 8)
    batch_id, plan, dave, alice = batch.id, cast.avance.id, cast.dave.id, Actor.of(cast.alice)

    def act(number):
        if number:
            apply(batch_id)
        else:
            licenses.assign(db.session.get_one(Plan, plan), db.session.get_one(User, dave), alice)

    error = together(2, act)[0].error
    db.session.rollback()
    given = list(db.session.scalars(sa.select(Assignment.user_id).where(Assignment.ended_at.is_(None))))
    holder = db.session.scalar(sa.select(License.user_id).where(License.plan_id == plan))
    is_added = "zoe@acme.example" in people_of_acme(cast)
    done = db.session.get_one(Batch, batch_id, populate_existing=True).state == BatchState.DONE
    by_hand = error is None and not is_added
    by_file = isinstance(error, Refused) and is_added
    went_well = done and given == [holder] and by_hand != by_file
    assert went_well is locked


@pytest.mark.parametrize("seed", range(6))
def test_people_of_a_file_are_added_whole_or_not_at_all_wherever_the_worker_dies(cast, prepared, seed):
    chance = random.Random(seed)
    factories.make_licenses(2, cast.alice, cast.avance)
    batch, people = prepared(TWO, plan=cast.avance.id), people_of_acme(cast)
    applying.confirm(batch, Actor.of(cast.alice))
    with Death(chance.randint(3, 60)), contextlib.suppress(SystemExit):
        applying.do_due()
    db.session.rollback()
    if db.session.get_one(Batch, batch.id, populate_existing=True).state != BatchState.DONE:
        assert people_of_acme(cast) == people
        assert _left_behind() == []
        lease_runs_out()
        applying.do_due()
    assert outcomes(batch) == {2: "ready", 3: "ready"}
    added = db.session.scalars(
        sa.select(User).where(User.email.in_(["zoe@acme.example", "lea@acme.example"]))
    ).all()
    assert [len(user.licenses) for user in added] == [1, 1]
