"""One page of a list: what the query string asks, the statements that answer it, the links that keep it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from admin_views.lists import keyset
from admin_views.lists.columns import Column, ListFilter, Search
from admin_views.lists.rows import narrow, primary_key
from models import db
from services.foundation import checks
from services.foundation.formats import number
from services.reports.counts import COUNT_LIMIT, counts

PAGE_SIZES = (20, 50, 100)
MAX_SEARCH = 100
MAX_WORDS = 5
# An exact match names one row, or a few in tables whose uniqueness is per company.
MAX_EXACT = 50


@dataclasses.dataclass(frozen=True)
class Total:
    """How many rows there are: exactly, at least (`capped`), or about (`estimated`)."""

    count: int
    capped: bool = False
    estimated: bool = False

    def text(self, language: str) -> str:
        shown = number(self.count, language)
        if self.capped:
            return _("more than %(count)s", count=shown)
        if self.estimated:
            return _("about %(count)s", count=shown)
        return ngettext("%(count)s result", "%(count)s results", self.count, count=shown)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the query string asks of a list, each part checked: nonsense is as if it were not there."""

    search: str
    filters: dict[str, str]
    sort: Column | None
    descending: bool
    size: int
    # The options of each filter that has some, fetched once.
    choices: dict[str, list[tuple[str, Any]]]
    # What was typed in a filter is nothing, or may be several things: no row is shown as if it fitted.
    unclear: bool = False


def read_request(columns: Sequence[Column], filters: Sequence[ListFilter], default_size: int) -> Asked:
    args = request.args
    size = args.get("size", type=int)
    name = args.get("sort", "")
    sortable = {column.name: column for column in columns if column.sort is not None}
    choices = {choice.name: choice.choices() for choice in filters if choice.options is not None}
    chosen = {}
    for choice in filters:
        value = args.get(choice.name, "")
        if value in dict(choices[choice.name]) if choice.name in choices else _is_id(value):
            chosen[choice.name] = value
    return Asked(
        search=checks.sought(args.get("q", ""))[:MAX_SEARCH],
        filters=chosen,
        sort=sortable.get(name.removeprefix("-")),
        descending=name.startswith("-"),
        size=size if size in PAGE_SIZES else default_size,
        choices=choices,
    )


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 18


# --- Statements -----------------------------------------------------------------------------------------------------


def filtered(
    statement: sa.Select[Any],
    asked: Asked,
    filters: Sequence[ListFilter],
    search: Sequence[Search],
    model: type,
) -> sa.Select[Any]:
    """`statement` narrowed by the filters and the search of the request."""
    if asked.unclear:
        return statement.where(sa.false())
    for choice in filters:
        if choice.name in asked.filters:
            statement = choice.apply(statement, asked.filters[choice.name])
    if asked.search and search:
        statement = searched(statement, asked.search, search, model)
    return statement


def searched(statement: sa.Select[Any], text: str, search: Sequence[Search], model: type) -> sa.Select[Any]:
    """`statement` held to the rows that `text` finds: a whole match of a unique column, else every word somewhere."""
    if "\0" in text:
        return statement.where(sa.false())
    key = primary_key(model)
    exact = [_branch(part, part.whole(text), model) for part in search if part.exact]
    if exact:
        found = db.session.scalars(sa.union(*exact).limit(MAX_EXACT)).all()
        if found:
            return statement.where(key.in_(found))
    for word in text.split()[:MAX_WORDS]:
        # One table per branch: no index serves an OR across two. A trigram index has its place here.
        own = [_contains(part.column, word) for part in search if part.via is None]
        branches = [narrow(sa.select(key), model).where(sa.or_(*own))] if own else []
        branches += [
            _branch(part, _contains(part.column, word), model) for part in search if part.via is not None
        ]
        statement = statement.where(key.in_(sa.union(*branches)))
    return statement


def _branch(part: Search, condition: sa.ColumnElement[bool], model: type) -> sa.Select[Any]:
    """The keys of `model` that one column finds; each table of the branch is narrowed by itself."""
    keys = narrow(sa.select(primary_key(model)), model)
    if part.via is None:
        return keys.where(condition)
    other = part.column.class_
    key = primary_key(other) if part.key is None else part.key
    return keys.where(part.via.in_(narrow(sa.select(key), other).where(condition)))


def _contains(column: Any, word: str) -> sa.ColumnElement[bool]:
    """`word` anywhere in `column`, whatever its case. SQLite folds ASCII alone, so accented words are tried thrice."""
    variants = {word} if word.isascii() else {word, word.lower(), word.capitalize(), word.upper()}
    return sa.or_(*(column.icontains(variant, autoescape=True) for variant in sorted(variants)))


