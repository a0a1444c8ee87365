"""Delivery of events: signed as Stripe signs them, posted from background threads, tried again on a schedule.

Undelivered events are in the file, so a restart delivers them. Several threads deliver at once, so events arrive in
any order, as Stripe documents.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from sandbox.base.settings import Switches
from sandbox.base.store import Store

log = logging.getLogger("sandbox.webhooks")
WORKERS = 4
TIMEOUT = 10  # Seconds.


def sign(body: bytes, secret: str, at: int) -> str:
    """Build the `Stripe-Signature` header for a body sent at a time in seconds."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def post(url: str, body: bytes, secret: str) -> tuple[bool, str]:
    """Post one event: whether the answer was 2xx, and the answer or error as text. Redirects are not followed."""
    try:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    except ValueError as problem:
        return False, f"The webhook's address is none: {problem}"
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": sign(body, secret, int(time.time())),
    }
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers
        )
        answer = connection.getresponse()
        text = answer.read(300).decode("utf-8", "replace").strip()
        return 200 <= answer.status < 300, f"{answer.status} {text}".strip()
    except (OSError, http.client.HTTPException) as problem:
        return False, f"{type(problem).__name__}: {problem}"
    finally:
        connection.close()


class Courier:
    """The threads that deliver, and `flush`, which delivers now."""

    def __init__(self, store: Store, switches: Switches, secret: str) -> None:
        self.store, self.switches, self.secret = store, switches, secret
        self._changed = threading.Condition()
        self._in_flight: set[str] = set()
        self._stopping = self._paused = False

    def start(self) -> None:
        """Start the threads."""
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"courier-{number}", daemon=True).start()

    def stop(self) -> None:
        """Let the threads end; a delivery under way is tried again at the next start."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Make the threads look for due events now."""
        with self._changed:
            self._changed.notify_all()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Wait up to TIMEOUT for deliveries under way, and begin no other while the block runs."""
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: not self._in_flight, TIMEOUT)
        try:
            yield
        finally:
            self._paused = False

    def _work(self) -> None:
        while not self._stopping:
            try:
                event_id = self._claim_due()
                if event_id:
                    self._deliver(event_id)
                    continue
            except Exception:
                # An error must not end the thread; the event stays due.
                log.exception("delivery failed")
            with self._changed:
                self._changed.wait(0.5)

    def _claim_due(self) -> str | None:
        if self.switches.webhooks == "off":
            return None
        with self._changed, self.store.reading() as tx:
            if self._paused:
                return None
            rows = tx.sql(
                "SELECT event_id FROM delivery WHERE state = 'pending' AND due <= ? ORDER BY due, rowid LIMIT ?",
                (time.time(), WORKERS + 1),
            ).fetchall()
            for row in rows:
                if row["event_id"] not in self._in_flight:
                    self._in_flight.add(row["event_id"])
                    return str(row["event_id"])
        return None

    def _deliver(self, event_id: str) -> bool:
        """Post a claimed event once and store the attempt; returns whether it was accepted."""
        try:
            with self.store.reading() as tx:
                event = tx.find("event", event_id)
            if event is None:  # The sandbox was reset meanwhile.
                return False
            taken, outcome = post(
                self.switches.webhook_url, json.dumps(event, indent=2).encode(), self.secret
            )
            self._note(event_id, taken, outcome)
            return taken
        finally:
            with self._changed:
                self._in_flight.discard(event_id)
                self._changed.notify_all()

    def _note(self, event_id: str, taken: bool, outcome: str) -> None:
        with self.store.transaction() as tx:
            row = tx.sql("SELECT tries, state FROM delivery WHERE event_id = ?", (event_id,)).fetchone()
            if row is None:
                return
            tx.sql(
                "INSERT INTO attempt (event_id, at, ok, outcome) VALUES (?, ?, ?, ?)",
                (event_id, time.time(), taken, outcome),
            )
            waits = self.switches.retry_schedule
            more = row["tries"] < len(waits)
            state = "delivered" if taken or row["state"] == "delivered" else "pending" if more else "given up"
            due = time.time() + (waits[row["tries"]] if more else 0)
            tx.sql(
                "UPDATE delivery SET state = ?, due = ?, tries = tries + 1 WHERE event_id = ?",
                (state, due, event_id),
            )
            if taken:
                event = tx.get("event", event_id)
                event["pending_webhooks"] = 0
                tx.save(event)

    def flush(self) -> dict[str, int]:
        """Post every pending event once, even while `webhooks` is off; returns the numbers accepted and refused."""
        with self.store.reading() as tx:
            rows = tx.sql("SELECT event_id FROM delivery WHERE state = 'pending' ORDER BY rowid").fetchall()
        taken = [
            self._deliver(row["event_id"])
            for row in rows
            if self._claim(row["event_id"], unless_delivered=True)
        ]
        return {"delivered": sum(taken), "failed": len(taken) - sum(taken)}

    def send_again(self, event_id: str) -> bool:
        """Post an event once more, delivered or not, as Stripe's dashboard does; returns whether it was accepted."""
        self._claim(event_id, unless_delivered=False)
        return self._deliver(event_id)

    def _claim(self, event_id: str, *, unless_delivered: bool) -> bool:
        """Wait until no other thread delivers the event, then claim it; False when it has been delivered meanwhile."""
        with self._changed:
            while event_id in self._in_flight:
                self._changed.wait(TIMEOUT)
            if unless_delivered and self._is_delivered(event_id):
                return False
            self._in_flight.add(event_id)
        return True

    def _is_delivered(self, event_id: str) -> bool:
        with self.store.reading() as tx:
            row = tx.sql("SELECT state FROM delivery WHERE event_id = ?", (event_id,)).fetchone()
        return row is None or row["state"] == "delivered"
