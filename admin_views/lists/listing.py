"""What the address asks of a list, and the statements that answer it: filters, search, count, one page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from admin_views.lists import finding, keyset
from admin_views.lists.columns import Column, ListFilter, Tab
from admin_views.lists.finding import Part
from models import db
from services.foundation import checks
from services.reports.counts import COUNT_LIMIT, counts
from services.search import hits
from services.text.formats import number

PAGE_SIZES = (20, 50, 100)
MAX_SEARCH = 100
# Rows that a search finds are met one by one: of more than these it is only said that there are more.
SEARCHED = 500


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

    def short(self, language: str) -> str:
        """The number alone, for a tab."""
        shown = number(self.count, language)
        return shown if not (self.capped or self.estimated) else self.text(language)


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the query string asks of a list, each part checked: nonsense is as if it were not there."""

    search: str
    filters: dict[str, str]
    sort: Column | None
    descending: bool
    size: int
    # The options of each filter that has some.
    choices: Mapping[str, list[tuple[str, str]]]
    # What was typed in a filter is nothing, or may be several things: no row is shown as if it fitted.
    unclear: bool = False
    # The usual question, or None for the whole list.
    tab: Tab | None = None
    after: str | None = None
    before: str | None = None
    # What was typed instead of `search`, which found nothing.
    typed: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.filters or self.unclear)


Choices = Mapping[str, list[tuple[str, str]]]


def read_request(
    args: Mapping[str, str],
    columns: Sequence[Column],
    filters: Sequence[ListFilter],
    default_size: int,
    *,
    tabs: Sequence[Tab] = (),
    choices: Choices | None = None,
) -> Asked:
    """What `args`, of an address, ask of a list that is declared so; `choices` are the options of filters, asked now by default."""
    name = args.get("sort", "")
    sortable = {column.name: column for column in columns if column.sort is not None}
    if choices is None:
        choices = {choice.name: choice.choices() for choice in filters if choice.options is not None}
    chosen = {}
    for choice in filters:
        value = args.get(choice.name, "")
        if value and (value in dict(choices[choice.name]) if choice.name in choices else choice.reads(value)):
            chosen[choice.name] = value
    asked_tab = args.get("tab", "")
    return Asked(
        search=checks.sought(args.get("q", ""))[:MAX_SEARCH],
        filters=chosen,
        sort=sortable.get(name.removeprefix("-")),
        descending=name.startswith("-"),
        size=_size(args.get("size", ""), default_size),
        choices=choices,
        tab=next((tab for tab in tabs if tab.name == asked_tab and tab.where is not None), None),
        after=args.get("after"),
        before=args.get("before"),
        typed=checks.sought(args.get("typed", ""))[:MAX_SEARCH],
    )


def _size(text: str, default: int) -> int:
    return next((size for size in PAGE_SIZES if str(size) == text), default)


# --- Statements -----------------------------------------------------------------------------------------------------


def filtered(
    statement: sa.Select[Any],
    asked: Asked,
    filters: Sequence[ListFilter],
    search: Sequence[Part],
    model: type,
) -> sa.Select[Any]:
    """`statement` narrowed by the tab, the filters and the search of the request."""
    if asked.unclear:
        return statement.where(sa.false())
    if asked.tab is not None and asked.tab.where is not None:
        statement = statement.where(asked.tab.where())
    chosen = [choice for choice in filters if choice.name in asked.filters]
    is_narrow = (asked.tab is not None and asked.tab.narrow) or any(
        asked.filters[choice.name] in choice.narrow for choice in chosen
    )
    for choice in chosen:
        value = asked.filters[choice.name]
        if choice.broad and is_narrow:
            condition = choice.apply(sa.select(), value).whereclause
            statement = statement.where(hits.asked_row_by_row(condition))
        else:
            statement = choice.apply(statement, value)
    if asked.search and search:
        statement = finding.found(statement, asked.search, search, model)
    return statement


