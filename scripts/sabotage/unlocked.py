"""What a lock is without its turn: the stand-in that a sabotaged `with company_lock(…)` calls."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable
from typing import Any

from scripts.sabotage import patterns


def unlocked(lock: Callable[..., Any]) -> Callable[..., Any]:
    """`lock` with its own text, in which taking a turn does nothing: it still opens a transaction and reads.

    A lock that rests on another one (`_locked` on `company_lock`) gets that one without its turn as well.
    """
    inner: Any = getattr(lock, "__wrapped__", lock)
    names = inner.__globals__ | {
        name: _stand_in(name, inner.__globals__[name])
        for name in inner.__code__.co_names
        if name in inner.__globals__
    }
    copy = types.FunctionType(inner.__code__, names, inner.__name__, inner.__defaults__, inner.__closure__)
    copy.__kwdefaults__ = inner.__kwdefaults__
    return contextlib.contextmanager(copy)


def _stand_in(name: str, value: Any) -> Any:
    if patterns.TURNS.fullmatch(name):
        return lambda *_args, **_kwargs: None
    if patterns.LOCKS.fullmatch(name):
        return unlocked(value)
    return value
