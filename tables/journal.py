"""The journal: who did what to which rows. Append-only, by trigger and in Python."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, TenantRow, utcnow
from tables.who import Company, User, person_in


class JournalEntry(Base, TenantRow):
    """Who did what, when, to which rows. Append-only, by trigger and in Python; people are named by id alone."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        sa.Index("ix_journal_entries_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_journal_entries_subject", "subject_type", "subject_id", sa.text("id DESC")),
        sa.Index("ix_journal_entries_operation", "operation"),
        sa.Index("ix_journal_entries_verb", "verb", sa.text("id DESC")),
        sa.Index("ix_journal_entries_actor_id", "actor_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The same for every entry of one operation: one click is one operation, however many rows it moved.
    operation: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    verb: Mapped[str] = mapped_column(sa.String(50))
    # None is the system itself: a payment that arrived, a command.
    actor_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    # The company the vendor's staff acted for; None when people acted for themselves.
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    subject_type: Mapped[str] = mapped_column(sa.String(50))
    subject_id: Mapped[int] = mapped_column(BigId)
    # The other rows concerned: {"user": 12, "order": 3}
    related: Mapped[dict[str, Any]] = mapped_column(default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)

    actor: Mapped[User | None] = person_in("JournalEntry.actor_id")
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id], viewonly=True)
    personal: Mapped[JournalPersonal | None] = relationship(back_populates="entry")


class JournalPersonal(Base, TenantRow):
    """What an entry knows of a person, apart, so that erasing it touches no entry."""

    __tablename__ = "journal_personal"

    entry_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("journal_entries.id"), primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    address: Mapped[str | None] = mapped_column(sa.String(45))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)

    entry: Mapped[JournalEntry] = relationship(back_populates="personal")


class AppendOnlyError(RuntimeError):
    """Something tried to change or delete a journal entry."""


@sa.event.listens_for(JournalEntry, "before_update")
@sa.event.listens_for(JournalEntry, "before_delete")
def _refuse_journal_change(_mapper: Any, _connection: Any, entry: JournalEntry) -> None:
    raise AppendOnlyError(f"journal entry {entry.id} cannot be changed or deleted")


_SQLITE_APPEND_ONLY = """
CREATE TRIGGER journal_entries_no_{verb} BEFORE {verb} ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries is append-only'); END
"""
_POSTGRESQL_APPEND_ONLY = (
    """
    CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'journal_entries is append-only'; END $$
    """,
    """
    CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
    """,
    """
    CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
    """,
)
for _dialect, _statements in {
    "sqlite": [_SQLITE_APPEND_ONLY.format(verb=verb) for verb in ("UPDATE", "DELETE")],
    "postgresql": _POSTGRESQL_APPEND_ONLY,
}.items():
    for _statement in _statements:
        sa.event.listen(
            JournalEntry.__table__,
            "after_create",
            sa.DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
