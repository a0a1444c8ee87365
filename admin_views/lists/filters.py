"""The filters that many lists share, each made for one column."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
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
    *,
    broad: bool = False,
) -> ListFilter:
    """Rows whose `column` is the chosen id. Without `options` it is reached by links, and shown as `describe` says."""
    return ListFilter(
        name, label, options, lambda query, value: query.where(column == int(value)), describe, broad=broad
    )


def yes_or_no(name: str, label: Any, column: Any) -> ListFilter:
    """Rows whose boolean `column` is as chosen."""
    return ListFilter(
        name,
        label,
        lambda: [("yes", _("Yes")), ("no", _("No"))],
        lambda query, value: query.where(column.is_(value == "yes")),
    )


def is_day(text: str) -> bool:
    """Whether a text is a day that a desk can have seen, such as `2026-11-24`."""
    if not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def by_day(name: str, label: Any, condition: Callable[[dt.date], sa.ColumnElement[bool]]) -> ListFilter:
    """Rows of a day that is typed, by the days of whoever asks: `condition` says which."""
    return ListFilter(
        name,
        label,
        None,
        lambda query, value: query.where(condition(dt.date.fromisoformat(value))),
        # Days are the reader's: a statement is of one reader.
        steady=False,
        reads=is_day,
    )
