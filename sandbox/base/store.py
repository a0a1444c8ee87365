"""The sandbox's SQLite file: Stripe objects as JSON, timers, deliveries and received mail.

Every change runs in `Store.transaction()`. It is `BEGIN IMMEDIATE`, so changes run one after another and a double
click pays once.
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
    private TEXT NOT NULL DEFAULT '{}'  -- what the API never shows, such as a card's number
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
    """An open connection; `now` in seconds since 1970, `call` the API call that events made here are to name."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.sql = connection.execute
        self.now = now
        self.call: dict[str, str | None] = {"id": None, "idempotency_key": None}

    def insert(self, thing: Object, private: Object | None = None) -> Object:
        """Insert a new object; `private` holds what the API never shows."""
        self.sql(
            "INSERT INTO object (id, kind, created, data, private) VALUES (?, ?, ?, ?, ?)",
            (thing["id"], thing["object"], thing["created"], json.dumps(thing), json.dumps(private or {})),
        )
        return thing

    def save(self, thing: Object) -> None:
        """Write a changed object."""
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
        """Return an object that exists; LookupError when it does not."""
        found = self.find(kind, ident)
        if found is None:
            raise LookupError(f"no {kind} {ident}")
        return found

    def private(self, ident: str) -> Object:
        """Return what `insert` was given as `private`; empty for an unknown id."""
        row = self.sql("SELECT private FROM object WHERE id = ?", (ident,)).fetchone()
        return json.loads(row["private"]) if row else {}

    def set_timer(self, ident: str, what: str, due: float) -> None:
        """Set an object's only timer: `what` is `expire` or `settle`, `due` in seconds since 1970."""
        self.sql("INSERT OR REPLACE INTO timer (object_id, what, due) VALUES (?, ?, ?)", (ident, what, due))

    def clear_timer(self, ident: str) -> None:
        """Delete an object's timer, if it has one."""
        self.sql("DELETE FROM timer WHERE object_id = ?", (ident,))


class Store:
    """The file. Any thread may use it: each transaction has a connection of its own."""

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
        """Open a transaction that commits at the end and rolls back on any error."""
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
        """Open a connection for reading; it takes no lock that would hold up a transaction."""
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
