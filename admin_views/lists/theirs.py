"""The rows of those whom a search found: gathered while they are few, else met as the list is read in its own order.

docs/decisions/0013-search.md has what was measured.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

import access
from admin_views.lists.rows import narrow, primary_key
from models import Company, db
from services.search import hits

# Of so many rows, those that were found are gathered and put in order; more are met as the list is read.
GATHERED = 8_000
# So many rows of a list are asked how many of them are theirs. Of so many of the newest, theirs are met at every turn.
ASKED, ENOUGH = 1_000, 10
# Those who were found first of many people of a company have more rows than this, or the list has few of theirs.
SAMPLED = 100


def few(keys: sa.Select[Any]) -> Sequence[Any] | None:
    """What `keys` selects, while that is no more than is gathered; else None."""
    found = db.session.scalars(keys.limit(GATHERED + 1)).all()
    return found if len(found) <= GATHERED else None


@dataclasses.dataclass(frozen=True)
class Theirs:
    """The rows of a list that are those of people or companies who were found.

    Attributes:
        who: They.
        column: Of the list: who a row is of; its own key in a list of people or companies.
        model: What the list is of: rows with an `id`.
    """

    who: hits.Hits
    column: Any
    model: Any

    def gathered(self) -> Sequence[int] | None:
        """Their numbers; None where they are many, and the list is to be read in its own order.

        Those of a list of people or companies itself are as many as they are. Few may have many: a company has a hundred thousand
        seats. Many may have few: a company of two thousand people has three licences, and bears its name in the text of all of them.
        """
        if self._are_itself:
            return None if self.who.are_many else self.who.ids
        if self.who.are_many and (self._are_met_soon or not self._seem_few()):
            return None
        # By the table: a row is of the company of whoever stands in it, and beside a condition of its own all rows of the company
        # would be read. The list holds them to what the reader may see once more.
        return few(sa.select(self._table.c.id).where(self.who.have(self._table.c[self.column.key])))

    def met(self) -> sa.ColumnElement[bool]:
        """Whether a row that is read is theirs. To look at whoever stands in it is soonest where they are met at every turn: many
        share a name. Where the newest rows are others', all of them are found first, and no newer row than theirs is read: a
        company's rows stand together.
        """
        if self._are_met_soon:
            return self.who.stands_in(self.column)
        have = hits.asked_row_by_row(self.who.have(self.column))
        if self._are_itself or self.who.model is not Company or not self.who.are_many:
            return have
        key = primary_key(self.model)
        return sa.and_(key <= self.who.newest(key, self.column), have)

    @property
    def _table(self) -> Any:
        return self.model.__table__

    @property
    def _are_itself(self) -> bool:
        return self.column is self.who.model.id

    @functools.cached_property
    def _are_met_soon(self) -> bool:
        """Without the list's filters: to look for a thousand rows that pass them may be long."""
        if not self.who.are_many or self._are_itself:
            return False
        key = primary_key(self.model)
        newest = narrow(sa.select(self.column.label("who")), self.model).order_by(key.desc()).limit(ASKED)
        return self._count(newest) >= ENOUGH

    def _seem_few(self) -> bool:
        """By a sample: of the rows of the whole list, or, where most of it is others', of those of the first who were found."""
        if not access.current_scope().everything:
            first = sa.select(self._table.c.id).where(self.who.first(self._table.c[self.column.key]))
            return len(db.session.scalars(first.limit(SAMPLED + 1)).all()) <= SAMPLED
        key = primary_key(self.model)
        last = db.session.scalar(sa.select(sa.func.max(key))) or 0
        spread = [last * number // ASKED for number in range(1, ASKED + 1)]
        count = self._count(sa.select(self.column.label("who")).where(hits.is_among(key, spread)))
        return count * last <= GATHERED * ASKED

    def _count(self, asked: sa.Select[Any]) -> int:
        rows = asked.subquery()
        theirs = sa.select(sa.func.count()).select_from(rows).where(self.who.stands_in(rows.c.who))
        return db.session.scalar(theirs) or 0
