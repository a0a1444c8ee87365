"""Where a search looks: what a view or a picker declares, and the condition that a typed text becomes.

A text finds a row by any of its parts. What names a row whole, a key, an address or an id, wins alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from admin_views.lists.rows import narrow, primary_key
from admin_views.lists.theirs import Theirs, few
from models import User, db
from services.search import codes, hits

# An exact match names one row, or a few in tables whose uniqueness is per company.
MAX_EXACT = 50
# What a statement says of itself whose rows are met one by one: they are many, and to count them takes as long as to find them.
MET = "trousseau_met"


@dataclasses.dataclass(frozen=True)
class Words:
    """The words of people or companies: `Words(User, via=License.user_id)` finds licences by their holders.

    Attributes:
        of: `User` or `Company`.
        via: The list's column that holds their id; None for a list of them.
    """

    of: type
    via: Any = None


@dataclasses.dataclass(frozen=True)
class Begins:
    """A key or a reference, by its beginning, with or without hyphens; its table has a `code_index`."""

    column: Any


@dataclasses.dataclass(frozen=True)
class Amount:
    """An amount in cents, as somebody reads it on a statement."""

    column: Any


@dataclasses.dataclass(frozen=True)
class Whole:
    """A column whose whole value wins alone, by its index.

    Attributes:
        via: The list's column that holds the other table's key, where the column is another table's.
        key: The other table's column that `via` is compared with, when it is not that table's key.
        as_written: It is compared letter for letter; else whatever the case.
    """

    column: Any
    via: Any = None
    key: Any = None
    as_written: bool = False

    def equals(self, text: str) -> Any:
        """The condition that the column is `text`."""
        if self.as_written:
            return self.column == text
        # Compared as the column's own type: a mail address has two spellings, and one is stored.
        return sa.func.lower(self.column, type_=self.column.type) == text.lower()


@dataclasses.dataclass(frozen=True)
class Inside:
    """Any part of a column of a small table."""

    column: Any


Part = Words | Begins | Amount | Whole | Inside


def found(statement: sa.Select[Any], text: str, search: Sequence[Part], model: type) -> sa.Select[Any]:
    """`statement`, of rows of `model`, held to those that `text` finds."""
    key = primary_key(model)
    if "\0" in text:
        return statement.where(sa.false())
    whole = [
        condition
        for part in search
        if isinstance(part, Whole) and (condition := _equal(part, text)) is not None
    ]
    if whole:
        keys = narrow(sa.select(key), model)
        exact = db.session.scalars(sa.union(*map(keys.where, whole)).limit(MAX_EXACT)).all()
        if exact:
            return statement.where(key.in_(exact))
    found_by, conditions = _conditions(text, search, model)
    gathered: set[Any] = set()
    for part in (*found_by, *conditions):
        # They come first: no database takes two indexes for an OR whose rows are to be in order, and beside a company's own condition
        # none would begin with the few that were found.
        keys = part.gathered() if isinstance(part, Theirs) else few(narrow(sa.select(key), model).where(part))
        if keys is None:
            met = [one.met() for one in found_by]
            each = statement.where(sa.or_(*met, *map(hits.asked_row_by_row, conditions)))
            return each.execution_options(**{MET: True})
        gathered.update(keys)
    # Of nobody too: for a condition that is false SQLite would read all rows of a company, to join none to them.
    return statement.where(hits.is_among(key, sorted(gathered)))


def _equal(part: Whole, text: str) -> sa.ColumnElement[bool] | None:
    """What a whole value finds; None where it is nobody's. Of another table its rows come first, and then theirs by their ids:
    beside a company's condition SQLite would read all that the company has.
    """
    if part.via is None:
        return part.equals(text)  # type: ignore[no-any-return]
    other = part.column.class_
    key = primary_key(other) if part.key is None else part.key
    found = narrow(sa.select(key), other).where(part.equals(text)).limit(MAX_EXACT)
    ids = [one for one in db.session.scalars(found) if one is not None]
    return part.via.in_(ids) if ids else None


def _conditions(
    text: str, search: Sequence[Part], model: type
) -> tuple[list[Theirs], list[sa.ColumnElement[bool]]]:
    """What finds a row, by each part that can: who was found, with the column that holds them, and conditions."""
    found_by: list[Theirs] = []
    conditions: list[sa.ColumnElement[bool]] = []
    for part in search:
        if isinstance(part, Words):
            who = hits.people(text) if part.of is User else hits.companies(text)
            if who.ids:
                found_by.append(Theirs(who, primary_key(model) if part.via is None else part.via, model))
        elif isinstance(part, Begins) and (begins := codes.beginning(part.column, text)) is not None:
            conditions.append(begins)
        elif isinstance(part, Amount) and (cents := codes.cents(text)) is not None:
            conditions.append(part.column == cents)
        elif isinstance(part, Inside):
            conditions.append(
                sa.and_(*(part.column.icontains(word, autoescape=True) for word in text.split()))
            )
    return found_by, conditions
