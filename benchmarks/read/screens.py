"""Every page that is read, found in what the views declare: a new list, filter or sort is measured without a line here.

What a list declares is read in one place, `declared`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import sqlalchemy as sa
from flask import Flask

import access
from admin_views.base import DeskModelView
from admin_views.lists import keyset
from admin_views.lists.filters import is_day
from admin_views.lists.rows import primary_key
from benchmarks.fill import STAFF
from benchmarks.read import statements
from models import Company, License, Order, User, db, utcnow

# The sizes of a list that is measured: `statements.PAGE` rows.
SIZE = f"size={statements.PAGE}"
LIST, ONE, PORTAL, OTHER, KEY = "lists", "one row", "portal", "other pages", "a key"


@dataclasses.dataclass(frozen=True)
class Floor:
    """What the floor is told of a page: its statement, and either the cells of a row or the names of the form's fields."""

    statement: str
    fields: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Screen:
    """One page, as ours and as the floor's.

    Attributes:
        line: The line of the table that it is in: of several the worst is shown.
        path: Of ours, query included.
        email: Who reads it.
        floor: None where a page is measured alone.
        large: It is the large company's.
        said: JSON that is posted to it.
    """

    line: str
    kind: str
    path: str
    email: str
    floor: Floor | None
    large: bool = False
    said: str | None = None


@dataclasses.dataclass(frozen=True)
class Declared:
    """What a list says of itself."""

    columns: list[str]
    details: list[str]
    filters: list[Any]
    sorts: dict[str, tuple[Any, ...]]
    default: tuple[str | None, bool]


def declared(view: Any) -> Declared:
    """What `view` declares, whichever way its columns are written."""
    columns = list(view.columns)
    sorts = {column.name: column.sort_columns for column in columns if column.sort_columns}
    name, descending = view.default_order or (None, True)
    return Declared(
        columns=[column.name for column in columns],
        details=[column.name for column in view.detail_columns],
        filters=list(view.filters),
        sorts=sorts,
        default=(name, descending),
    )


@dataclasses.dataclass(frozen=True)
class Examples:
    """Rows from the middle of the data, and how many values of a filter are asked for: the table shows the worst."""

    company: int
    large: int
    ids: dict[str, int]
    values: int


def found(app: Flask, values: int = 8) -> list[Screen]:
    """Every screen, with examples from the database of `app`, and at most `values` of each filter's."""
    with app.test_request_context(headers={"Accept-Language": "fr"}), access.everything():
        examples = _examples(values)
        screens = []
        for view in _views(app, "support"):
            screens += List(view, examples, None).screens()
        for company in (examples.company, examples.large):
            for view in _views(app, "portal"):
                screens += List(view, examples, company).screens()
            screens += _portal(examples, company)
        screens.append(Screen("support, home", OTHER, "/support/", STAFF, None))
        screens.append(_key(examples))
        return screens


def _views(app: Flask, prefix: str) -> list[Any]:
    return [
        view
        for site in app.extensions["admin"]
        for view in site._views
        if isinstance(view, DeskModelView) and view.url.startswith(f"/{prefix}/") and view.url not in PAGES
    ]


