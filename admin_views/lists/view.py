"""The list of a table view: what a class declares of it, and the page that answers an address."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa
from flask import current_app, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup

import access
from admin_views.lists import keyset, listing, rows, writers
from admin_views.lists.cells import Around
from admin_views.lists.columns import Act, Column, Empty, ListFilter, Made, Tab
from admin_views.lists.finding import MET, Part, Words
from admin_views.lists.shown import Listing
from models import DEFAULT_TIME_ZONE, db, utcnow
from services.batches.choosing import MOST
from services.foundation import urls
from services.foundation.errors import Code, Refused
from services.reports import kept
from services.search import words
from services.text.formats import current_language, number

# Seconds for which a total and the counts of tabs are kept, and the choices that come from the database.
TOTAL_FOR, TABS_FOR, CHOICES_FOR = 10, 60, 10


class ListView:
    """What `DeskModelView` knows of its list.

    Attributes:
        columns: What the list shows, in order; the first names the row.
        joins: What the columns need beside the model: relations, or pairs of an entity and a condition.
        within: The order of the lines of one row, where a join gives several; the columns of it gather.
        row_name: What a row is called for readers; by default what the first column shows.
        row_acts: What can be done to one row; the first is a button on wide screens.
        bulk: Which rows each `@action` takes: by its name, SQL columns and whether their values allow it, or None for all.
        every: The names of actions that may be done to every row that matches, up to `rows.MAX_ROWS`.
        of_many: Those that take any number of rows: they are handed keys, up to `MOST` of them, and more are refused.
        tabs: The usual questions; the first is the whole list.
        search: Where the search box looks; empty means no box. `search_hint` stands in it.
        filters: The chips above the list.
        default_order: (name of a column, descending), or None for the newest row first.
        page_size: Rows of a page, where the address says nothing.
        dense: Rows of one line. `fixed`: columns as wide as they say, whatever is in them.
        beside: Pages that stand beside the list: their names and endpoints.
        undoes: Whether its rows have buttons of the form that takes an act back, which then stands below them.
        personal: Whether its rows depend on who asks, and not on their company alone: nothing that names them is then kept.
        empty: What an empty list says to do next.
    """

    model: ClassVar[Any]
    title: ClassVar[Any]
    endpoint: str
    columns: ClassVar[Sequence[Column]] = ()
    joins: ClassVar[Sequence[Any]] = ()
    within: ClassVar[Sequence[Any]] = ()
    row_name: ClassVar[Made | None] = None
    row_acts: ClassVar[Sequence[Act]] = ()
    bulk: ClassVar[Mapping[str, Made | None]] = {}
    every: ClassVar[Sequence[str]] = ()
    of_many: ClassVar[Sequence[str]] = ()
    tabs: ClassVar[Sequence[Tab]] = ()
    search: ClassVar[Sequence[Part]] = ()
    search_hint: ClassVar[Any] = _l("Search")
    filters: ClassVar[Sequence[ListFilter]] = ()
    default_order: ClassVar[tuple[str, bool] | None] = None
    page_size = 50
    dense: ClassVar[bool] = False
    fixed: ClassVar[bool] = False
    beside: ClassVar[Sequence[tuple[Any, str]]] = ()
    undoes: ClassVar[bool] = False
    personal: ClassVar[bool] = False
    empty: ClassVar[Empty] = Empty(_l("There is nothing here yet."))
    scope: Callable[[Any], Any]

    @classmethod
    def check_list(cls) -> None:
        """Raise TypeError for a list that could not be shown page by page."""
        if not cls.columns:
            raise TypeError(f"{cls.__name__} must declare `columns`")
        for column in cls.columns:
            if any(isinstance(part.type, sa.types.NullType) for part in column.sort_columns):
                # A cursor's value is read as the type of its column: every page would be the first one.
                raise TypeError(f"{cls.__name__}.{column.name}: say the `type_` of what it is sorted by")

    # --- What was asked ---------------------------------------------------------------------------------------------

    def asked(self, args: Mapping[str, str] | None = None) -> listing.Asked:
        """What an address asks of the list; by default that of this request."""
        return listing.read_request(
            # As one dictionary: each name that is not in the address costs a MultiDict an exception.
            request.args.to_dict() if args is None else args,
            self.columns,
            self.filters,
            self.page_size,
            tabs=self.tabs,
            choices=self._choices(),
        )

    def _choices(self) -> Mapping[str, list[tuple[str, str]]]:
        """The options of each filter that has some, those of the database kept for a while."""

        def make() -> dict[str, list[tuple[str, str]]]:
            return {choice.name: choice.choices() for choice in self.filters if choice.options is not None}

        return kept.counted(("choices", self.endpoint, current_language()), CHOICES_FOR, make)

    def order_of(self, asked: listing.Asked) -> tuple[keyset.Order, str]:
        """The order of the rows, and the name of the column that it is of."""
        column, descending = asked.sort, asked.descending
        if column is None and self.default_order is not None:
            name, descending = self.default_order
            column = next(column for column in self.columns if column.name == name)
        if column is None:
            return keyset.Order((), rows.primary_key(self.model), True), ""
        return keyset.Order(column.sort_columns, rows.primary_key(self.model), descending), column.name

    def found(self, asked: listing.Asked) -> sa.Select[Any]:
        """The keys of the rows that were asked for, of those that this request may see."""
        keys = self.scope(sa.select(rows.primary_key(self.model)))
        return listing.filtered(keys, asked, self.filters, self.search, self.model)

    # --- The page ---------------------------------------------------------------------------------------------------

    def listing(self) -> Listing:
        """The page that the query string asks for."""
        asked, sheet = self.asked(), self.sheet()
        order, sort_name = self.order_of(asked)
        found = self.found(asked) if asked.search else None

        def read(edge: list[Any] | None, backwards: bool) -> list[Any]:
            statement = self._page(sheet, asked, order, edge, backwards=backwards, found=found)
            return list(db.session.execute(statement, _edges(edge)).all())

        page = listing.slice_of(asked, order, read, key=sheet.key)
        fields, wrong = self.filter_fields(asked)
        boxes = bool(self.allowed_actions())
        told = self.told(sheet.keys(page.rows))
        return Listing(
            path=request.path,
            rows=page.rows,
            count=len(sheet.keys(page.rows)),
            write=lambda back: sheet.rows(page.rows, around(back, told), boxes=boxes),
            columns=self.columns,
            filters=self.filters,
            tabs=self.tabs,
            counts=self._counts(),
            asked=asked,
            total=self._searched(found, asked, page, sheet) if found is not None else self._total(asked),
            before=page.before,
            after=page.after,
            sort_name=sort_name,
            descending=order.descending,
            language=sheet.language,
            fields=fields,
            wrong_fields=wrong,
            default_size=self.page_size,
        )

    def meant(self, page: Listing) -> str | None:
        """The address of what somebody may have meant whose search found nobody; None where nobody is called alike."""
        asked = page.asked
        if (
            page.rows
            or not asked.search
            or asked.typed
            or not any(isinstance(one, Words) for one in self.search)
        ):
            return None

        def finds(text: str) -> bool:
            found = self.found(dataclasses.replace(asked, search=text))
            return db.session.scalar(found.limit(1)) is not None

        if (other := words.corrected(asked.search, finds)) is None:
            return None
        return page.path + page.url(q=other, typed=asked.search, part=request.args.get("part"))

    def told(self, keys: Sequence[Any]) -> Mapping[Any, Any]:
        """What columns of the kind `told` say of the rows of a page, by their key."""
        return {}

    def allowed_actions(self) -> list[tuple[str, Any]]:
        """The names and labels of the actions that this person may do."""
        return []

    def letter_of(self, action: str) -> str:
        """By which the rows that take an action say so."""
        return writers.letter_of(self.bulk, action)

    def filter_fields(self, asked: listing.Asked) -> tuple[Mapping[str, Markup], frozenset[str]]:
        """The HTML of the filters whose value is typed or searched for, by name, and those that say what is wrong."""
        return {}, frozenset()

    def _page(
        self,
        sheet: writers.Sheet,
        asked: listing.Asked,
        order: keyset.Order,
        edge: list[Any] | None,
        *,
        backwards: bool,
        found: sa.Select[Any] | None,
    ) -> sa.Select[Any]:
        """The statement of a page, kept for the next one of its shape where no words are in it."""
        marks = None if edge is None else [_mark(number, value, order) for number, value in enumerate(edge)]

        def make() -> sa.Select[Any]:
            return listing.page_of(
                self.found(asked) if found is None else found,
                order,
                marks,
                backwards=backwards,
                size=asked.size,
                columns=sheet.needed.columns,
                joins=self.joins,
                within=self.within,
            )

        if not self._is_steady(asked):
            return make()
        shape = tuple(mark is None for mark in marks or ())
        asks = (
            asked.tab and asked.tab.name,
            tuple(asked.filters.items()),
            asked.size,
            asked.sort and asked.sort.name,
            order.descending,
        )
        return kept.made(("page", self.endpoint, sheet.language, *asks, shape, backwards), make)

    def _is_steady(self, asked: listing.Asked) -> bool:
        if asked.search or asked.unclear or self.personal:
            return False
        return all(choice.steady for choice in self.filters if choice.name in asked.filters)

    # --- Counts -----------------------------------------------------------------------------------------------------

    def _searched(
        self, found: sa.Select[Any], asked: listing.Asked, page: listing.Slice, sheet: writers.Sheet
    ) -> listing.Total:
        """How many rows a search finds: those of the page where it has them all; of many, that there are more than a page."""
        if page.before is None and page.after is None:
            return listing.Total(len(sheet.keys(page.rows)))
        if found.get_execution_options().get(MET):
            return listing.Total(asked.size, capped=True)
        return listing.count(found, self.model, estimate=False, limit=listing.SEARCHED)

    def _total(self, asked: listing.Asked) -> listing.Total:
        whole = not asked.is_narrowed and asked.tab is None
        estimate = whole and access.current_scope().everything

        def count() -> listing.Total:
            return listing.count(self.found(asked), self.model, estimate=estimate)

        if not self._is_steady(asked):
            return count()
        key = ("total", self.endpoint, asked.tab and asked.tab.name, tuple(asked.filters.items()))
        return kept.counted(key, TOTAL_FOR, count)

    def _counts(self) -> list[listing.Total]:
        """How many rows each tab has, in one statement."""
        if not self.tabs:
            return []

        def count() -> list[listing.Total]:
            keys = self.scope(sa.select(rows.primary_key(self.model)))
            asked = [keys if tab.where is None else keys.where(tab.where()) for tab in self.tabs]
            return listing.totals(*asked)

        return kept.counted(("tabs", self.endpoint), TABS_FOR, count)

    # --- Writing ----------------------------------------------------------------------------------------------------

    def sheet(self) -> writers.Sheet:
        """How the rows are written in the reader's language; made once, of declarations alone."""
        declared = writers.Declared(
            self.model,
            rows.primary_key(self.model),
            self.endpoint,
            self.row_name,
            self.row_acts,
            self.bulk,
            self.dense,
        )
        return _sheet(declared, self.columns, key=(type(self), self.endpoint))

    # --- Every row that matches -------------------------------------------------------------------------------------

    def matching(self, action: str, address: str) -> list[str]:
        """The keys of every row of the list at `address`, at most `rows.MAX_ROWS`: it is said when there are more.

        Of an action `of_many` one more than it takes, so that it refuses: nothing is left out of those.

        Raises:
            Refused: the action is one that wants its rows chosen one by one.
        """
        if action not in self.every:
            raise Refused(Code.NOTHING_CHOSEN, _("Choose the rows one by one for this."))
        asked = self.asked(dict(parse_qsl(urlsplit(urls.local(address, request.host) or "").query)))
        key = rows.primary_key(self.model)
        most = MOST if action in self.of_many else rows.MAX_ROWS
        keys = list(db.session.scalars(self.found(asked).order_by(key.desc()).limit(most + 1)))
        if action in self.of_many:
            return [str(one) for one in keys]
        if len(keys) > rows.MAX_ROWS:
            shown = number(rows.MAX_ROWS, current_language())
            flash(_("There are more: these are the %(count)s latest of them.", count=shown), "info")
        return [str(one) for one in keys[: rows.MAX_ROWS]]


_sheets: dict[Any, writers.Sheet] = {}


def _sheet(declared: writers.Declared, columns: Sequence[Column], *, key: Any) -> writers.Sheet:
    language = current_language()
    sprite = current_app.jinja_env.globals["files"]["icons.svg"]
    known = (key, language, sprite)
    if known not in _sheets:
        _sheets[known] = writers.Sheet(declared, columns, language, sprite)
    return _sheets[known]


def around(back: str = "", told: Mapping[Any, Any] | None = None) -> Around:
    """The reader's day and zone, the way back, and what is told of the rows."""
    zone = getattr(current_user, "zone", None) or zoneinfo.ZoneInfo(DEFAULT_TIME_ZONE)
    now: dt.datetime = utcnow().astimezone(zone)
    return Around(today=now.date(), zone=zone, back=back, told=told or {})


def _mark(number: int, value: Any, order: keyset.Order) -> Any:
    return None if value is None else sa.bindparam(f"edge_{number}", type_=order.all[number].type)


def _edges(edge: list[Any] | None) -> dict[str, Any]:
    return {f"edge_{place}": value for place, value in enumerate(edge or ()) if value is not None}
