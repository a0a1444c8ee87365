"""A list's page without what is in it: what `admin/list.html` makes of declarations and of what was asked, with slots for the rest.

Half of what a page costs is what stands around its rows, and that is the same for everybody who asks the same of a list. So it
is written once for each `key`. Rows, numbers, names, cursors and whatever was typed are slots.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from urllib.parse import quote_plus

from markupsafe import Markup, escape

from admin_views.lists.columns import ListFilter
from admin_views.lists.listing import Total
from admin_views.lists.shown import Listing
from services.text.slots import slot


@dataclasses.dataclass(frozen=True)
class Unsaid(Total):
    """A total of which is known alone whether it is nothing: `count` is 1 or 0."""

    name: str = ""

    def text(self, language: str) -> str:
        return slot(self.name)

    short = text


class Outline(Listing):
    """A page with slots in the place of what it holds."""

    def here(self) -> str:
        return slot("back")

    def body(self) -> Markup:
        return Markup(slot("rows"))  # noqa: S704 - a slot

    def arguments(self) -> dict[str, str]:
        found = super().arguments()
        return found | {"q": slot("typed")} if "q" in found else found

    def words_of(self, choice: ListFilter, value: str) -> str:
        return slot(f"words_{choice.name}")


def is_plain(page: Listing) -> bool:
    """Whether a page has an outline: one that says what is wrong with what was typed is written by itself."""
    return not (page.wrong_fields or page.asked.unclear or page.asked.typed)


def key_of(page: Listing) -> Hashable:
    """All that the outline of a page depends on, beside who may read it."""
    asked = page.asked
    named = _named(page)
    return (
        *(page.path, bool(asked.search), asked.tab and asked.tab.name),
        *((name, "" if name in named else value) for name, value in asked.filters.items()),
        *(asked.sort and asked.sort.name, page.sort_name, page.descending, asked.size),
        *(page.before is None, page.after is None, page.count),
        tuple(bool(one.count) for one in page.counts),
        tuple((name, *options) for name, options in asked.choices.items()),
    )


def outline_of(page: Listing) -> Outline:
    """The outline of a page."""
    named = _named(page)
    asked = dataclasses.replace(
        page.asked,
        search=slot("sought_here") if page.asked.search else "",
        filters={
            name: slot(f"value_{name}") if name in named else value
            for name, value in page.asked.filters.items()
        },
        after=None,
        before=None,
    )
    given = {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}
    return Outline(
        **given
        | {
            "asked": asked,
            "counts": [Unsaid(int(bool(one.count)), name=_place(at)) for at, one in enumerate(page.counts)],
            "total": Unsaid(1, name="total"),
            "before": page.before and slot("before"),
            "after": page.after and slot("after"),
            "rows": [()] * len(page.rows),
            "write": None,
        }
    )


def values_of(page: Listing) -> dict[str, str]:
    """What the slots of the outline hold, as HTML."""
    asked = page.asked
    values = {
        "rows": page.body() if page.rows else "",
        "back": page.here(),
        "total": page.total.text(page.language),
        "before": page.before or "",
        "after": page.after or "",
        "sought_here": asked.search,
        "typed": quote_plus(asked.search),
    }
    for at, one in enumerate(page.counts):
        values[_place(at)] = one.short(page.language)
    for choice in page.filters:
        if choice.name in _named(page):
            value = asked.filters[choice.name]
            values[f"value_{choice.name}"] = quote_plus(value)
            values[f"words_{choice.name}"] = page.words_of(choice, value)
    return {name: str(escape(value)) for name, value in values.items()}


def _place(at: int) -> str:
    return f"count_{chr(ord('a') + at)}"


def _named(page: Listing) -> set[str]:
    """The filters that are set to a row's id: what they are called is asked of the database."""
    return {name for name in page.asked.filters if name not in page.asked.choices}
