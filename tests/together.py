"""Races: the same action in many threads at once, as simultaneous requests run it."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import access
import services.foundation.transaction
from models import Company, db


@dataclasses.dataclass
class Outcome:
    """What one thread's action returned, or what it raised."""

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

    # An empty context: the threads share no g, session or scope with the test.
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


def lock_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the company's lock off, and let SQLite begin transactions as it does by default."""
    read = functools.partial(db.session.get_one, Company)
    monkeypatch.setattr(services.foundation.transaction, "_take_turn", read)
    monkeypatch.setattr(services.foundation.transaction, "_is_free", lambda _company_id: True)
    monkeypatch.setattr(services.foundation.transaction, "_begin_writing", db.session.connection)


def meet(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, count: int, timeout: float = 1) -> None:
    """Make calls of `owner.name` wait until `count` threads have come to it, so that a race happens there.

    If a lock keeps the others away, the first goes on alone after `timeout` seconds, and so do all later ones.
    """
    everybody, real = threading.Barrier(count), getattr(owner, name)

    def wait_and_call(*arguments: Any, **options: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            everybody.wait(timeout)
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, wait_and_call)
