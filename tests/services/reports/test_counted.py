"""The counts that triggers keep are what counting would find, whoever writes and however."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time

import sqlalchemy as sa

from access import Actor
from models import Assignment, License, Plan, SeatCount, Term, TermTax, User, db, utcnow
from services import licenses
from services.seats import seat_counts
from tests.counts import wrong_counts
from tests.factories import make_licenses, make_plan, make_user


def test_counts_are_true_after_any_change_of_any_number_of_licences(cast):
    generator, now = random.Random(1), utcnow()
    people = [cast.bob, cast.dave, *(make_user(cast.acme) for _ in range(4))]
    for plan in (cast.eco, cast.avance, cast.pro):
        make_licenses(6, cast.alice, plan, ends=now + dt.timedelta(days=generator.randint(1, 400)))
    make_licenses(2, cast.carol, cast.pro, holder=cast.carol)
    assert wrong_counts() == []
    ours = License.company_id == cast.acme.id
    gone = {"status": "revoked", "gone_at": now, "gone_why": "revoked"}
    changes = [
        lambda one: {"user_id": generator.choice(people).id, "assigned_at": now},
        lambda one: {"user_id": None, "assigned_at": None, "activated_at": None},
        lambda one: {"activated_at": now if one.user_id else None},
        lambda one: {"status": "suspended"},
        lambda one: {"status": "active"},
        lambda one: gone | {"user_id": None, "assigned_at": None, "activated_at": None},
        lambda one: {"usable_until": one.usable_until + dt.timedelta(days=1)},
        lambda one: {"plan_id": generator.choice([cast.eco.id, cast.pro.id]), "product": one.product},
    ]
    for _ in range(60):
        one = generator.choice(db.session.scalars(sa.select(License).where(ours)).all())
        if one.gone_at is None:
            try:
                db.session.execute(
                    sa.update(License).where(License.id == one.id).values(**generator.choice(changes)(one))
                )
                db.session.commit()
            except sa.exc.IntegrityError:
                # Two of one product for one person: the counts are those of before.
                db.session.rollback()
        assert wrong_counts() == []
    # Many at once, and then none.
    for values in ({"status": "suspended"}, {"status": "active"}, {"usable_until": License.valid_until}):
        db.session.execute(sa.update(License).where(ours, License.gone_at.is_(None)).values(**values))
        db.session.commit()
        assert wrong_counts() == []
    for table in (Assignment, TermTax, Term, License):
        db.session.execute(sa.delete(table).where(table.company_id == cast.acme.id))
    db.session.commit()
    assert wrong_counts() == []
    assert db.session.scalar(sa.select(sa.func.sum(SeatCount.seats)).filter_by(company_id=cast.acme.id)) == 0


def test_the_comparison_sees_a_count_that_is_wrong(cast):
    make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    db.session.execute(sa.update(SeatCount).values(seats=SeatCount.seats + 1))
    assert len(wrong_counts()) == 4
    db.session.execute(sa.update(User).values(covered_until=None))
    assert cast.bob.id in wrong_counts()


def test_two_who_change_licences_of_one_person_at_once_both_count(cast, together):
    """Without the company's lock too: an import or a hand in the database does not take it."""
    now = utcnow()
    other = make_plan("other", product="other")
    make_licenses(1, cast.alice, cast.pro, ends=now + dt.timedelta(days=10))
    make_licenses(1, cast.alice, other, ends=now + dt.timedelta(days=400))
    ids, bob = db.session.scalars(sa.select(License.id).order_by(License.valid_until)).all(), cast.bob.id
    db.session.rollback()
    changed, went_on = threading.Event(), threading.Event()

    def give(number):
        if number:
            db.session.execute(sa.text("SELECT 1"))
            db.session.rollback()
            assert changed.wait(30)
            went_on.set()
        statement = sa.update(License).where(License.id == ids[1 - number])
        db.session.execute(statement.values(user_id=bob, assigned_at=now))
        if not number:
            # The licence that lasts longer is not committed yet when the other one is given.
            changed.set()
            assert went_on.wait(30)
            time.sleep(1)
        db.session.commit()

    assert [outcome.error for outcome in together(2, give)] == [None, None]
    assert wrong_counts() == []
    assert db.session.get_one(User, bob).covered_until > now + dt.timedelta(days=300)


def test_of_two_seats_for_five_people_at_once_no_more_are_counted_than_were_given(cast, together):
    make_licenses(2, cast.alice, cast.pro)
    rivals, plan, by = [make_user(cast.acme).id for _ in range(5)], cast.pro.id, Actor.of(cast.alice)
    db.session.rollback()
    outcomes = together(
        5,
        lambda number: licenses.assign(
            db.session.get_one(Plan, plan), db.session.get_one(User, rivals[number]), by
        ),
    )
    assert sum(outcome.error is None for outcome in outcomes) == 2
    assert wrong_counts() == []
    assert [seats.assigned for seats in seat_counts.summary(cast.acme.id, utcnow())] == [2]
