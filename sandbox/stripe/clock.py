"""Timers: sessions expire and bank debits are settled when they are due."""

import logging
import threading

from sandbox.base.settings import Switches
from sandbox.base.store import Store
from sandbox.stripe import payments, sessions
from sandbox.stripe.webhooks import Courier

log = logging.getLogger("sandbox.clock")


class Clock:
    """A thread that looks for due timers twice a second."""

    def __init__(self, store: Store, switches: Switches, courier: Courier) -> None:
        self.store, self.switches, self.courier = store, switches, courier
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(0.5):
            try:
                self.tick()
            except Exception:
                # An error must not end the thread; the timer stays due.
                log.exception("a timer failed")

    def tick(self) -> int:
        """Run the timers that are due; returns how many."""
        return self._ring("SELECT object_id, what FROM timer WHERE due <= ?", (self.switches.now(),))

    def settle(self) -> int:
        """Settle every bank debit under way, due or not; returns how many."""
        return self._ring("SELECT object_id, what FROM timer WHERE what = 'settle'", ())

    def _ring(self, query: str, values: tuple[float, ...]) -> int:
        with self.store.reading() as tx:
            if not tx.sql(query, values).fetchone():
                return 0
        with self.store.transaction(self.switches.now()) as tx:
            # Read again inside the transaction: another may have paid, expired or settled it and cleared its timer.
            due = tx.sql(query, values).fetchall()
            for row in due:
                if row["what"] == "settle":
                    payments.settle(tx, row["object_id"])
                else:
                    sessions.expire(tx, tx.get("checkout.session", row["object_id"]))
        self.courier.wake()
        return len(due)
