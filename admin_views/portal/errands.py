"""Whom one buys a licence for: who went to buy from a person's page finds the way back to it after paying."""

from __future__ import annotations

import sqlalchemy as sa
from flask import session

from admin_views.lists.rows import narrow, one
from models import User

_KEY = "buys_for"


def of(begun_for: str | None = None) -> User | None:
    """The person for whom one buys; `begun_for` is the id that the way to the plans names, where one begins."""
    person: User | None = one(narrow(sa.select(User), User), User, begun_for or session.get(_KEY, ""))
    if person is not None and begun_for:
        session[_KEY] = person.id
    return person if person is not None and person.active else None


def end(person: User) -> None:
    """One is back at the person's page."""
    if session.get(_KEY) == person.id:
        del session[_KEY]
