"""Races: the same action in many threads at once, as many requests of many people would run it."""

from __future__ import annotations

import contextvars
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

import access
from models import db


@dataclasses.dataclass
class Outcome:
    """What one rival got: a value, or what it raised."""

    value: Any = None
    error: BaseException | None = None


def run_together(app: Flask, count: int, action: Callable[[int], Any], timeout: float = 60) -> list[Outcome]:
    """Call `action(0)` … `action(count - 1)` at the same moment, each with its own app context and session.

    Returns:
        The outcomes in that order. Exceptions are outcomes too; a thread that hangs fails the test.
    """
    outcomes = [Outcome() for _ in range(count)]
    barrier = threading.Barrier(count)

    def rival(number: int) -> None:
        with app.app_context(), access.everything():
            try:
                barrier.wait(timeout)
                outcomes[number].value = action(number)
            except BaseException as error:
                outcomes[number].error = error
            finally:
                db.session.remove()

    # An empty context: rivals share no g, session or scope with the test.
    threads = [
        threading.Thread(target=contextvars.Context().run, args=(rival, number), daemon=True)
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
        assert not thread.is_alive(), "a rival still waits"
    return outcomes
