"""Who a text finds: people and companies, by their `search_text` (`tables/spelling.py`), which has an index on either database.

The hits come first, without an order and no more than some: what a list makes of them depends on whether they are few.
docs/decisions/0013-search.md has what was measured.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import access
from models import Company, User, db, sought

# So many are few: they are handed on as numbers.
MOST: dict[type, int] = {User: 3_000, Company: 100}
# In a company of more people than this its own are not read one by one where no more than `RARE` of everybody have the words; on
# SQLite never: there everybody's are held to the company by indexes alone.
LARGE, RARE = 2_000, 1_000


@dataclasses.dataclass(frozen=True)
class Hits:
    """The people or the companies that a text finds, of those that this request may see.

    Attributes:
        ids: Theirs; of more than `MOST` of them one more than that, whichever were found first.
    """

    model: Any
    words: tuple[str, ...]
    ids: tuple[int, ...]

    @property
    def are_many(self) -> bool:
        return len(self.ids) > MOST[self.model]

    def first(self, column: Any) -> sa.ColumnElement[bool]:
        """Whether `column` holds the id of one of those that were found first."""
        return is_among(column, self.ids)

    def have(self, column: Any) -> sa.ColumnElement[bool]:
        """Whether `column`, of a list, holds the id of one of them."""
        if not self.are_many:
            return is_among(column, self.ids)
        if column is self.model.id:
            return asked_row_by_row(sa.and_(*(_has(self.model, word) for word in self.words)))
        return column.in_(_set(self.model, self.words))  # type: ignore[no-any-return]

    def newest(self, key: Any, column: Any) -> int:
        """The greatest `key` of a list whose `column` holds one of them, by an index over both; 0 where none does."""
        own = (
            sa.select(sa.func.max(key)).where(column == self.model.id).correlate(self.model).scalar_subquery()
        )
        has = (_has(self.model, word) for word in self.words)
        return db.session.scalar(sa.select(sa.func.max(own)).where(*has)) or 0

    def stands_in(self, column: Any) -> sa.ColumnElement[bool]:
        """As `have`, of many: whoever stands in a row that is read anyway is looked at."""
        one = sa.select(sa.literal(1)).where(
            self.model.id == column, *(_has(self.model, word) for word in self.words)
        )
        # An offset is what keeps PostgreSQL from finding everybody first all the same.
        return asked_row_by_row(sa.exists(one.offset(0).correlate_except(self.model)))


def people(text: str) -> Hits:
    """The people whose name, address or company has every word of `text` in it."""
    return _hits(User, tuple(sought(text)))


def companies(text: str) -> Hits:
    """The companies whose name or address has every word of `text` in it."""
    return _hits(Company, tuple(sought(text)))


def asked_row_by_row(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """`condition`, so written that no database looks for its rows by it: it is only asked of those that are read anyway."""
    return condition.is_(sa.true())


def is_among(column: Any, ids: Sequence[int] | Sequence[str]) -> sa.ColumnElement[bool]:
    """The numbers go there as one value: to plan, or to write down, a thousand of them takes longer than to look for them."""
    if db.engine.dialect.name == "postgresql":
        kind = sa.Text if isinstance(column.type, sa.String) else sa.BigInteger
        return column == sa.any_(sa.bindparam(None, list(ids), type_=postgresql.ARRAY(kind)))  # type: ignore[no-any-return]
    each = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(sa.select(each.c.value))  # type: ignore[no-any-return]


def _hits(model: Any, words: tuple[str, ...]) -> Hits:
    scope = access.current_scope()
    if not words or scope == access.NOTHING:
        return Hits(model, words, ())
    if model is User and not scope.everything and (ids := _in_large(scope.company_id, words)) is not None:
        return Hits(model, words, ids)
    found = _set(model, words, most=MOST[model] + 1)
    return Hits(model, words, tuple(db.session.scalars(found)))


def _in_large(company_id: int | None, words: tuple[str, ...]) -> tuple[int, ...] | None:
    """Those whom the words find in a company of many people: of everybody who has them, where they are few; else None.

    What is nobody's, a typing error, is the dearest thing to look for among thirty thousand. Of the others only their company is read.
    """
    people: Any = User.__table__
    # A single letter is no matter of that index.
    if any(len(word) == 1 for word in words):
        return None
    more = sa.select(people.c.id).where(people.c.company_id == company_id).offset(LARGE).limit(1)
    if db.session.scalar(more) is None:
        return None
    # By the tables: the session would hold a statement of people to the company's own, and read them one by one.
    if db.engine.dialect.name == "sqlite":
        ids = db.session.scalars(_indexed(User, words).limit(RARE + 1)).all()
        among = is_among(people.c.id, ids) if len(ids) <= RARE else people.c.id.in_(_indexed(User, words))
        own = sa.select(people.c.id).where(people.c.company_id == company_id, among)
        return tuple(db.session.scalars(own.limit(MOST[User] + 1)))
    has = (_contains(people.c.search_text, word) for word in words)
    rows = db.session.execute(sa.select(people.c.id, people.c.company_id).where(*has).limit(RARE + 1)).all()
    return tuple(key for key, own in rows if own == company_id) if len(rows) <= RARE else None


def _set(model: Any, words: tuple[str, ...], most: int | None = None) -> Any:
    """A select of the ids of those that were found: all of them, or so many."""
    whole = access.current_scope().everything
    if whole and db.engine.dialect.name == "sqlite" and len(words[0]) > 1:
        found = _indexed(model, words)
        return found if most is None else found.order_by(sa.column("rowid").desc()).limit(most)
    found = sa.select(model.id).where(*_own(model), *(_has(model, word) for word in words))
    if most is not None:
        return found.limit(most)
    if db.engine.dialect.name == "postgresql":
        # Made once, by the index, whatever stands around it.
        once = found.cte(f"{model.__tablename__}_found").prefix_with("MATERIALIZED", dialect="postgresql")
        return sa.select(once.c.id)
    return found


def _indexed(model: Any, words: tuple[str, ...]) -> sa.Select[Any]:
    """The ids of everybody whom SQLite's index finds."""
    index = sa.table(f"{model.__tablename__}_found", sa.column("rowid", sa.Integer))
    match = sa.text(f"{index.name} MATCH :match").bindparams(match=_match(words))
    return sa.select(index.c.rowid).where(match)


def _own(model: Any) -> list[sa.ColumnElement[bool]]:
    """Those of the company that asks, by its index: they are read one by one, which is quicker than what finds everybody's."""
    scope = access.current_scope()
    if scope.everything:
        return []
    return [(model.id if model is Company else model.company_id) == scope.company_id]


def _has(model: Any, word: str) -> sa.ColumnElement[bool]:
    """Whether a row has the word: three letters or more anywhere, two at the beginning of a word, one at that of the name."""
    if len(word) == 1:
        after = chr(ord(word) + 1)
        return sa.and_(model.sort_key >= word, model.sort_key < after)
    # Of a company's own no index is to be used but the company's: to find everybody's first takes longer.
    text = model.search_text if access.current_scope().everything else model.search_text + ""
    return _contains(text, word)


def _contains(text: Any, word: str) -> sa.ColumnElement[bool]:
    return text.contains(_part(word), autoescape=True)  # type: ignore[no-any-return]


def _part(word: str) -> str:
    return word if len(word) > 2 else f" {word}"


def _match(words: tuple[str, ...]) -> str:
    """In the language of SQLite's index: quoted, nothing in a word is a part of that language."""
    return " AND ".join('"' + _part(word).replace('"', '""') + '"' for word in words)
