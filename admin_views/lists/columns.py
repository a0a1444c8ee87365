"""Columns of lists, detail pages and exports, and the filters above a list: what a view declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from admin_views.tongues import tongue_of

Kind = Literal["text", "number", "money", "day", "moment", "badge", "mono"]


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a list or line of a detail page.

    Attributes:
        name: The attribute of the row that it shows, and its name in templates.
        label: Its heading, lazily translated.
        value: How to get the value when it is not the attribute.
        kind: How it is shown: `money` is cents beside `currency`, `badge` an enum of `labels.py`.
        sort: The indexed column (or columns, most significant first) that it may be sorted by.
        link: The URL the value leads to, or None.
        currency: The attribute of the row that names the currency of `money`.
        blank: What is shown when there is no value, lazily translated; a dash when it is None.
    """

    name: str
    label: Any
    value: Callable[[Any], Any] | None = None
    kind: Kind = "text"
    sort: Any = None
    link: Callable[[Any], str | None] | None = None
    currency: str = "currency"
    blank: Any = None

    def get(self, row: Any) -> Any:
        return self.value(row) if self.value else getattr(row, self.name)

    @property
    def tongue(self) -> str | None:
        """The language of what it shows, where that is always one: `name_fr` is French on every page."""
        return tongue_of(self.name)

    @property
    def sort_columns(self) -> tuple[Any, ...]:
        if self.sort is None:
            return ()
        return tuple(self.sort) if isinstance(self.sort, (tuple, list)) else (self.sort,)


@dataclasses.dataclass(frozen=True)
class ExportColumn:
    """One column of a CSV export: a column of the database, and how to write its value down.

    Attributes:
        label: Its heading, lazily translated.
        expression: The column, of the view's model or of a table in the view's `export_joins`.
        write: Turns the value into text; None writes it as it is, with instants in UTC.
    """

    label: Any
    expression: Any
    write: Callable[[Any], Any] | None = None


Options = Iterable[tuple[str, Any]]


@dataclasses.dataclass(frozen=True)
class ListFilter:
    """A choice above a list that narrows it. A value that is not among its options is ignored.

    Attributes:
        name: Its name in the query string.
        label: Its label, lazily translated.
        options: The (value, label) pairs, or a function that gets them once per page. None accepts any row id:
            the filter then has no field of its own, it is reached by links and shown as a label to take away.
        apply: Narrows a select by a value.
        describe: The words for a value when there are no options to take them from.
    """

    name: str
    label: Any
    options: Options | Callable[[], Options] | None
    apply: Callable[[Any, str], Any]
    describe: Callable[[str], Any] = str

    def choices(self) -> list[tuple[str, Any]]:
        options = self.options() if callable(self.options) else self.options
        return [(str(value), label) for value, label in options or ()]


@dataclasses.dataclass(frozen=True)
class Search:
    """Text to look in: one column of one table.

    Attributes:
        column: A text column of the view's model, or of another table when `via` says how to get there.
        exact: The column is unique: a whole match, whatever the case, is tried first and then wins alone.
        via: The view's column that holds the other table's key: `Search(User.email, via=License.user_id)`.
        key: The other table's column that `via` is compared with, when it is not that table's key.
        capitals: The column is written in capitals: a whole match then uses its own index.
    """

    column: Any
    exact: bool = False
    via: Any = None
    key: Any = None
    capitals: bool = False

    def whole(self, text: str) -> Any:
        """The condition that the column is `text`, whatever the case."""
        if self.capitals:
            return self.column == text.upper()
        # Compared as the column's own type: a mail address has two spellings, and one is stored.
        return sa.func.lower(self.column, type_=self.column.type) == text.lower()


Columns = Sequence[Column]
