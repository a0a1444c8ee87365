"""Keeping true what people and companies are found by where a verb cannot: of many people at once, and after a change of the rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

import access
from models import Company, User, db
from services.foundation.transaction import transaction
from services.search import words

# So many rows are written at a time: a verb that wants one of them waits for no more.
PART = 1_000


def follow_names() -> int:
    """Let people be found by what their company is called since it was renamed; returns how many were written. A verb.

    In parts, each a transaction: a company of 30,000 people is none that a verb would wait for.
    """
    renamed = sa.select(Company.id, Company.name).where(Company.people_named != Company.name)
    with access.everything():
        found = db.session.execute(renamed).all()
        db.session.rollback()
        count = 0
        for company_id, name in found:
            count += _spell(User, lambda _: None, User.company_id == company_id)
            with transaction():
                # Renamed again in the meantime: the next turn is for that.
                done = sa.update(Company).where(Company.id == company_id, Company.name == name)
                db.session.execute(
                    done.values(people_named=name), execution_options={"synchronize_session": False}
                )
    return count


def reindex(tell: Callable[[int], None] = lambda _: None) -> int:
    """Write anew what everybody is found and put in order by, while the desk serves; returns how many rows were not as they should be.

    Args:
        tell: Called now and then with how many rows were looked at.
    """
    with access.everything():
        count = _spell(Company, tell) + _spell(User, tell)
        if db.engine.dialect.name == "sqlite":
            for model in (Company, User):
                index = f"{model.__tablename__}_found"
                with transaction():
                    db.session.execute(sa.text(f"INSERT INTO {index} ({index}) VALUES ('rebuild')"))  # noqa: S608 - our own names
        words.gather()
    return count


def _spell(model: Any, tell: Callable[[int], None], *conditions: Any) -> int:
    """Write the rows of a table that are not spelled as they should be, part by part; returns how many were."""
    last, seen, count = 0, 0, 0
    while True:
        with transaction():
            part = _part(model, last, conditions)
            if not part:
                return count
            last, seen = part[-1].id, seen + len(part)
            count += sum(map(_spell_one, part))
        tell(seen)


def _part(model: Any, last: int, conditions: Sequence[Any]) -> Sequence[Any]:
    found = sa.select(model).where(model.id > last, *conditions).order_by(model.id).limit(PART)
    if model is User:
        found = found.options(joinedload(User.company))
    # Whoever is renamed meanwhile waits, or is read as renamed.
    locked = found.options(undefer(model.search_text)).with_for_update(of=model, key_share=True)
    return db.session.scalars(locked).all()


def _spell_one(row: Any) -> bool:
    before = row.sort_key, row.search_text
    if isinstance(row, User):
        row.spell(row.company.name if row.company else "")
    else:
        row.spell()
    return before != (row.sort_key, row.search_text)
