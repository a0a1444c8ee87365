"""What a view declares of its list: columns, acts of a row, tabs and filters.

Nothing here makes HTML: `writers.py` compiles columns and acts to functions, once for each view and language.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from admin_views.tongues import tongue_of

Kind = Literal[
    "text", "number", "money", "day", "ends", "moment", "state", "key", "mono", "person", "holder", "told"
]
# An endpoint (".details_view" is the view's own), the SQL column of its argument, and that argument's name, "id" by default.
To = tuple[str, Any] | tuple[str, Any, str]


@dataclasses.dataclass(frozen=True)
class ByLanguage:
    """What is made of values in words of the reader's language, which is asked once and not at each row."""

    make: Callable[[str], Callable[..., Any]]


# SQL columns, and what is made of their values.
Made = tuple[Any, Callable[..., Any] | ByLanguage]


def several(columns: Any) -> tuple[Any, ...]:
    """One column or many, as many."""
    return tuple(columns) if isinstance(columns, (tuple, list)) else (columns,)


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a list.

    Attributes:
        name: Its name in addresses, and the model's attribute that it shows where `needs` says nothing else.
        label: Its heading, lazily translated.
        needs: The SQL columns it is made of, of the model or of what the view's `joins` bring; one that depends on the
            reader's language is written as `Plan.name`. Nothing else of a row is fetched.
        value: Makes what is shown of the values of `needs`; without it, the value itself, or all of them for the kinds
            that take several.
        kind: How it is shown: `money` is cents and a currency; `ends` a day with how far it is; `state` an enum with its
            `words` and `tone`; `key` is shortened and can be copied; `person` is a first name, a last name and an
            address, on two lines, `holder` the same on one; `told` is what the view's `told` says of a row by its key.
        sort: The indexed column (or columns, most significant first) that it may be sorted by.
        to: Where it leads. Nowhere for a row that has no such value.
        blank: What is shown when there is no value, lazily translated; a dash when it is None.
        words, tone: What people read for a `state`, and the class of its dot; of a `told`, its HTML.
        tag: What is unusual of a `person`, and is said beside the name: None for all others.
        width: The class of a fixed width, such as `c-8`; with `fixed` in the view.
        phone: What becomes of it on a phone: `line` says it below the first column, `cell` keeps it a column; else it is
            for wider screens alone, and stands on the row's page.
        mid: Whether it is shown between a phone's width and a desk's.
        gathers: Whether it is written once for each of the lines that a join to several rows gives.
        in_sql: Makes an SQL expression of what `value` makes of a `state`, for files: a function for each of a million rows is slow.
        plain: Of a `told`, its text where there is no HTML.
    """

    name: str
    label: Any
    needs: Any = None
    value: Callable[..., Any] | None = None
    kind: Kind = "text"
    sort: Any = None
    to: To | None = None
    blank: Any = None
    words: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None
    tag: Made | None = None
    width: str = ""
    phone: Literal["", "line", "cell"] = ""
    mid: bool = True
    gathers: bool = False
    in_sql: Callable[[], Any] | None = None
    plain: Callable[[Any], str] | None = None

    @property
    def sort_columns(self) -> tuple[Any, ...]:
        return () if self.sort is None else several(self.sort)


@dataclasses.dataclass(frozen=True)
class Act:
    """What can be done to one row, from its line.

    Attributes:
        endpoint: Where it begins.
        label: A word or two, lazily translated; for a screen reader the row's name follows.
        icon: Of `icons.NAMES`.
        of: The SQL column of the endpoint's argument; the row's key by default.
        argument: The argument's name.
        when: The SQL columns, and whether their values allow it: a row is offered what it can take, no more.
        panel: Whether its page opens beside the list where there is room: something to read by itself does not.
    """

    endpoint: str
    label: Any
    icon: str
    of: Any = None
    argument: str = "id"
    when: Made | None = None
    panel: bool = True


@dataclasses.dataclass(frozen=True)
class Tab:
    """One of the usual questions above a list, with its count.

    Attributes:
        name: Its name in the address, `?tab=`; the first of a view is its whole list and has no condition.
        label: Its words, lazily translated.
        where: The condition; it is kept, so it says `models.clock` for the present instant.
        tone: `wait` when what it counts needs somebody.
        narrow: As of a filter's values: so few rows that they are read by an index of their own, and asked the rest.
    """

    name: str
    label: Any
    where: Callable[[], sa.ColumnElement[bool]] | None = None
    tone: str = ""
    narrow: bool = False


@dataclasses.dataclass(frozen=True)
class Empty:
    """What an empty list says to do next.

    Attributes:
        title: That there is nothing, in a sentence.
        text: What makes something come, or None.
        to: An endpoint and the words of its button, or None.
    """

    title: Any
    text: Any = None
    to: tuple[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class Fact:
    """One line of the page of a row.

    Attributes:
        name: The attribute of the row that it shows.
        label: What it is, lazily translated.
        value: How to get the value when it is not the attribute.
        kind: How it is shown: `money` is cents beside `currency`, `badge` an enum of `labels.py`.
        link: The URL the value leads to, or None.
        currency: The attribute of the row that names the currency of `money`.
        blank: What is shown when there is no value, lazily translated; a dash when it is None.
    """

    name: str
    label: Any
    value: Callable[[Any], Any] | None = None
    kind: Literal["text", "number", "money", "day", "moment", "badge", "mono"] = "text"
    link: Callable[[Any], str | None] | None = None
    currency: str = "currency"
    blank: Any = None

    def get(self, row: Any) -> Any:
        return self.value(row) if self.value else getattr(row, self.name)

    @property
    def tongue(self) -> str | None:
        """The language of what it shows, where that is always one: `name_fr` is French on every page."""
        return tongue_of(self.name)


Options = Iterable[tuple[str, Any]]


def is_id(value: str) -> bool:
    """Whether a text can be the id of a row."""
    return value.isascii() and value.isdecimal() and len(value) <= 18


@dataclasses.dataclass(frozen=True)
class ListFilter:
    """A choice above a list that narrows it. A value that is not among its options is ignored.

    Attributes:
        name: Its name in the query string.
        label: Its label, lazily translated.
        options: The (value, label) pairs, or a function that gets them. None accepts any row id: the filter then has no
            choices of its own, it is reached by links, typed or picked, and shown as a chip to take away.
        apply: Narrows a select by a value.
        describe: The words for a value when there are no options to take them from.
        steady: Whether `apply` makes the same of a value at any time, so that its statement may be kept: it asks nothing of the
            database, of who asks nothing, and of the time only what `models.clock` says.
        reads: Whether a value can be one, where there are no options: a row's id by default.
        broad: Whether so many rows have any of its values that they are not looked for by it beside a narrow one; `apply` then adds
            a condition and nothing else.
        narrow: The values that so few rows have that these are read by an index of their own, and asked the rest.
    """

    name: str
    label: Any
    options: Options | Callable[[], Options] | None
    apply: Callable[[Any, str], Any]
    describe: Callable[[str], Any] = str
    steady: bool = True
    reads: Callable[[str], bool] = is_id
    broad: bool = False
    narrow: frozenset[str] = frozenset()

    def choices(self) -> list[tuple[str, str]]:
        options = self.options() if callable(self.options) else self.options
        return [(str(value), str(label)) for value, label in options or ()]


Columns = Sequence[Column]
