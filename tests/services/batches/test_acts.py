"""Many at once, by what is done: each gets what was shown, what has changed since is named and left, all of it is put back as one."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    BatchKind,
    BatchState,
    License,
    MailState,
    MailTrouble,
    Operation,
    OutgoingMail,
    RowOutcome,
    SuspensionReason,
    db,
    utcnow,
)
from services import licenses
from services.batches import applying, choosing, free
from services.foundation import operations
from services.foundation.errors import Code
from services.foundation.transaction import company_lock
from services.licenses import suspensions
from services.people import deactivation
from services.people.deactivation import Seats
from tests.asked import latest, refused
from tests.factories import make_licenses, make_user
from tests.services.batches.seen import again, holder_ids, mail_states, people

READY, SAME, LEFT, MOVED = RowOutcome.READY, RowOutcome.SAME, RowOutcome.LEFT, RowOutcome.MOVED


# --- Assigning --------------------------------------------------------------------------------------------------------


def test_the_seats_that_last_longest_are_given_and_whoever_gets_none_is_told_why(cast, alice, batches):
    short, long = make_licenses(2, cast.alice, cast.pro)
    later = utcnow() + dt.timedelta(days=800)
    db.session.execute(
        sa.update(License).where(License.id == long.id).values(valid_until=later, usable_until=later)
    )
    make_licenses(1, cast.alice, cast.pro, holder=cast.erin)
    deactivation.deactivate(cast.dave, Seats.KEEP, by=alice)
    new = people(cast.acme, 3)
    chosen = [new[0], cast.erin, cast.dave, new[1], new[2]]
    batch = batches.prepared(
        BatchKind.ASSIGN, sorted(chosen, key=lambda user: user.id), alice, plan=cast.pro.id
    )
    told = {row.user_id: (row.outcome, row.license_id) for row in batches.rows(batch)}
    assert told == {
        cast.erin.id: (SAME, None),
        cast.dave.id: (LEFT, None),
        new[0].id: (READY, long.id),
        new[1].id: (READY, short.id),
        new[2].id: (LEFT, None),
    }
    (seats,) = free.seats(batch)
    assert (seats.before, seats.after, seats.lacking) == (2, 0, 1)
    assert holder_ids([short, long]) == [None, None]
    applying.confirm(batch, alice)
    applying.do_due()
    assert holder_ids([short, long]) == [new[1].id, new[0].id]
    assert batches.again(batch).operation_id == latest().id


def test_what_the_page_showed_is_done_and_nothing_is_chosen_anew(cast, alice, batches):
    first, second = make_licenses(2, cast.alice, cast.pro)
    one, two = people(cast.acme, 2)
    batch = batches.prepared(BatchKind.ASSIGN, [one, two], alice, plan=cast.pro.id)
    licenses.assign_license(first, cast.bob, alice)
    make_licenses(5, cast.alice, cast.pro)
    applying.confirm(batch, alice)
    applying.do_due()
    assert batches.outcomes(batch) == [MOVED, READY]
    assert holder_ids([first, second]) == [cast.bob.id, two.id]
    assert "licence" in batches.rows(batch)[0].problem


@pytest.mark.parametrize("since", ["got another", "shut out", "lost what was over"])
def test_somebody_who_has_changed_since_is_left_and_the_others_are_not(cast, alice, batches, since):
    one, two = people(cast.acme, 2)
    if since == "lost what was over":
        (over,) = make_licenses(
            1,
            cast.alice,
            cast.pro,
            holder=one,
            ends=utcnow() - dt.timedelta(days=30),
            starts=utcnow() - dt.timedelta(days=395),
        )
    seats = make_licenses(3, cast.alice, cast.pro)
    batch = batches.prepared(BatchKind.ASSIGN, [one, two], alice, plan=cast.pro.id)
    assert batches.outcomes(batch) == [READY, READY]
    match since:
        case "got another":
            licenses.assign_license(seats[2], one, alice)
        case "shut out":
            deactivation.deactivate(one, Seats.KEEP, by=alice)
        case _:
            licenses.release(over, alice, held_by=one.id)
    applying.confirm(batch, alice)
    applying.do_due()
    # Whoever has less than was seen gets what was shown all the same.
    expected = READY if since == "lost what was over" else MOVED
    assert batches.outcomes(batch) == [expected, READY]
    assert two.id in holder_ids(seats)


def test_what_is_over_makes_room_and_comes_back_with_the_undo(cast, alice, batches):
    (over,) = make_licenses(
        1,
        cast.alice,
        cast.pro,
        holder=cast.bob,
        ends=utcnow() - dt.timedelta(days=30),
        starts=utcnow() - dt.timedelta(days=395),
    )
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batches.done(BatchKind.ASSIGN, [cast.bob], alice, plan=cast.pro.id)
    assert holder_ids([over, seat]) == [None, cast.bob.id]
    assert operations.undo(latest(), alice) == []
    assert holder_ids([over, seat]) == [cast.bob.id, None]


def test_thirty_are_put_back_as_one_and_no_mail_of_either_leaves(cast, alice, batches):
    seats, chosen = make_licenses(30, cast.alice, cast.pro), people(cast.acme, 30)
    batches.done(BatchKind.ASSIGN, chosen, alice, plan=cast.pro.id, post="held")
    assert mail_states() == [MailState.QUEUED] * 30
    due = set(db.session.scalars(sa.select(OutgoingMail.due_at)))
    assert {moment - latest().at for moment in due} == {operations.UNDO_WITHIN}
    assert operations.undo(latest(), alice) == []
    assert set(holder_ids(seats)) == {None}
    assert mail_states() == [MailState.DROPPED] * 30
    assert set(db.session.scalars(sa.select(OutgoingMail.last_error))) == {MailTrouble.UNDONE}
    assert db.session.scalar(sa.select(sa.func.count(Operation.id))) == 2


@pytest.mark.parametrize(("post", "sent", "told_of_undo"), [("now", 2, 4), ("none", 0, 0)])
def test_mail_leaves_when_it_was_said_to(cast, alice, batches, post, sent, told_of_undo):
    make_licenses(2, cast.alice, cast.pro)
    batches.done(BatchKind.ASSIGN, people(cast.acme, 2), alice, plan=cast.pro.id, post=post)
    db.session.execute(sa.update(OutgoingMail).values(state=MailState.SENT))
    db.session.commit()
    assert len(mail_states()) == sent
    operations.undo(latest(), alice)
    assert len(mail_states()) == told_of_undo


# --- Other acts -------------------------------------------------------------------------------------------------------


def test_another_plan_for_many_in_one_act_and_back(cast, alice, batches):
    cast.avance.product = cast.pro.product
    db.session.commit()
    chosen = people(cast.acme, 3)
    old = [make_licenses(1, cast.alice, cast.avance, holder=user)[0] for user in chosen]
    new = make_licenses(2, cast.alice, cast.pro)
    batch = batches.done(BatchKind.CHANGE, chosen, alice, plan=cast.pro.id)
    assert batches.outcomes(batch) == [READY, READY, LEFT]
    assert holder_ids(new) == [chosen[0].id, chosen[1].id]
    assert holder_ids(old) == [None, None, chosen[2].id]
    assert operations.undo(latest(), alice) == []
    assert holder_ids([*old, *new]) == [*(user.id for user in chosen), None, None]


def test_licences_of_a_leaving_team_go_to_another_in_pairs_and_back(cast, alice, batches):
    leaving, coming = people(cast.acme, 2), people(cast.acme, 2, "Newcomer")
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in leaving]
    batch = batches.done(BatchKind.TRANSFER, seats, alice, to=[coming[1].id, coming[0].id])
    assert batches.outcomes(batch) == [READY, READY]
    assert holder_ids(seats) == [coming[1].id, coming[0].id]
    assert operations.undo(latest(), alice) == []
    assert holder_ids(seats) == [leaving[0].id, leaving[1].id]


@pytest.mark.parametrize(
    "to", ["nobody", "no list", "nobody twice", "more than there are", "a stranger", "twice"]
)
def test_pairs_that_make_no_sense_are_refused(cast, alice, batches, to):
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in people(cast.acme, 2)]
    batch = batches.chosen(BatchKind.TRANSFER, seats, alice)
    code, pairs = {
        "nobody": (Code.EMPTY, []),
        "no list": (Code.EMPTY, "x"),
        "nobody twice": (Code.EMPTY, [None, None]),
        "more than there are": (Code.EMPTY, [cast.bob.id, None, None]),
        "a stranger": (Code.SAME_PERSON, [cast.carol.id]),
        "twice": (Code.SAME_PERSON, [cast.bob.id, cast.bob.id]),
    }[to]
    assert refused(code, choosing.settle, batch, {"to": pairs}, alice)
    assert batches.again(batch).state == BatchState.DRAFT


def test_two_who_would_swap_keep_what_they_have(cast, alice, batches):
    one, two = people(cast.acme, 2)
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in (one, two)]
    batch = batches.prepared(BatchKind.TRANSFER, seats, alice, to=[two.id, one.id])
    assert batches.outcomes(batch) == [LEFT, LEFT]


def test_many_are_released_and_what_is_contested_stays(cast, alice, batches):
    chosen = people(cast.acme, 3)
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in chosen]
    with company_lock(cast.acme.id) as turn:
        suspensions.suspend(turn, db.session.get_one(License, seats[1].id), SuspensionReason.DISPUTE, "dp_1")
    batch = batches.done(BatchKind.RELEASE, [*chosen, cast.bob], alice)
    assert sorted(batches.outcomes(batch)) == sorted([READY, LEFT, READY, SAME])
    assert holder_ids(seats) == [None, chosen[1].id, None]
    (seats_told,) = free.seats(batch)
    assert seats_told.plan.id == cast.pro.id


def test_activation_is_sent_again_at_once_to_those_who_have_not_begun(cast, alice, batches):
    chosen = people(cast.acme, 3)
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in chosen]
    licenses.activate(seats[2], Actor.of(chosen[2]))
    batch = batches.done(BatchKind.RESEND, seats, alice, post="held")
    assert batches.outcomes(batch) == [READY, READY, SAME]
    assert set(db.session.scalars(sa.select(OutgoingMail.due_at <= utcnow()))) == {True}
    assert len(mail_states()) == 2


def test_a_team_that_was_shut_out_by_mistake_is_let_in_again_with_its_seats(cast, alice, batches):
    chosen = people(cast.acme, 3)
    seats = [make_licenses(1, cast.alice, cast.pro, holder=user)[0] for user in chosen]
    sessions = [user.fs_uniquifier for user in chosen]
    batches.done(BatchKind.DEACTIVATE, chosen, alice, seats="release")
    assert [again(user).active for user in chosen] == [False] * 3
    assert holder_ids(seats) == [None] * 3
    assert operations.undo(latest(), alice) == []
    assert [again(user).active for user in chosen] == [True] * 3
    assert [again(user).confirmed_at is not None for user in chosen] == [True] * 3
    assert holder_ids(seats) == [user.id for user in chosen]
    assert not {again(user).fs_uniquifier for user in chosen} & set(sessions)


def test_an_address_that_was_claimed_meanwhile_is_not_confirmed_again(cast, alice, batches):
    (one,) = people(cast.acme, 1)
    batches.done(BatchKind.DEACTIVATE, [one], alice, seats="keep")
    other = make_user(cast.globex, "Other", email=one.email, confirmed_at=utcnow())
    operations.undo(latest(), alice)
    assert again(one).active
    assert again(one).confirmed_at is None
    assert again(other).confirmed_at is not None


def test_the_last_administrator_stays_whoever_chooses_all(cast, batches):
    sam = Actor.of(cast.sam)
    batch = batches.done(BatchKind.DEACTIVATE, [cast.alice, cast.erin, cast.bob], sam, seats="keep")
    assert batches.outcomes(batch) == [READY, READY, MOVED]
    assert sorted(again(user).active for user in (cast.alice, cast.erin)) == [False, True]
