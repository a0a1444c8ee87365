"""What the tests of this room look at: rows as they are by now, people to act on, who holds what, and which mail waits."""

from __future__ import annotations

import sqlalchemy as sa

from models import Batch, License, OutgoingMail, db, utcnow
from tests.factories import make_user


def again(row):
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def people(company, count, name="Person"):
    return [make_user(company, f"{name} {number:03}", confirmed_at=utcnow()) for number in range(count)]


def holder_ids(seats):
    db.session.rollback()
    found = sa.select(License.user_id).where(License.id.in_([seat.id for seat in seats])).order_by(License.id)
    return list(db.session.scalars(found))


def mail_states():
    db.session.rollback()
    return list(db.session.scalars(sa.select(OutgoingMail.state).order_by(OutgoingMail.id)))


def lease_runs_out():
    """Whatever a worker that died has begun is due again."""
    db.session.execute(sa.update(Batch).values(due_at=utcnow()))
    db.session.commit()
