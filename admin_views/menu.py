"""The menu of a site: what its views declare, in groups, as the layout draws it on a wide screen and on a phone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_admin import Admin


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


def entries(site: Admin, current: Any = None) -> list[Entry]:
    """What the signed-in person may open, in the order in which the views were added."""
    allowed = [view for view in site._views if view.is_visible() and view.is_accessible()]
    return [entry for view in allowed for entry in view.menu_entries(current=view is current)]


def groups(site: Admin, current: Any = None) -> list[Group]:
    """The menu: first what has no heading, then each heading with its entries."""
    found: dict[str, list[Entry]] = {"": []}
    for entry in entries(site, current):
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
