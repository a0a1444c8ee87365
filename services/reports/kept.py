"""What a process remembers for a while: figures, counts, statements, and the parts of pages that are the same for many.

Each kind says for whom it may be kept. Of a company's rows: for its scope alone (`access/rows.py`), which is part of every
key, so that no company is ever shown what was made for another. For everybody: made where no company's row can be read, of
declarations and of what its key says. Nothing of a person belongs here: no name, no token, no text that somebody typed.
"""

from __future__ import annotations

import datetime as dt
import threading
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
# Values of each kind; of those for everybody, which are whole pages without what is in them, some 10 MB.
MOST, MOST_PAGES = 4_000, 500
FOREVER = float("inf")
KEPT_FOR = dt.timedelta(minutes=1)
# How long figures are kept. Tests set it to nothing, so that a page shows what they have just done.
SETTING = "FIGURES_KEPT_FOR"
_stores: weakref.WeakSet[Store] = weakref.WeakSet()


class Store:
    """Values by key, each until its time is over; the oldest leave first when there are too many. Any thread may ask."""

    def __init__(self, most: int) -> None:
        self._most = most
        # From when to when it is good: a clock that was put back keeps nothing longer.
        self._values: OrderedDict[Hashable, tuple[float, float, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._age = 0
        _stores.add(self)

    def get(self, key: Hashable, seconds: float, make: Callable[[], Value]) -> Value:
        found = self._values.get(key)
        now = time.time()
        if found is not None and found[0] <= now < found[1]:
            value: Value = found[2]
            return value
        age = self._age
        value = make()
        with self._lock:
            # What was read before something was forgotten is not kept after it.
            if age == self._age:
                self._values[key] = (-FOREVER if seconds == FOREVER else now, now + seconds, value)
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._age += 1
            self._values.clear()

    def values(self) -> list[Any]:
        """All that is kept."""
        with self._lock:
            return [value for _since, _until, value in self._values.values()]


def _store(app: Flask, name: str, most: int) -> Store:
    found: Store | None = app.extensions.get(name)
    if found is None:
        found = app.extensions.setdefault(name, Store(most))
    return found


def _here(name: str, most: int = MOST) -> Store:
    return _store(current_app._get_current_object(), name, most)  # type: ignore[attr-defined]  # noqa: SLF001


def counted(key: Hashable, seconds: float, make: Callable[[], Value]) -> Value:
    """What `make` read from the database, at most `seconds` ago, in the scope of this request.

    What this process itself has committed since is never missing from it.
    """
    return _here("kept_counts").get((access.current_scope(), key), seconds, make)


def figure(name: str, count: Callable[[], Value]) -> Value:
    """A number about the whole desk, at most `KEPT_FOR` old: counting it reads as much as the desk is large, so a commit does
    not make it be counted anew. It holds no rows: those belong to a session.

    Raises:
        PermissionError: asked for somebody who does not see every row. What one customer sees is counted by the triggers of
            `tables/counted.py`.
    """
    if not access.current_scope().everything:
        raise PermissionError("numbers of the whole desk are for its staff alone")
    seconds = current_app.config.get(SETTING, KEPT_FOR).total_seconds()
    return _here("kept_figures").get(name, seconds, count)


def made(key: Hashable, make: Callable[[], Value]) -> Value:
    """What `make` made of declarations alone, in the scope of this request: a statement, the choices of an enum."""
    return _here("kept_made").get((access.current_scope(), key), FOREVER, make)


def for_everybody(key: Hashable, make: Callable[[], Value]) -> Value:
    """What `make` makes of its key and of declarations: it sees no company's rows."""

    def alone() -> Value:
        with access.scoped(access.NOTHING):
            return make()

    return _here("kept_for_everybody", MOST_PAGES).get(key, FOREVER, alone)


def forget() -> None:
    """Forget all of it, in every application of this process."""
    for store in list(_stores):
        store.clear()


@sa.event.listens_for(Session, "after_commit")
def _forget_counts(_session: Session) -> None:
    """Whoever has just changed something sees it counted."""
    if current_app and (store := current_app.extensions.get("kept_counts")):
        store.clear()
