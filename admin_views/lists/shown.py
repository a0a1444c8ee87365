"""What the template of a list shows around its rows: tabs, chips, heads, links; each link keeps what was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask_babel import gettext as _
from markupsafe import Markup

from admin_views.lists.columns import Column, ListFilter, Tab
from admin_views.lists.listing import Asked, Total
from admin_views.lists.writers import css_of


@dataclasses.dataclass(frozen=True)
class Link:
    """A tab, a choice or an order: where it leads, its words, whether it is the present one."""

    href: str
    words: Any
    count: str = ""
    tone: str = ""
    here: bool = False
    value: str = ""


@dataclasses.dataclass(frozen=True)
class Chip:
    """A filter above a list: what it is set to and the link that takes it away, or what it may be set to.

    Attributes:
        words: What it is set to, or None.
        off: The list without it.
        options: Its choices, each a link to the list so narrowed.
        field: The HTML of a field where its value is typed or searched for; the form's button sends it.
        is_open: Whether the field has something to say.
    """

    name: str
    label: Any
    words: Any
    off: str
    options: Sequence[Link] = ()
    field: Markup | None = None
    is_open: bool = False


@dataclasses.dataclass(frozen=True)
class Head:
    """The head of a column."""

    name: str
    label: Any
    css: str
    href: str | None
    # The value of `aria-sort`, or None for a column that is not the order.
    state: str | None


@dataclasses.dataclass(frozen=True)
class Listing:
    """A page of a list, for `admin/list.html`."""

    path: str
    rows: Sequence[Any]
    # How many they are: of one, a join may give several lines.
    count: int
    # Writes the rows, each of whose links carries the way back it is given.
    write: Callable[[str], Markup]
    columns: Sequence[Column]
    filters: Sequence[ListFilter]
    tabs: Sequence[Tab]
    counts: Sequence[Total]
    asked: Asked
    total: Total
    before: str | None
    after: str | None
    sort_name: str
    descending: bool
    language: str
    fields: Mapping[str, Markup] = dataclasses.field(default_factory=dict)
    wrong_fields: frozenset[str] = frozenset()
    default_size: int = 50

    @property
    def is_narrowed(self) -> bool:
        return self.asked.is_narrowed

    # --- Links ------------------------------------------------------------------------------------------------------

    def arguments(self) -> dict[str, str]:
        """What the address of this list says, without its page: all that links keep."""
        asked = self.asked
        told = {
            "q": asked.search,
            "tab": asked.tab.name if asked.tab else "",
            **asked.filters,
            "sort": f"{'-' if asked.descending else ''}{asked.sort.name}" if asked.sort else "",
            "size": str(asked.size) if asked.size != self.default_size else "",
        }
        return {name: value for name, value in told.items() if value}

    def url(self, **changes: str | int | None) -> str:
        """This list with parts of its address changed, or taken away by None, from the page's own address on.

        It starts at the first page unless a page is asked for.
        """
        args = {**self.arguments(), **{name: value for name, value in changes.items() if value is not None}}
        return "?" + urlencode(
            {name: value for name, value in args.items() if changes.get(name, value) is not None}
        )

    def here(self) -> str:
        """The address of this very page: where whoever leaves it comes back to."""
        page = {"after": self.asked.after, "before": self.asked.before}
        query = self.url(**{name: value for name, value in page.items() if value})
        return self.path + (query if query != "?" else "")

    def body(self) -> Markup:
        """The rows. Their links lead back to this very page; they say so unless it is the list as it opens."""
        here = self.here()
        return self.write(f"url={quote(here, safe='')}" if here != self.path else "")

    def query_string(self) -> str:
        """What an export of this list must repeat: its address without a page, `?` included."""
        query = self.url(size=None)
        return query if query != "?" else ""

    # --- Above the rows ---------------------------------------------------------------------------------------------

    def tab_links(self) -> list[Link]:
        """The usual questions with their counts. Choosing one leaves search and filters behind."""
        links = []
        for tab, count in zip(self.tabs, self.counts, strict=True):
            whole = tab.where is None
            here = self.asked.tab is tab or (whole and self.asked.tab is None)
            href = "?" if whole else f"?tab={quote(tab.name)}"
            tone = tab.tone if count.count else ""
            links.append(Link(href, tab.label, count.short(self.language), tone, here))
        return links

    def chips(self) -> list[Chip]:
        """Every filter: those that are set first, each with what takes it away."""
        chips = [self._chip(choice) for choice in self.filters]
        shown = [chip for chip in chips if chip.words is not None or chip.options or chip.field is not None]
        return sorted(shown, key=lambda chip: chip.words is None)

    def _chip(self, choice: ListFilter) -> Chip:
        value = self.asked.filters.get(choice.name)
        options = self.asked.choices.get(choice.name, [])
        if value is not None:
            words = dict(options).get(value) or self.words_of(choice, value)
            return Chip(choice.name, choice.label, words, self.url(**{choice.name: None}))
        if options:
            rest = self.url(**{choice.name: None})
            start = f"{rest}{'' if rest == '?' else '&'}{quote(choice.name)}="
            links = [Link(start + quote(code), words, value=code) for code, words in options]
            return Chip(choice.name, choice.label, None, "", links)
        field = self.fields.get(choice.name)
        return Chip(choice.name, choice.label, None, "", (), field, choice.name in self.wrong_fields)

    def words_of(self, choice: ListFilter, value: str) -> Any:
        """What a filter that has no choices of its own is set to."""
        return choice.describe(value)

    def hidden_args(self) -> list[tuple[str, str]]:
        """What the form of the search carries along besides its own fields, which are the search and the order."""
        own = {"q", "sort", *(name for name in self.fields if name not in self.asked.filters)}
        return [(name, value) for name, value in self.arguments().items() if name not in own]

    # --- The order --------------------------------------------------------------------------------------------------

    def heads(self) -> list[Head]:
        """The heads of the columns; one that is the order says which way."""
        found = []
        for column in self.columns:
            state = self._state(column.name)
            turned = f"-{column.name}" if state == "ascending" else column.name
            href = None if column.sort is None else self.url(sort=turned)
            css = " ".join(
                filter(None, ["name" if column is self.columns[0] else css_of(column), column.width])
            )
            found.append(Head(column.name, column.label, css, href, state))
        return found

    def _state(self, name: str) -> str | None:
        if self.sort_name != name:
            return None
        return "descending" if self.descending else "ascending"

    def orders(self) -> list[Link]:
        """The orders that a phone chooses among, where heads are not in sight."""
        here = f"{'-' if self.descending else ''}{self.sort_name}"
        found = []
        for column in self.columns:
            if column.sort is not None:
                for value, words in ((column.name, _("ascending")), (f"-{column.name}", _("descending"))):
                    text = _("%(column)s, %(order)s", column=str(column.label), order=words)
                    found.append(Link("", text, here=value == here, value=value))
        return found if not found or self.sort_name else [Link("", _("Newest first"), here=True), *found]
