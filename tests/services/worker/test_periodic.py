"""Periodic work: done once in its period by whoever comes first, tried again when it breaks, and never by two."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

import cli
from models import Job, JobState, Lane, Link, LinkPurpose, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.links import tokens
from services.mail import letters
from services.mail.outbox import OUTBOX
from services.worker import periodic
from services.worker.periodic import Periodic
from tests.factories import make_licenses

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock(time_machine):
    start = dt.datetime(2026, 11, 25, 12, 3, tzinfo=dt.UTC)

    def move(minutes):
        db.session.rollback()
        time_machine.move_to(start + minutes * MINUTE, tick=False)

    move(0)
    return move


def jobs():
    db.session.rollback()
    return [
        (job.name, job.state, job.attempts) for job in db.session.scalars(sa.select(Job).order_by(Job.id))
    ]


def test_a_work_is_done_once_in_each_of_its_periods(cast, clock):
    done = []
    works = [Periodic("often", 10 * MINUTE, lambda: done.append(utcnow()))]
    for minutes in (0, 1, 6, 7, 16, 300):
        clock(minutes)
        periodic.do_due(works)
    # What nobody ran for is not made up for.
    assert [f"{at:%H:%M}" for at in done] == ["12:03", "12:10", "17:03"]
    assert all(state == JobState.DONE for _, state, _ in jobs())


def test_periods_are_the_same_for_every_worker(cast):
    work = Periodic("often", 10 * MINUTE, lambda: None)
    at = dt.datetime(2026, 11, 25, 12, 9, 59, tzinfo=dt.UTC)
    assert work.period(at) == dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
    assert work.period(at + dt.timedelta(seconds=1)) == dt.datetime(2026, 11, 25, 12, 10, tzinfo=dt.UTC)


def test_what_breaks_is_tried_again_later_and_given_up_and_keeps_no_other_from_it(cast, clock, caplog):
    done = []

    def broken():
        raise ValueError("bob@acme.example")

    works = [
        Periodic("broken", 600 * MINUTE, broken),
        Periodic("fine", 600 * MINUTE, lambda: done.append(1)),
    ]
    for minutes in (0, 0, 2, 6, 60):
        clock(minutes)
        periodic.do_due(works)
    assert jobs() == [("broken", JobState.FAILED, 3), ("fine", JobState.DONE, 1)]
    assert done == [1]
    assert db.session.scalars(sa.select(Job.last_error).filter_by(name="broken")).one() == "ValueError"


def test_a_work_that_no_version_knows_any_more_is_given_up(cast, clock):
    periodic.do_due([Periodic("gone", MINUTE, lambda: None)], stop=lambda: True)
    periodic.do_due([])
    assert jobs() == [("gone", JobState.FAILED, 1)]


def test_of_ten_workers_at_once_one_does_it(cast, together):
    done = []
    works = [Periodic("often", 600 * MINUTE, lambda: done.append(1))]
    outcomes = together(10, lambda _: periodic.do_due(works))
    assert [outcome.error for outcome in outcomes] == [None] * 10
    assert done == [1]
    assert jobs() == [("often", JobState.DONE, 1)]


def test_a_worker_that_died_leaves_a_turn_that_another_takes_over(cast, clock):
    done = []
    works = [Periodic("often", 600 * MINUTE, lambda: done.append(1))]
    periodic.do_due(works, stop=lambda: True)
    assert periodic.JOBS.claim(periodic.LEASE) is not None
    clock(29)
    assert periodic.do_due(works) == 0
    clock(31)
    assert (periodic.do_due(works), done) == (1, [1])


def test_an_idle_worker_writes_nothing(cast, clock, count_queries):
    works = [Periodic("often", 10 * MINUTE, lambda: None)]
    periodic.do_due(works)
    with count_queries() as statements:
        periodic.do_due(works)
    assert [statement.split()[0] for statement in statements] == ["SELECT", "SELECT"]


def test_the_desks_own_works_run_and_forget_what_is_long_past(cast, scope):
    with transaction() as turn:
        tokens.mint(turn, LinkPurpose.SIGN_IN, cast.bob)
        tokens.mint(turn, LinkPurpose.ACTIVATION, cast.bob)
    old, young = db.session.scalars(sa.select(Link).order_by(Link.id))
    old.expires_at = utcnow() - dt.timedelta(days=31)
    young.expires_at = utcnow() - dt.timedelta(days=29)
    past = {"period": utcnow(), "created_at": utcnow() - dt.timedelta(days=31)}
    db.session.add_all(
        [Job(name="a", state=JobState.DONE, **past), Job(name="b", state=JobState.QUEUED, **past)]
    )
    db.session.commit()
    kept = young.id
    for work in cli.periodic_works():
        work.work()
    db.session.rollback()
    assert db.session.scalars(sa.select(Link.id)).all() == [kept]
    assert [name for name, _, _ in jobs()] == ["b"]


def test_a_link_that_somebody_waits_for_leaves_before_ten_thousand_other_mails(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    with transaction() as turn:
        letters.queue_all(
            turn,
            [
                letters.Letter("receipt", cast.bob, {"order": license.id}, f"receipt {number}")
                for number in range(10_000)
            ],
        )
    with transaction() as turn:
        link = letters.sign_in_link(turn, cast.dave)
    assert OUTBOX.claim(MINUTE).row_id == link
    lanes = db.session.execute(sa.select(OutgoingMail.lane, sa.func.count()).group_by(OutgoingMail.lane))
    assert dict(lanes.all()) == {Lane.URGENT: 1, Lane.MAIL: 10_000}


def test_a_database_that_was_filled_knows_how_its_tables_are_filled(cast):
    periodic.measure_tables()
    if db.engine.dialect.name == "sqlite":
        known = db.session.scalars(sa.text("SELECT DISTINCT tbl FROM sqlite_stat1")).all()
        assert {"users", "companies", "plans"} <= set(known)
