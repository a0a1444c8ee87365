"""The menu of a site: what its views declare, in groups, as the layout draws it on a wide screen and on a phone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_admin import Admin

from models import Role


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of the menu.

    Attributes:
        group: The heading under which it stands; None stands at the top.
        icon: Of `web/icons.py`; entries under a heading have none.
        lead: What it is for, on the page of its group.
        count: What is in it; 0 shows nothing. `waits` when somebody should do something about it.
        counted: The count in words, for readers.
        in_bar: Whether it stands in the top bar of a phone too, while it has a count.
    """

    name: Any
    href: str
    group: Any = None
    icon: str = ""
    lead: Any = ""
    count: int = 0
    waits: bool = False
    counted: str = ""
    in_bar: bool = False
    is_current: bool = False


@dataclasses.dataclass(frozen=True)
class Group:
    """A heading and its entries; `href` is the page that lists them, where there is one."""

    name: Any
    entries: Sequence[Entry]
    href: str = ""
    is_current: bool = False


def shown(site: Admin, role: Role) -> list[Any]:
    """The views that a person of `role` finds in the menu, in the order in which they were added."""
    return [view for view in site._views if view.is_listed_for(role)]


def numbers(site: Admin, role: Role) -> tuple[int, ...]:
    """What is in each entry for whoever asks: all of the menu that is not the same for everybody of `role`."""
    return tuple(view.menu_number() for view in shown(site, role))


def entries(site: Admin, role: Role, current: Any, counts: Sequence[int]) -> list[Entry]:
    """What a person of `role` may open, with the `numbers` of whoever asks."""
    found = zip(shown(site, role), counts, strict=True)
    return [entry for view, count in found for entry in view.menu_entries(view is current, count)]


def groups(site: Admin, role: Role, current: Any, counts: Sequence[int]) -> list[Group]:
    """The menu: first what has no heading, then each heading with its entries."""
    found: dict[str, list[Entry]] = {"": []}
    for entry in entries(site, role, current, counts):
        found.setdefault(str(entry.group or ""), []).append(entry)
    heads = {str(view.heads): view for view in site._views if view.heads}
    return [
        Group(
            name,
            listed,
            url_for(f"{heads[name].endpoint}.index"),
            heads[name] is current,
        )
        if name in heads
        else Group(name, listed)
        for name, listed in found.items()
    ]
