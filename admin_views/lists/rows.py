"""Fetching is authorising: the only ways a view gets rows, each narrowed to what the request may see.

The query hook of `access/rows.py` narrows the same statements again; each layer holds without the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import sqlalchemy as sa

import access
from models import Company, StaffRow, TenantRow, db

# Of one bulk action or one confirmation page.
MAX_ROWS = 500
MAX_ID = 2**63 - 1

Narrowed = TypeVar("Narrowed", bound=Any)


def narrow(statement: Narrowed, model: type) -> Narrowed:
    """`statement` (a select or a query over `model`) held to the rows that this request may see."""
    scope = access.current_scope()
    if scope.everything:
        return statement
    if issubclass(model, TenantRow):
        visible = sa.false() if scope.company_id is None else model.company_id == scope.company_id
    elif issubclass(model, Company):
        visible = sa.false() if scope.company_id is None else model.id == scope.company_id
    elif issubclass(model, StaffRow):
        visible = sa.false()
    else:
        return statement
    return statement.where(visible)


def primary_key(model: type) -> Any:
    """The one column that names a row of `model`, as a mapped attribute."""
    mapper = sa.inspect(model)
    (column,) = mapper.primary_key
    return getattr(model, mapper.get_property_by_column(column).key)


def parse_id(model: type, text: object) -> Any:
    """The key that `text` names, or None for anything that cannot be one: words, lists, NUL, huge numbers."""
    value = str(text) if isinstance(text, int) else text
    if not isinstance(value, str):
        return None
    if isinstance(primary_key(model).type, sa.Integer):
        if not re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
            return None
        number = int(value)
        return number if number <= MAX_ID else None
    return value if 0 < len(value) <= 255 and "\0" not in value else None


def one(statement: sa.Select[Any], model: type, text: object) -> Any:
    """The row of `statement` whose key is `text`, or None."""
    key = parse_id(model, text)
    if key is None:
        return None
    return db.session.scalars(by_key(statement, model), {"key": key}).unique().one_or_none()


def by_key(statement: sa.Select[Any], model: type) -> sa.Select[Any]:
    """`statement` held to the row whose key is given as `key` when it is sent."""
    return statement.where(primary_key(model) == sa.bindparam("key"))


def many(statement: sa.Select[Any], model: type, texts: Iterable[object]) -> list[Any]:
    """The rows of `statement` whose keys are among `texts`, in that order, at most `MAX_ROWS`."""
    keys = list(dict.fromkeys(key for text in texts if (key := parse_id(model, text)) is not None))[:MAX_ROWS]
    if not keys:
        return []
    column = primary_key(model)
    found = {
        getattr(row, column.key): row
        for row in db.session.scalars(statement.where(column.in_(keys))).unique()
    }
    return [found[key] for key in keys if key in found]