def count(statement: sa.Select[Any], model: type, *, estimate: bool, limit: int | None = None) -> Total:
    """How many rows `statement` (a select of keys) has. `estimate` allows PostgreSQL's own guess for whole tables."""
    if estimate and db.engine.dialect.name == "postgresql":
        guess = db.session.scalar(
            sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)"),
            {"name": model.__table__.name},  # type: ignore[attr-defined]
        )
        if guess and guess > COUNT_LIMIT:
            return Total(guess, estimated=True)
    (total,) = totals(statement, limit=limit)
    return total


def totals(*statements: sa.Select[Any], limit: int | None = None) -> list[Total]:
    """How many rows each of `statements` has, up to a limit. One statement."""
    most = COUNT_LIMIT if limit is None else limit
    found = counts(*statements, limit=most)
    return [Total(most, capped=True) if count > most else Total(count) for count in found]


# --- Pages ----------------------------------------------------------------------------------------------------------


def page_of(
    keys: sa.Select[Any],
    order: keyset.Order,
    edge: Sequence[Any] | None,
    *,
    backwards: bool,
    size: int,
    columns: Sequence[Any],
    joins: Sequence[Any] = (),
    within: Sequence[Any] = (),
    single: bool = False,
) -> sa.Select[Any]:
    """One row more than a page, in one statement: the keys first, then what is shown of them and of what is joined.

    Args:
        keys: The rows of the list, a select of anything from the table.
        edge: The sort values and the key of the row that the page begins after; None for the first page.
        columns: What is shown; the sort values and the key follow it.
        joins: Relations, or pairs of an entity and a condition.
        within: The order among the lines of one row, where a join gives several.
        single: No join gives several, and the page is long: it is read in its order, not gathered and put in order again.
    """
    keys = keys.with_only_columns(order.key)
    if edge:
        keys = keys.where(keyset.beyond(order, list(edge), backwards=backwards))
    edges = [column.label(f"edge_{place}") for place, column in enumerate(order.all)]
    if single:
        statement = keys.with_only_columns(*columns, *edges).limit(size + 1)
    else:
        part = keyset.ordered(keys, order, backwards=backwards).limit(size + 1).subquery("page")
        (key,) = part.c
        statement = sa.select(*columns, *edges).select_from(part).join(order.key.class_, order.key == key)
    for join in joins:
        statement = statement.outerjoin(*join) if isinstance(join, tuple) else statement.outerjoin(join)
    return keyset.ordered(statement, order, backwards=backwards).order_by(*within)


@dataclasses.dataclass(frozen=True)
class Slice:
    """The lines of a page, in order, and the cursors of the pages around it."""

    rows: list[Any]
    before: str | None
    after: str | None


def slice_of(
    asked: Asked, order: keyset.Order, read: Callable[[list[Any] | None, bool], list[Any]], *, key: int
) -> Slice:
    """The page that `?after=` or `?before=` asks; the first page where there is no row on the asked side any more.

    Args:
        read: The lines from an edge on, forwards or backwards, one row more than a page where there is one.
        key: Where the key stands in a line. The sort values and the key are the last of it.
    """
    after = keyset.decode(asked.after, order)
    before = None if after else keyset.decode(asked.before, order)
    edge, backwards = after or before, before is not None
    lines = read(edge, backwards)
    if edge and not lines:
        edge, backwards = None, False
        lines = read(None, False)
    keys = list(dict.fromkeys(line[key] for line in lines))
    more = len(keys) > asked.size
    shown = set(keys[: asked.size])
    page = [line for line in lines if line[key] in shown] if more else lines
    if backwards:
        page = _turned(page, key)
    has_earlier, has_later = (more, True) if backwards else (bool(edge), more)
    values = len(order.all)
    return Slice(
        rows=page,
        before=keyset.encode(list(page[0][-values:])) if has_earlier and page else None,
        after=keyset.encode(list(page[-1][-values:])) if has_later and page else None,
    )


def _turned(lines: Sequence[Any], key: int) -> list[Any]:
    """The rows in the other direction; the lines of one row stay as they are."""
    groups: dict[Any, list[Any]] = {}
    for line in lines:
        groups.setdefault(line[key], []).append(line)
    return [line for group in reversed(groups.values()) for line in group]
