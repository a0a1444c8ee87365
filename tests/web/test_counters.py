"""Tries are counted in windows, nothing is kept for ever, and no thread is started for a try."""

from __future__ import annotations

import threading

import limits
import pytest
import time_machine
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from web import counters


@pytest.fixture
def storage():
    return storage_from_string("memory://")


def test_memory_is_counted_by_ours(storage):
    assert type(storage) is counters.Counters


def test_so_many_tries_and_no_more_until_the_window_is_over(storage):
    limiter, twice = FixedWindowRateLimiter(storage), limits.parse("2 per minute")
    with time_machine.travel("2026-11-26 12:00", tick=False) as clock:
        assert [limiter.hit(twice, "ann") for _ in range(3)] == [True, True, False]
        assert limiter.hit(twice, "ben")
        assert limiter.get_window_stats(twice, "ann").remaining == 0
        clock.shift(61)
        assert limiter.test(twice, "ann")
        assert limiter.hit(twice, "ann")


def test_tries_at_once_are_each_counted(storage):
    def many():
        for _ in range(500):
            storage.incr("ann", 60)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("ann") == 2_000


def test_what_is_over_is_let_go_and_no_thread_looks_for_it(storage, monkeypatch):
    monkeypatch.setattr(counters, "SWEPT_AFTER", 10)
    with time_machine.travel("2026-11-26 12:00", tick=False) as clock:
        for number in range(9):
            storage.incr(f"someone {number}", 60)
        clock.shift(61)
        storage.timer.join()
        storage.incr("ann", 60)
    assert set(storage.storage) == set(storage.expirations) == {"ann"}
    assert not storage.timer.is_alive()
