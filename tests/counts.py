"""What `seat_counts` and `users.covered_until` should be, counted by hand: whatever a test did, they must not differ."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from models import LIVE_STATUSES, License, SeatCount, User, db

KEY = (License.company_id, License.plan_id, License.first_day, License.last_day)
KEY = (*KEY, License.valid_until, License.usable_until)


def counted_by_hand() -> list[tuple[Any, ...]]:
    """What `seat_counts` should hold: its key and the number, of what the rows say."""
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


def wrong_counts() -> list[Any]:
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
