"""Many at once: what was shown is done, as a whole and once; what has changed since is named and left; ten minutes to put it back."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    Batch,
    BatchFile,
    BatchKind,
    BatchRow,
    BatchState,
    RowOutcome,
    User,
    db,
    utcnow,
)
from services.batches import applying, choosing, keeping, preparing, rows
from services.foundation.errors import Code
from services.people import deactivation
from services.people.deactivation import Seats
from tests.asked import latest, refused
from tests.factories import make_licenses
from tests.services.batches.seen import holder_ids, lease_runs_out, people

READY, SAME, LEFT, MOVED = RowOutcome.READY, RowOutcome.SAME, RowOutcome.LEFT, RowOutcome.MOVED


def die_at(monkeypatch, call):
    """The worker's process ends at that call of what writes its rows."""
    write, calls = rows.write, []

    def dying(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            raise SystemExit
        write(*arguments)

    monkeypatch.setattr(rows, "write", dying)


# --- The way of a batch -----------------------------------------------------------------------------------------------


def test_confirming_twice_does_it_once(cast, alice, batches):
    make_licenses(2, cast.alice, cast.pro)
    batch = batches.done(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    before = batch.done_at
    applying.confirm(batch, alice)
    applying.do_due()
    assert batches.again(batch).done_at == before
    assert db.session.scalar(sa.select(sa.func.count(Assignment.id))) == 1


def test_what_was_shown_a_day_ago_is_not_done_and_can_be_prepared_anew(cast, alice, batches):
    make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    db.session.execute(sa.update(Batch).values(expires_at=utcnow()))
    db.session.commit()
    assert refused(Code.BATCH_EXPIRED, applying.confirm, batch, alice)
    choosing.settle(batch, {"plan": cast.pro.id}, alice)
    applying.do_due()
    applying.confirm(batch, alice)
    applying.do_due()
    assert batches.again(batch).state == BatchState.DONE


def test_a_colleague_may_confirm_and_the_journal_names_them(cast, alice, batches):
    make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    applying.confirm(batch, Actor.of(cast.erin))
    applying.do_due()
    assert latest().by_id == cast.erin.id
    assert batches.again(batch).address is None


@pytest.mark.parametrize("lost", ["deactivated", "demoted", "of another company"])
def test_whoever_lost_their_rights_between_confirming_and_doing_does_nothing(cast, alice, batches, lost):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    applying.confirm(batch, Actor.of(cast.carol) if lost == "of another company" else alice)
    if lost == "deactivated":
        deactivation.deactivate(cast.alice, Seats.KEEP, by=Actor.of(cast.erin))
    if lost == "demoted":
        db.session.execute(sa.update(User).where(User.id == cast.alice.id).values(role="member"))
        db.session.commit()
    applying.do_due()
    batch = batches.again(batch)
    assert (batch.state, batch.problem is not None) == (BatchState.FAILED, True)
    assert holder_ids([seat]) == [None]


def test_what_was_put_away_is_not_done_and_what_is_done_is_not_put_away(cast, alice, batches):
    make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    choosing.discard(batch)
    choosing.discard(batch)
    assert refused(Code.BATCH_SETTLED, applying.confirm, batch, alice)
    assert refused(Code.BATCH_SETTLED, choosing.settle, batch, {"plan": cast.pro.id}, alice)
    other = batches.done(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    assert refused(Code.BATCH_SETTLED, choosing.discard, other)


def test_a_worker_that_dies_while_it_prepares_is_followed_by_one_that_goes_on(
    cast, alice, batches, monkeypatch
):
    monkeypatch.setattr(preparing, "PART", 2)
    make_licenses(5, cast.alice, cast.pro)
    batch = batches.chosen(BatchKind.ASSIGN, people(cast.acme, 5), alice)
    choosing.settle(batch, {"plan": cast.pro.id}, alice)
    die_at(monkeypatch, 2)
    with pytest.raises(SystemExit):
        applying.do_due()
    monkeypatch.undo()
    monkeypatch.setattr(preparing, "PART", 2)
    assert batches.again(batch).prepared == 2
    assert applying.do_due() == 0
    lease_runs_out()
    applying.do_due()
    batch = batches.again(batch)
    assert (batch.state, batch.prepared) == (BatchState.READY, 5)
    assert len({row.license_id for row in batches.rows(batch)}) == 5


def test_a_worker_that_dies_while_it_applies_has_done_nothing_and_the_next_does_it_once(
    cast, alice, batches, monkeypatch
):
    seats, chosen = make_licenses(3, cast.alice, cast.pro), people(cast.acme, 3)
    batch = batches.prepared(BatchKind.ASSIGN, chosen, alice, plan=cast.pro.id)
    applying.confirm(batch, alice)
    die_at(monkeypatch, 1)
    with pytest.raises(SystemExit):
        applying.do_due()
    monkeypatch.undo()
    assert holder_ids(seats) == [None] * 3
    assert batches.again(batch).state == BatchState.APPLYING
    lease_runs_out()
    applying.do_due()
    assert holder_ids(seats) == [user.id for user in chosen]
    assert batches.again(batch).state == BatchState.DONE


def test_what_breaks_again_and_again_says_so_and_changes_nothing(cast, alice, batches, monkeypatch):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    applying.confirm(batch, alice)
    monkeypatch.setattr(rows, "write", lambda *_: 1 / 0)
    for _ in range(applying.MAX_ATTEMPTS):
        lease_runs_out()
        applying.do_due()
    batch = batches.again(batch)
    assert (batch.state, bool(batch.problem)) == (BatchState.FAILED, True)
    assert holder_ids([seat]) == [None]


@pytest.mark.parametrize("end", [SystemExit, lambda: sa.exc.OperationalError("", {}, Exception())])
def test_what_ends_the_worker_each_time_is_given_up_and_says_so(cast, alice, batches, monkeypatch, end):
    """A statement that the database gives up, or a file that kills the process: nobody waits for ever, and the next batch has its turn."""
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    applying.confirm(batch, alice)

    def dies(*_arguments):
        raise end()

    monkeypatch.setattr(rows, "write", dies)
    for _ in range(applying.MAX_ATTEMPTS):
        lease_runs_out()
        with pytest.raises((SystemExit, sa.exc.OperationalError)):
            applying.do_due()
        db.session.rollback()
    lease_runs_out()
    applying.do_due()
    batch = batches.again(batch)
    assert (batch.state, bool(batch.problem)) == (BatchState.FAILED, True)
    assert holder_ids([seat]) == [None]


def test_customers_chosen_together_are_each_a_whole(cast, batches):
    sam = Actor.of(cast.sam)
    ours, theirs = (
        make_licenses(1, cast.alice, cast.pro, holder=cast.bob),
        make_licenses(1, cast.carol, cast.pro, holder=cast.charlie),
    )
    together = choosing.of_licenses(BatchKind.RELEASE, [ours[0].id, theirs[0].id], sam)
    found = list(db.session.scalars(sa.select(Batch).filter_by(together=together).order_by(Batch.company_id)))
    assert [batch.company_id for batch in found] == [cast.acme.id, cast.globex.id]
    for batch in found:
        choosing.settle(batch, {}, sam)
    applying.do_due()
    for batch in found:
        applying.confirm(batches.again(batch), sam)
    applying.do_due()
    assert holder_ids([*ours, *theirs]) == [None, None]
    assert len({batches.again(batch).operation_id for batch in found}) == 2


def test_what_a_file_held_is_forgotten_after_a_month_and_what_was_done_stays(cast, alice, batches):
    make_licenses(1, cast.alice, cast.pro)
    done = batches.done(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    ready = batches.prepared(BatchKind.ASSIGN, [cast.dave], alice, plan=cast.pro.id)
    db.session.execute(sa.update(BatchRow).values(raw={"email": "bob@acme.example"}))
    db.session.add(BatchFile(batch_id=done.id, company_id=cast.acme.id, content=b"x"))
    db.session.commit()
    assert keeping.forget_old() == 0
    db.session.execute(sa.update(Batch).values(created_at=utcnow() - keeping.KEPT - dt.timedelta(hours=1)))
    db.session.commit()
    assert keeping.forget_old() == 2
    assert keeping.forget_old() == 0
    assert [(row.user_id, row.raw, row.problem) for row in batches.rows(done)] == [(cast.bob.id, {}, None)]
    assert (batches.rows(ready), batches.again(ready).state) == ([], BatchState.DISCARDED)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BatchFile)) == 0


def test_staff_belong_to_no_customer_and_nothing_is_chosen_of_them(cast, alice):
    assert refused(Code.NOTHING_CHOSEN, choosing.of_people, BatchKind.DEACTIVATE, [cast.sam.id], alice)
    assert refused(Code.TOO_MANY, choosing.of_people, BatchKind.DEACTIVATE, range(choosing.MOST + 1), alice)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"plan": None},
        {"plan": 10**12},
        {"plan": "1"},
        {"plan": 1, "last_day": "soon"},
        {"plan": 1, "post": "pigeon"},
    ],
)
def test_options_that_make_no_sense_are_refused(cast, alice, batches, options):
    batch = batches.chosen(BatchKind.ASSIGN, [cast.bob], alice)
    if options.get("plan") == 1:
        options = options | {"plan": cast.pro.id}
    assert refused(Code.EMPTY, choosing.settle, batch, options, alice)
    assert batches.again(batch).state == BatchState.DRAFT
