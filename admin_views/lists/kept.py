"""What a list remembers for a while: totals, counts of tabs, choices of filters, statements.

Whatever is kept, is kept for one scope (`access/rows.py`): the scope is part of every key, so that no company is ever shown
what was made for another. Nothing of a person belongs here: no name, no token, no text that somebody typed.
"""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Session

import access

Value = TypeVar("Value")
MOST = 4_000
_stores: weakref.WeakSet[Store] = weakref.WeakSet()


class Store:
    """Values by key, each until its time is over; the oldest leave first when there are `MOST`."""

    def __init__(self) -> None:
        self.values: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        _stores.add(self)

    def get(self, key: Hashable, seconds: float, make: Callable[[], Value]) -> Value:
        now = time.monotonic()
        found = self.values.get(key)
        if found is not None and found[0] > now:
            value: Value = found[1]
            return value
        value = make()
        self.values[key] = (now + seconds, value)
        while len(self.values) > MOST:
            self.values.popitem(last=False)
        return value


def _store(app: Flask, name: str) -> Store:
    found: Store | None = app.extensions.get(name)
    if found is None:
        found = app.extensions.setdefault(name, Store())
    return found


def counted(key: Hashable, seconds: float, make: Callable[[], Value]) -> Value:
    """What `make` read from the database, at most `seconds` ago, in the scope of this request.

    What this process itself has committed since is never missing from it.
    """
    store = _store(current_app._get_current_object(), "kept_counts")  # type: ignore[attr-defined]  # noqa: SLF001
    return store.get((access.current_scope(), key), seconds, make)


def made(key: Hashable, make: Callable[[], Value]) -> Value:
    """What `make` made of declarations alone, in the scope of this request: a statement, the choices of an enum."""
    store = _store(current_app._get_current_object(), "kept_made")  # type: ignore[attr-defined]  # noqa: SLF001
    return store.get((access.current_scope(), key), float("inf"), make)


def forget() -> None:
    """Forget all of it, in every application of this process."""
    for store in list(_stores):
        store.values.clear()


@sa.event.listens_for(Session, "after_commit")
def _forget_counts(_session: Session) -> None:
    """Whoever has just changed something sees it counted."""
    if current_app and (store := current_app.extensions.get("kept_counts")):
        store.values.clear()
