"""Rows of a whole past, kept in memory while its acts are told, then added together: a statement for each table.

The verbs commit one by one, which would make `make run` wait for minutes. What they write, row by row and column by column, is
written here too: `tests/test_demo.py` does the same acts by the verbs and compares every table.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

import sqlalchemy as sa
from flask import current_app

from access import SYSTEM, Actor
from models import (
    Assignment,
    Base,
    CartItem,
    Company,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    JournalVerb,
    Lane,
    Language,
    License,
    LicenseRequest,
    MailKind,
    MailState,
    Operation,
    OperationRow,
    Order,
    OrderIssue,
    OrderLine,
    OrderTax,
    OutgoingMail,
    Payment,
    SubjectKind,
    Term,
    TermTax,
    User,
    db,
    insert_rows,
)
from services.foundation.operations import plain
from services.foundation.transaction import transaction

Row = dict[str, Any]

# In the order in which rows may point at each other.
WRITTEN: tuple[type[Base], ...] = (
    Company,
    User,
    CartItem,
    Order,
    OrderLine,
    OrderTax,
    Payment,
    OrderIssue,
    License,
    Term,
    TermTax,
    Assignment,
    LicenseRequest,
    Operation,
    OperationRow,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    OutgoingMail,
)
# Their key is no number of its own.
_UNNUMBERED: set[type[Base]] = {Operation, JournalPersonal, JournalSubject}
# At most so many values in one statement of SQLite.
_AT_A_TIME = 2_000


class Book:
    """What happened, in the order in which it is told: `at` opens each act.

    Attributes:
        now: When the act that is being told happened, aware UTC.
        sent_before: Mail of before this instant has been sent; later mail waits for the worker.
    """

    def __init__(self, sent_before: dt.datetime) -> None:
        self.sent_before = self.now = sent_before
        self._rows: dict[type[Base], list[Row]] = {kind: [] for kind in WRITTEN}
        self._used = {kind: _last(kind) for kind in WRITTEN if kind not in _UNNUMBERED}
        self._domain = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1].rpartition("@")[2]
        self._personal: list[tuple[Row, Row]] = []
        self._operation, self._begun = "", False

    def at(self, moment: dt.datetime) -> None:
        """Open an act: what follows is one operation, until the next one."""
        self.now, self._operation, self._begun = moment, uuid.uuid4().hex, False

    def add(self, kind: type[Base], /, **values: Any) -> Row:
        """Keep a row; it may be changed until `write`."""
        row = {"id": self.next_id(kind)} | values
        self._rows[kind].append(row)
        return row

    def next_id(self, kind: type[Base]) -> int:
        """A number that no row of that table has."""
        self._used[kind] += 1
        return self._used[kind]

    def remove(self, kind: type[Base], row: Row) -> None:
        """Forget a row that was deleted again before the end."""
        self._rows[kind].remove(row)

    def tell(
        self,
        verb: JournalVerb,
        by: Actor,
        subject: tuple[SubjectKind, int, int],
        *,
        related: Mapping[str, int] | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        personal: Mapping[str, Any] | None = None,
    ) -> None:
        """As `journal.record` does; `subject` is what it was done to, its number, and that of its company."""
        kind, subject_id, company_id = subject
        who = {"company_id": company_id, "on_behalf_of_id": company_id if by.is_staff else None}
        if not self._begun:
            self._begun = True
            self._rows[Operation].append(
                {"id": self._operation, "verb": verb, "by_id": by.user_id, "at": self.now} | who
            )
        entry = self.add(
            JournalEntry,
            operation=self._operation,
            at=self.now,
            verb=verb,
            actor_id=by.user_id,
            subject_type=kind,
            subject_id=subject_id,
            related=dict(related or {}),
            before=dict(before or {}),
            after=dict(after or {}),
            **who,
        )
        if personal:
            self._personal.append((entry, dict(personal)))

    def note(self, kind: type[Base], row: Row, *, is_new: bool = False, **values: Any) -> None:
        """Change columns of a row and write that down, as `operations.change` and `added` do."""
        before = {} if is_new else {name: plain(row[name]) for name in values}
        row.update(values)
        self.add(
            OperationRow,
            operation_id=self._operation,
            company_id=row["company_id"],
            table_name=kind.__tablename__,
            row_id=row["id"],
            before=before,
            after={name: plain(value) for name, value in values.items()},
        )

    def mail(
        self, kind: MailKind, to: Row | str, context: Mapping[str, Any], key: str, by: Actor = SYSTEM
    ) -> Row:
        """As the letters are queued, to a person, a company's billing address or the vendor's; sent if it is old."""
        told: dict[str, Any] = {"by": by.user_id} if by.user_id is not None else {}
        person = isinstance(to, dict) and "billing_email" not in to
        address = to if isinstance(to, str) else None if person else to["billing_email"]
        company = None if isinstance(to, str) else to["company_id"] if person else to["id"]
        sent = self.now < self.sent_before
        return self.add(
            OutgoingMail,
            company_id=company,
            user_id=to["id"] if isinstance(to, dict) and person else None,
            address=address,
            template=kind,
            language=Language.FR if isinstance(to, str) else to["language"],
            context=dict(context) | told,
            dedupe_key=key,
            lane=Lane.MAIL,
            message_id=f"<{uuid.uuid4()}@{self._domain}>",
            created_at=self.now,
            due_at=self.now,
            state=MailState.SENT if sent else MailState.QUEUED,
            attempts=int(sent),
            sent_at=self.now if sent else None,
            server_reply="250 2.0.0 Kept in the sandbox" if sent else None,
            last_error=None,
        )

    def write(self) -> None:
        """Add every row, in one transaction."""
        # What lists show in the order of its numbers has them in the order of time.
        self._number_by(JournalEntry, "at")
        self._number_by(OutgoingMail, "created_at")
        self._rows[JournalPersonal] = [
            {"entry_id": entry["id"], "company_id": entry["company_id"], "after": personal}
            for entry, personal in self._personal
        ]
        buyers = {row["id"]: row["placed_by_id"] for row in self._rows[Order]}
        self._rows[JournalSubject] = [
            {"entry_id": entry["id"], "company_id": entry["company_id"], "kind": kind, "row_id": row_id}
            for entry in self._rows[JournalEntry]
            for kind, row_id in _concerned(entry, buyers)
        ]
        with transaction():
            for kind, rows in self._rows.items():
                for start in range(0, len(rows), _AT_A_TIME):
                    insert_rows(kind, rows[start : start + _AT_A_TIME])
            if db.engine.dialect.name == "postgresql":
                for kind in self._used:
                    _go_on_after(kind)

    def _number_by(self, kind: type[Base], moment: str) -> None:
        rows = self._rows[kind]
        numbers = sorted(row["id"] for row in rows)
        rows.sort(key=lambda row: row[moment])
        for row, number in zip(rows, numbers, strict=True):
            row["id"] = number


def _concerned(entry: Row, buyers: Mapping[int, int]) -> list[tuple[str, int]]:
    """(kind, number) of every row whose pages tell of an entry, as `journal.record` finds them."""
    kind, subject_id = entry["subject_type"], entry["subject_id"]
    people = {entry["actor_id"]} | ({buyers[subject_id]} if kind == SubjectKind.ORDER else set())
    found = {(str(kind), subject_id), *entry["related"].items()}
    return sorted(found | {(str(SubjectKind.USER), person) for person in people - {None}})


def _last(kind: Any) -> int:
    return db.session.scalar(sa.select(sa.func.max(kind.id))) or 0


def _go_on_after(kind: Any) -> None:
    """Let PostgreSQL number the next rows after ours."""
    last: Callable[..., Any] = sa.func.coalesce(sa.func.max(kind.id), 1)
    sequence = sa.func.pg_get_serial_sequence(kind.__tablename__, "id")
    db.session.execute(sa.select(sa.func.setval(sequence, last)))
