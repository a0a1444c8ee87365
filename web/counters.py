"""Counters of tries in the memory of this process, for `memory://`."""

from __future__ import annotations

import threading
import time

from limits.storage import MemoryStorage

# After so many tries the counters whose time is over are let go.
SWEPT_AFTER = 10_000


class Counters(MemoryStorage):
    """As the library's, which starts a thread for nearly each try to look through all of its counters: here every `SWEPT_AFTER`th
    try does, on its own. Counts in windows that begin with their first try, as `limits` calls `fixed-window`.
    """

    # The library knows a storage by this: its own of the same name gives way.
    STORAGE_SCHEME = ("memory",)

    def __init__(self, *args: str, **options: str) -> None:
        self._lock = threading.Lock()
        self._tries = 0
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a try; returns how many there were in the present window of `expiry` seconds."""
        with self._lock:
            now = time.time()
            self._tries += 1
            if self._tries % SWEPT_AFTER == 0:
                self._sweep(now)
            if self.expirations.get(key, 0) <= now:
                self.storage[key], self.expirations[key] = 0, now + expiry
            self.storage[key] += amount
            return self.storage[key]

    def get(self, key: str) -> int:
        """How many tries there were in the present window."""
        return self.storage.get(key, 0) if self.expirations.get(key, 0) > time.time() else 0

    def _sweep(self, now: float) -> None:
        for key in [key for key, until in self.expirations.items() if until <= now]:
            del self.storage[key], self.expirations[key]
