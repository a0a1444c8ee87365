"""Work that waits: what is due, in which order, whose lease counts, and how long a failure waits."""

from __future__ import annotations

import datetime as dt
import time

import sqlalchemy as sa

from models import MailState, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.mail import letters
from services.mail.outbox import OUTBOX
from services.waiting import queue

MINUTE = dt.timedelta(minutes=1)


def waiting(cast, *ages):
    """The ids of mails that have been due for that long."""
    with transaction() as turn:
        ids = [letters.sign_in_link(turn, cast.bob) for _ in ages]
        for mail_id, age in zip(ids, ages, strict=True):
            db.session.get_one(OutgoingMail, mail_id).due_at = turn.now - age
        return ids


def test_what_has_been_due_for_longest_is_done_first(cast):
    young, old = waiting(cast, 1 * MINUTE, 5 * MINUTE)
    assert [OUTBOX.claim(MINUTE).row_id for _ in range(2)] == [old, young]
    assert OUTBOX.claim(MINUTE) is None


def test_a_worker_waits_for_no_other_one_and_an_idle_one_for_nobody(cast):
    """SQLite has one write lock, PostgreSQL one for each row: a rival holds it here, as a worker does in mid-claim."""
    mails = waiting(cast, 5 * MINUTE, MINUTE)
    if db.engine.dialect.name == "sqlite":
        db.session.execute(sa.delete(OutgoingMail))
        db.session.commit()
        with db.engine.connect().execution_options(trousseau_writes=True) as rival:
            rival.execute(sa.text("SELECT 1"))
            assert OUTBOX.claim(MINUTE) is None
        return
    with db.engine.connect() as rival:
        rival.execute(sa.select(OutgoingMail.id).where(OutgoingMail.id == mails[0]).with_for_update())
        began = time.monotonic()
        assert OUTBOX.claim(MINUTE).row_id == mails[1]
        # The lock's own timeout is ten seconds.
        assert time.monotonic() - began < 5


def test_what_is_due_later_waits(cast):
    (later,) = waiting(cast, -MINUTE)
    assert OUTBOX.claim(MINUTE) is None
    assert db.session.scalar(OUTBOX.due(utcnow() + 2 * MINUTE)) == later
    due_at = db.session.scalar(sa.select(OutgoingMail.due_at))
    assert db.session.scalar(OUTBOX.due(due_at)) == later
    assert db.session.scalar(OUTBOX.due(due_at - dt.timedelta(microseconds=1))) is None


def test_what_is_done_or_given_up_is_never_due_again(cast):
    waiting(cast, MINUTE)
    for state in (MailState.SENT, MailState.FAILED, MailState.DROPPED):
        db.session.execute(sa.update(OutgoingMail).values(state=state))
        db.session.commit()
        assert OUTBOX.claim(MINUTE) is None, state


def test_a_lease_says_how_long_it_lasts_and_which_try_it_is(cast):
    (mail_id,) = waiting(cast, MINUTE)
    lease = OUTBOX.claim(3 * MINUTE)
    row = db.session.get_one(OutgoingMail, mail_id)
    assert (lease.row_id, lease.attempt, row.attempts, row.state) == (mail_id, 1, 1, MailState.SENDING)
    assert row.lease_until == row.due_at == lease.until
    assert dt.timedelta(minutes=2) < lease.until - utcnow() <= 3 * MINUTE
    OUTBOX.mark(lease, MailState.QUEUED, due_at=utcnow() - MINUTE)
    assert (row.state, row.lease_until) == (MailState.QUEUED, None)
    assert OUTBOX.claim(MINUTE).attempt == 2


def test_only_the_owner_of_the_lease_marks_the_work(cast):
    waiting(cast, MINUTE)
    lease = OUTBOX.claim(MINUTE)
    older = queue.Lease(lease.row_id, lease.until - MINUTE, 1)
    OUTBOX.mark(older, MailState.FAILED)
    assert db.session.get_one(OutgoingMail, lease.row_id).state == MailState.SENDING
    OUTBOX.mark(lease, MailState.SENT)
    OUTBOX.mark(lease, MailState.FAILED)
    assert db.session.get_one(OutgoingMail, lease.row_id).state == MailState.SENT


def test_pauses_grow_while_something_is_away_and_shrink_at_once_afterwards(app, monkeypatch):
    pauses, answers = [], iter([False] * 8 + [True, False])
    monkeypatch.setattr(queue, "_wait", lambda seconds, _stop: pauses.append(seconds))
    with app.app_context():
        queue.work(lambda: next(answers), lambda: len(pauses) == 10)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60, 1, 2]


def test_once_is_a_single_time_and_stop_is_none(app, monkeypatch):
    done = []
    monkeypatch.setattr(queue, "_wait", lambda *_: done.append("waited"))
    with app.app_context():
        queue.work(lambda: done.append("worked") or True, lambda: False, once=True)
        queue.work(lambda: done.append("worked") or True, lambda: True)
    assert done == ["worked"]


def test_a_database_that_is_away_is_waited_for_like_anything_else(app, monkeypatch):
    pauses = []
    monkeypatch.setattr(queue, "_wait", lambda seconds, _stop: pauses.append(seconds))

    def away():
        raise sa.exc.OperationalError("SELECT 1", {}, Exception())

    with app.app_context():
        queue.work(away, lambda: len(pauses) == 3)
    assert pauses == [2, 4, 8]
