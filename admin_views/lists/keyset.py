"""Pages by position, not by offset: what comes after or before a row, whatever the number of rows.

A cursor is the sort values and the key of the row at the edge of a page, as the reader saw them: nothing secret,
and nothing believed. A cursor that is not well formed for the order is the first page.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import json
from typing import Any

import sqlalchemy as sa

MAX_CURSOR = 1_000


@dataclasses.dataclass(frozen=True)
class Order:
    """The sort columns, the key that breaks ties, and one direction for them all. NULL is last either way."""

    columns: tuple[Any, ...]
    key: Any
    descending: bool

    @property
    def all(self) -> tuple[Any, ...]:
        return (*self.columns, self.key)

    @property
    def nullable(self) -> bool:
        """Whether the (then single) sort column may be NULL: an index on it is not read in plain order then."""
        return len(self.columns) == 1 and bool(getattr(self.columns[0], "nullable", False))


def ordered(statement: sa.Select[Any], order: Order, *, backwards: bool = False) -> sa.Select[Any]:
    """`statement` in `order`, or in its reverse to read a page from its end."""
    descending = order.descending != backwards
    clauses = [column.desc() if descending else column.asc() for column in order.all]
    if order.nullable:
        clauses[0] = clauses[0].nulls_first() if backwards else clauses[0].nulls_last()
    return statement.order_by(*clauses)


def beyond(order: Order, values: list[Any], *, backwards: bool) -> sa.ColumnElement[bool]:
    """The rows after the one that `values` names, or before it."""
    descending = order.descending != backwards
    if order.nullable:
        return _beyond_nullable(order, values, descending=descending, backwards=backwards)
    left = sa.tuple_(*order.all)
    right = sa.tuple_(
        *(
            value if isinstance(value, sa.BindParameter) else sa.literal(value, column.type)
            for value, column in zip(values, order.all, strict=True)
        )
    )
    return left < right if descending else left > right


def _beyond_nullable(
    order: Order, values: list[Any], *, descending: bool, backwards: bool
) -> sa.ColumnElement[bool]:
    column, (value, key) = order.columns[0], values
    past_key = order.key < key if descending else order.key > key
    if value is None:
        same = sa.and_(column.is_(None), past_key)
        return sa.or_(column.is_not(None), same) if backwards else same
    past = sa.or_(column < value if descending else column > value, sa.and_(column == value, past_key))
    return past if backwards else sa.or_(past, column.is_(None))


def encode(values: list[Any]) -> str:
    """The values of the row at a page's edge as a word for the query string."""
    plain = [value.isoformat() if isinstance(value, dt.date) else value for value in values]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str | None, order: Order) -> list[Any] | None:
    """The values of a cursor, or None when it is not one of this order."""
    if not text or len(text) > MAX_CURSOR:
        return None
    try:
        raw = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        return [_typed(value, column) for value, column in zip(raw, order.all, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _typed(value: Any, column: Any) -> Any:
    """`value` as the type of `column`. Raises ValueError for anything else."""
    stored = column.type
    # A type of ours says nothing of its Python type; what it is stored as does.
    kind = (stored.impl_instance if isinstance(stored, sa.types.TypeDecorator) else stored).python_type
    if value is None:
        if getattr(column, "nullable", False):
            return None
    elif kind is dt.datetime:
        instant = dt.datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            # Out of range in UTC, as the first evening of the year 1 in America is: no cursor of ours.
            return instant.astimezone(dt.UTC)
    elif kind is dt.date:
        return dt.date.fromisoformat(value)
    elif issubclass(kind, enum.Enum):
        return kind(value)
    elif (kind is int and type(value) is int and abs(value) < 2**63) or (
        kind is bool and type(value) is bool
    ):
        return value
    elif kind is str and isinstance(value, str) and "\0" not in value:
        value.encode()  # a lone surrogate is no text a database can hold
        return value
    raise ValueError("not a value of this column")
