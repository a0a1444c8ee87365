"""What an administrator has put away from their home page: for themselves alone, until it changes."""

from __future__ import annotations

import sqlalchemy as sa

from models import Dismissal, User, db
from services.foundation.transaction import transaction


def put_away(user: User, task: str, mark: str) -> None:
    """Do not tell the person of `task` again as long as its facts are those of `mark`. It is done in no journal: a preference."""
    user_id, company_id = user.id, user.company_id
    with transaction() as turn:
        # Locked, so that of two clicks at once the second replaces the first.
        db.session.get_one(User, user_id, with_for_update=True)
        row = db.session.scalar(sa.select(Dismissal).filter_by(user_id=user_id, task=task))
        row = row or Dismissal(user_id=user_id, company_id=company_id, task=task)
        row.mark, row.at = mark, turn.now
        db.session.add(row)


def bring_back(user: User) -> None:
    """Tell the person of everything again."""
    user_id = user.id
    with transaction():
        db.session.execute(sa.delete(Dismissal).where(Dismissal.user_id == user_id))


def put_away_by(user: User) -> dict[str, str]:
    """Task → mark of what the person has put away. One statement."""
    return {row.task: row.mark for row in db.session.execute(_PUT_AWAY, {"user": user.id})}


_PUT_AWAY = sa.select(Dismissal.task, Dismissal.mark).where(Dismissal.user_id == sa.bindparam("user"))
