"""The filters that many lists share, each made for one column."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from admin_views.lists.columns import ListFilter, Options


def by_member(
    name: str, label: Any, column: Any, kind: type[enum.StrEnum], options: Options | Callable[[], Options]
) -> ListFilter:
    """Rows whose `column` holds the chosen member of `kind`; `options` are its (value, label) pairs."""
    return ListFilter(name, label, options, lambda query, value: query.where(column == kind(value)))


def by_id(
    name: str,
    label: Any,
    column: Any,
    options: Options | Callable[[], Options] | None = None,
    describe: Callable[[str], Any] = str,
) -> ListFilter:
    """Rows whose `column` is the chosen id. Without `options` it is reached by links, and shown as `describe` says."""
    return ListFilter(name, label, options, lambda query, value: query.where(column == int(value)), describe)


def yes_or_no(name: str, label: Any, column: Any) -> ListFilter:
    """Rows whose boolean `column` is as chosen."""
    return ListFilter(
        name,
        label,
        lambda: [("yes", _("Yes")), ("no", _("No"))],
        lambda query, value: query.where(column.is_(value == "yes")),
    )