def count(statement: sa.Select[Any], model: type, *, estimate: bool) -> Total:
    """How many rows `statement` (a select of keys) has. `estimate` allows PostgreSQL's own guess for whole tables."""
    if estimate and db.engine.dialect.name == "postgresql":
        guess = db.session.scalar(
            sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)"),
            {"name": model.__table__.name},  # type: ignore[attr-defined]
        )
        if guess and guess > COUNT_LIMIT:
            return Total(guess, estimated=True)
    (found,) = counts(statement)
    return Total(COUNT_LIMIT, capped=True) if found > COUNT_LIMIT else Total(found)


@dataclasses.dataclass(frozen=True)
class Slice:
    """The keys of a page, in order, and the cursors of the pages around it."""

    keys: list[Any]
    before: str | None
    after: str | None


def slice_of(statement: sa.Select[Any], order: keyset.Order, size: int) -> Slice:
    """The page that `?after=` or `?before=` asks, of `statement`, a select of anything from the table.

    The first page where there is no row on the asked side any more.
    """
    after = keyset.decode(request.args.get("after"), order)
    before = None if after else keyset.decode(request.args.get("before"), order)
    statement = statement.with_only_columns(*order.all)
    edge, backwards = after or before, before is not None
    found = _read(statement, order, edge, backwards=backwards, size=size)
    if edge and not found:
        edge, backwards = None, False
        found = _read(statement, order, None, backwards=False, size=size)
    more = len(found) > size
    page = found[:size][:: -1 if backwards else 1]
    has_earlier, has_later = (more, True) if backwards else (bool(edge), more)
    return Slice(
        keys=[row[-1] for row in page],
        before=keyset.encode(page[0]) if has_earlier else None,
        after=keyset.encode(page[-1]) if has_later else None,
    )


def _read(
    statement: sa.Select[Any], order: keyset.Order, edge: list[Any] | None, *, backwards: bool, size: int
) -> list[list[Any]]:
    """One row more than a page, from `edge` on, in the direction of reading."""
    if edge:
        statement = statement.where(keyset.beyond(order, edge, backwards=backwards))
    statement = keyset.ordered(statement, order, backwards=backwards)
    return [list(row) for row in db.session.execute(statement.limit(size + 1))]


# --- What the template shows ----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Listing:
    """A page of a list, for `admin/list.html`."""

    rows: list[Any]
    columns: Sequence[Column]
    filters: Sequence[ListFilter]
    asked: Asked
    total: Total
    before: str | None
    after: str | None
    sort_name: str
    descending: bool

    @property
    def is_narrowed(self) -> bool:
        return bool(self.asked.search or self.asked.filters or self.asked.unclear)

    def url(self, **changes: str | int | None) -> str:
        """This list with parts of its query string changed, or taken away by None; a change of order or of
        filters starts at the first page."""
        args = {name: value for name, value in request.args.items() if "\0" not in value}
        if not {"after", "before"} & changes.keys():
            changes = {"after": None, "before": None, **changes}
        args.update({name: str(value) for name, value in changes.items() if value is not None})
        kept = {name: value for name, value in args.items() if changes.get(name, value) is not None}
        return request.path + ("?" + urlencode(kept) if kept else "")

    def sort_url(self, column: Column) -> str:
        ascending = self.sort_name == column.name and not self.descending
        return self.url(sort=f"-{column.name}" if ascending else column.name)

    def sort_state(self, column: Column) -> str | None:
        """The value of `aria-sort`, or None for a column that is not the order."""
        if self.sort_name != column.name:
            return None
        return "descending" if self.descending else "ascending"

    def query_string(self) -> str:
        """What an export of this list must repeat: search and filters, `?` included."""
        kept = {**self.asked.filters, **({"q": self.asked.search} if self.asked.search else {})}
        return "?" + urlencode(kept) if kept else ""

    def chips(self, fields: Collection[str] = ()) -> list[tuple[Any, Any, str]]:
        """(label, words, URL without it) of the filters that have no field, neither options nor one of `fields`."""
        return [
            (choice.label, choice.describe(self.asked.filters[choice.name]), self.url(**{choice.name: None}))
            for choice in self.filters
            if choice.options is None and choice.name in self.asked.filters and choice.name not in fields
        ]

    def hidden_args(self, fields: Collection[str] = ()) -> list[tuple[str, str]]:
        """What the filter form must carry along besides its own fields: the filters with options, and `fields`."""
        own = {
            "q",
            "after",
            "before",
            *(choice.name for choice in self.filters if choice.options is not None),
            *(f"{name}{end}" for name in fields for end in ("", "-text", "-choice")),
        }
        return [
            (name, value) for name, value in request.args.items() if name not in own and "\0" not in value
        ]
