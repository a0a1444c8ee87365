"""Two workers, and a worker beside a person, who come for one seat at once: who gets it, and what the other is told."""

from __future__ import annotations

import pytest

from models import Assignment, BatchKind, BatchState, License, Plan, RowOutcome, User, db
from services import licenses
from services.batches import applying
from services.foundation.errors import Refused
from services.licenses import assignments
from tests.factories import make_licenses
from tests.services.batches.racing import apply
from tests.together import lock_off, meet


def _holders(seat):
    """Everybody to whom the seat is given now, by the licence and by what it was given as."""
    db.session.rollback()
    given = db.session.scalars(
        db.select(Assignment.user_id).where(Assignment.license_id == seat.id, Assignment.ended_at.is_(None))
    ).all()
    return db.session.get_one(License, seat.id, populate_existing=True).user_id, sorted(given)


def _two_workers(cast, alice, batches, together):
    """A seat that two batches chose while it was free, both applied at once; the batches and the seat."""
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    two = [
        batches.prepared(BatchKind.ASSIGN, [person], alice, plan=cast.pro.id)
        for person in (cast.bob, cast.dave)
    ]
    for batch in two:
        applying.confirm(batch, alice)
    ids = [batch.id for batch in two]
    # Each has its own; else one of them might do both, in turn.
    together(2, lambda number: apply(ids[number]))
    return [batches.again(batch) for batch in two], seat


def _has_gone_well(two, seat, batches):
    holder, given = _holders(seat)
    outcomes = sorted(outcome for batch in two for outcome in batches.outcomes(batch))
    told = [row.problem for batch in two for row in batches.rows(batch) if row.outcome == RowOutcome.MOVED]
    return (
        {batch.state for batch in two} == {BatchState.DONE}
        and outcomes == sorted([RowOutcome.READY, RowOutcome.MOVED])
        and given == [holder]
        and all(told)
    )


def test_of_two_acts_that_chose_one_seat_one_gives_it_and_the_other_says_so(
    cast, alice, batches, together, monkeypatch
):
    meet(monkeypatch, assignments, "give_all", 2)
    two, seat = _two_workers(cast, alice, batches, together)
    assert _has_gone_well(two, seat, batches)


def test_without_the_lock_the_seat_has_two_holders_or_an_act_is_left_undone(
    cast, alice, batches, together, monkeypatch
):
    lock_off(monkeypatch)
    meet(monkeypatch, assignments, "give_all", 2, timeout=8)
    two, seat = _two_workers(cast, alice, batches, together)
    assert not _has_gone_well(two, seat, batches), "the race test would not notice a missing lock"


def _worker_and_person(cast, alice, batches, together):
    """A seat that a batch chose, given by hand to another while the batch is applied; the batch, the seat, the error."""
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    applying.confirm(batch, alice)
    dave, plan, batch_id = cast.dave.id, cast.pro.id, batch.id

    def act(number):
        if number:
            apply(batch_id)
        else:
            licenses.assign(db.session.get_one(Plan, plan), db.session.get_one(User, dave), alice)

    error = together(2, act)[0].error
    return batches.again(batch), seat, error


@pytest.mark.parametrize("locked", [True, False])
def test_a_seat_given_by_hand_while_many_are_given_has_one_holder_and_the_other_is_told(
    cast, alice, batches, together, monkeypatch, locked
):
    if not locked:
        lock_off(monkeypatch)
    meet(monkeypatch, assignments, "give_all", 2, timeout=1 if locked else 8)
    batch, seat, error = _worker_and_person(cast, alice, batches, together)
    holder, given = _holders(seat)
    (row,) = batches.rows(batch)
    by_hand = error is None and (row.outcome, bool(row.problem)) == (RowOutcome.MOVED, True)
    by_batch = isinstance(error, Refused) and row.outcome == RowOutcome.READY
    went_well = batch.state == BatchState.DONE and given == [holder] and by_hand != by_batch
    assert went_well is locked