def _examples(values: int) -> Examples:
    large = db.session.scalar(sa.select(sa.func.max(Company.id))) or 1
    company = max(1, large // 2)

    def of_company(model: Any) -> int:
        keys = sa.select(model.id).where(model.company_id == company).order_by(model.id)
        return int(db.session.scalar(keys.limit(1).offset(1)) or 1)

    person, license, order = (of_company(model) for model in (User, License, Order))
    ids = {"person": person, "user": person, "actor": person, "license": license, "order": order}
    return Examples(company, large, ids, values)


# --- Lists --------------------------------------------------------------------------------------------------------------


class List:
    """The screens of one view: of the back office, or, with `company`, of that customer's portal."""

    def __init__(self, view: Any, examples: Examples, company: int | None) -> None:
        self.view, self.model, self.examples, self.company = view, view.model, examples, company
        self.declared = declared(view)
        self.key = primary_key(self.model)
        self.large = company == examples.large
        self.email = f"admin@c{company}.example" if company else STAFF
        whose = ", large company" if self.large else ""
        self.name = f"{view.url.strip('/').replace('/', ', ')}{whose}"
        self.base = statements.shown(self.model, self.declared.columns)

    def screens(self) -> list[Screen]:
        """Its first, next and deep page, each filter and each sort; details and edit form of a row."""
        kind = PORTAL if self.company else LIST
        screens = [
            self._screen(kind, words, query, self._sql(sort=sort, edge=edge))
            for words, query, sort, edge in self._pages()
        ]
        for choice in self.declared.filters:
            for value in self._values(choice):
                query = f"&{choice.name}={value}"
                screens.append(
                    self._screen(kind, f"filter {choice.name}", query, self._sql(narrow=(choice, value)))
                )
        return screens + self._rows()

    def _screen(self, kind: str, words: str, query: str, statement: str) -> Screen:
        path = f"{self.view.url}/?{SIZE}{query}"
        floor = Floor(statement)
        return Screen(f"{self.name}: {words}", kind, path, self.email, floor, self.large)

    def _pages(self) -> list[tuple[str, str, tuple[str | None, bool], list[Any] | None]]:
        """(words, end of the query, order, edge) of the pages without a filter."""
        usual = self.declared.default
        pages: list[tuple[str, str, tuple[str | None, bool], list[Any] | None]] = [
            ("first page", "", usual, None)
        ]
        for words, edge in (("next page", self._edge(statements.PAGE - 1)), ("deep page", self._deep())):
            if edge:
                pages.append((words, f"&after={keyset.encode(edge)}", usual, edge))
        for name in self.declared.sorts:
            for sign in ("", "-"):
                pages.append((f"sort {name}", f"&sort={sign}{name}", (name, bool(sign)), None))
        return pages

    def _values(self, choice: Any) -> list[str]:
        if choice.options is not None:
            return [value for value, _label in choice.choices()][: self.examples.values]
        if choice.reads is is_day:
            return [f"{utcnow():%Y-%m-01}"]
        if choice.name == "company":
            return [str(self.examples.company), str(self.examples.large)]
        return [str(self.examples.ids.get(choice.name, 1))]

    def _order(self, sort: tuple[str | None, bool]) -> keyset.Order:
        name, descending = sort
        return keyset.Order(self.declared.sorts[name] if name else (), self.key, descending)

    def _mine(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        return statement.where(self.model.company_id == self.company) if self.company else statement

    def _sql(
        self,
        *,
        sort: tuple[str | None, bool] | None = None,
        edge: list[Any] | None = None,
        narrow: tuple[Any, str] | None = None,
    ) -> str:
        statement = self._mine(self.base.statement)
        if narrow:
            choice, value = narrow
            statement = choice.apply(statement, value)
        return statements.page(statement, self._order(sort or self.declared.default), edge)

    def _edge(self, place: int) -> list[Any] | None:
        """What a cursor after the row at `place` holds, or None where there is no row after it."""
        order = self._order(self.declared.default)
        rows = keyset.ordered(self._mine(sa.select(*order.all)), order).offset(place).limit(2)
        two = db.session.execute(rows).all()
        return list(two[0]) if len(two) == 2 else None

    def _deep(self) -> list[Any] | None:
        """In the middle of the list."""
        count = db.session.scalar(self._mine(sa.select(sa.func.count(self.key)))) or 0
        return self._edge(count // 2) if count > 2 * statements.PAGE else None

    # --- One row --------------------------------------------------------------------------------------------------------

    def _rows(self) -> list[Screen]:
        example = self._example()
        if example is None:
            return []
        screens = []
        if self.view.can_view_details:
            names = self.declared.details or self.declared.columns
            floor = Floor(statements.details(self.model, names, example))
            screens.append(self._one("details", f"{self.view.url}/details/?id={example}", floor))
        if self.view.can_edit:
            fields = _fields(self.view.get_edit_form())
            floor = Floor(statements.fields(self.model, fields, example), fields)
            screens.append(self._one("edit form", f"{self.view.url}/edit/?id={example}", floor))
        return screens

    def _one(self, words: str, path: str, floor: Floor) -> Screen:
        return Screen(f"{self.name}: {words}", ONE, path, self.email, floor, self.large)

    def _example(self) -> Any:
        """The key of a row in the middle, which its own company may open."""
        keys = self._mine(sa.select(self.key)).order_by(self.key)
        count = db.session.scalar(self._mine(sa.select(sa.func.count(self.key)))) or 0
        return db.session.scalar(keys.offset(count // 2).limit(1))


def _fields(form: Any) -> tuple[str, ...]:
    """The names of the fields of a form's class, in their order."""
    unbound = ((getattr(getattr(form, name), "creation_counter", None), name) for name in dir(form))
    return tuple(name for _counter, name in sorted(pair for pair in unbound if pair[0] is not None))


# --- Pages of the portal that are no list -----------------------------------------------------------------------------

# Path → what it is called, and the statement of its floor.
PAGES = {
    "/portal/": ("home", statements.HOME),
    "/portal/plans": ("plans", statements.PLANS),
    "/portal/users/{person}/license": ("person", statements.PERSON),
}


def _key(examples: Examples) -> Screen:
    """The vendor's product asks whether a key is good."""
    key = db.session.scalar(sa.select(License.key).where(License.id == examples.ids["license"]))
    floor = Floor(statements.KEY.format(key=key))
    return Screen("a key checked", KEY, "/api/licenses/validate", STAFF, floor, said=json.dumps({"key": key}))


def _portal(examples: Examples, company: int) -> list[Screen]:
    large = company == examples.large
    people = sa.select(User.id).where(User.company_id == company).order_by(User.id)
    person = db.session.scalar(people.offset(5).limit(1))
    screens = []
    for path, (name, text) in PAGES.items():
        where = path.format(person=person) + ("/" if path == "/portal/plans" else "")
        floor = Floor(text.format(company=company, person=person))
        words = f"portal, {name}{', large company' if large else ''}"
        screens.append(Screen(words, PORTAL, where, f"admin@c{company}.example", floor, large))
    return screens
