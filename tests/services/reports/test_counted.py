"""The counts that triggers keep are what counting would find, whoever writes and however."""

from __future__ import annotations

import datetime as dt
import random

import sqlalchemy as sa

from models import LIVE_STATUSES, Assignment, License, SeatCount, Term, TermTax, User, db, utcnow
from tests.factories import make_licenses, make_user

KEY = (License.company_id, License.plan_id, License.first_day, License.last_day)
KEY = (*KEY, License.valid_until, License.usable_until)


def counted_by_hand():
    state = sa.case(
        (License.status == "suspended", "suspended"),
        (License.user_id.is_(None), "available"),
        (License.activated_at.is_(None), "assigned"),
        else_="activated",
    )
    held = License.user_id.is_not(None)
    rows = db.session.execute(
        sa.select(*KEY, state.label("state"), held.label("held"), sa.func.count())
        .where(License.status.in_(LIVE_STATUSES))
        .group_by(*KEY, sa.text("state"), sa.text("held"))
    )
    return sorted(tuple(row) for row in rows)


def wrong_counts():
    """Where the tables of counts differ from the licences; nothing where they are true."""
    db.session.expire_all()
    columns = (*(getattr(SeatCount, column.key) for column in KEY), SeatCount.state, SeatCount.held)
    kept = db.session.execute(sa.select(*columns, SeatCount.seats).where(SeatCount.seats != 0))
    differing = set(counted_by_hand()) ^ {tuple(row) for row in kept}
    last = sa.select(sa.func.max(License.usable_until)).where(
        License.user_id == User.id, License.status.in_(LIVE_STATUSES)
    )
    people = db.session.scalars(
        sa.select(User.id).where(User.covered_until.is_distinct_from(last.scalar_subquery()))
    )
    return [*differing, *people]


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
