"""The sandbox's SQLite file: Stripe objects as JSON, what is due, and received mail.

Every change runs in `Store.transaction()`, which is `BEGIN IMMEDIATE`: rivals wait, so a double click pays once.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created REAL NOT NULL,
    data TEXT NOT NULL,
    private TEXT NOT NULL DEFAULT '{}'  -- what Stripe knows and does not show, such as a card's fate
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, call TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS timer (
    object_id TEXT PRIMARY KEY, what TEXT NOT NULL, due REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    event_id TEXT PRIMARY KEY, state TEXT NOT NULL DEFAULT 'pending', due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due);
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, at REAL NOT NULL, ok INTEGER NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_event ON attempt (event_id);
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    subject TEXT NOT NULL, message_id TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_recipient ON mail (recipient);
"""
TABLES = ("object", "answer", "timer", "delivery", "attempt", "mail")
Object = dict[str, Any]


class Transaction:
    """One `BEGIN IMMEDIATE` transaction; `call` is the API call on whose behalf it runs, for the events it makes."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.sql = connection.execute
        self.now = now
        self.call: dict[str, str | None] = {"id": None, "idempotency_key": None}

    def insert(self, thing: Object, private: Object | None = None) -> Object:
        """Keep a new object; `private` holds what is never shown."""
        self.sql(
            "INSERT INTO object (id, kind, created, data, private) VALUES (?, ?, ?, ?, ?)",
            (thing["id"], thing["object"], thing["created"], json.dumps(thing), json.dumps(private or {})),
        )
        return thing

    def save(self, thing: Object) -> None:
        """Write back a changed object."""
        self.sql("UPDATE object SET data = ? WHERE id = ?", (json.dumps(thing), thing["id"]))

    def find(self, kind: str, ident: str | None) -> Object | None:
        """Return the object of that kind and id, or None."""
        row = self.sql("SELECT data FROM object WHERE id = ? AND kind = ?", (ident, kind)).fetchone()
        return self.load(row) if row else None

    def load(self, row: sqlite3.Row) -> Object:
        """Return the object of a row of the table `object`."""
        thing: Object = json.loads(row["data"])
        return thing

    def get(self, kind: str, ident: str) -> Object:
        """Return an object that is known to exist."""
        found = self.find(kind, ident)
        if found is None:
            raise LookupError(f"no {kind} {ident}")
        return found

    def private(self, ident: str) -> Object:
        """Return what is kept beside an object and never shown."""
        row = self.sql("SELECT private FROM object WHERE id = ?", (ident,)).fetchone()
        return json.loads(row["private"]) if row else {}

    def set_timer(self, ident: str, what: str, due: float) -> None:
        """Have `what` done to an object at a time; one timer an object."""
        self.sql("INSERT OR REPLACE INTO timer (object_id, what, due) VALUES (?, ?, ?)", (ident, what, due))

    def clear_timer(self, ident: str) -> None:
        """Forget an object's timer."""
        self.sql("DELETE FROM timer WHERE object_id = ?", (ident,))


class Store:
    """The file; safe to use from any thread, as each transaction has its own connection."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        connection = self._connect()
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    @contextmanager
    def transaction(self, now: float | None = None) -> Iterator[Transaction]:
        """Commit on the way out, roll back on any error."""
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection, time.time() if now is None else now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Look without locking anybody out."""
        connection = self._connect()
        try:
            yield Transaction(connection, time.time())
        finally:
            connection.close()

    def wipe(self) -> None:
        """Empty every table."""
        with self.transaction() as tx:
            for table in TABLES:
                tx.sql(f"DELETE FROM {table}")  # noqa: S608 - the names stand above
