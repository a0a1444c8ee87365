"""The journal: who did what to which rows. Append-only, by trigger and in Python."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, TenantRow, create_with, utcnow
from tables.who import Company, User, person_in


class JournalVerb(enum.StrEnum):
    """What was done, in the past tense. `admin_views/labels.py` has the words of each.

    The column is plain text: an older database may hold a verb that is no member any more.
    """

    ADDRESS_ASKED = "address_asked"
    ADDRESS_CONFIRMED = "address_confirmed"
    ADDRESS_WITHDRAWN = "address_withdrawn"
    CARD_DECLINED = "card_declined"
    CART_CHANGED = "cart_changed"
    COMPANY_ADDED = "company_added"
    COMPANY_CHANGED = "company_changed"
    COMPANY_IMPORTED = "company_imported"
    CONDITIONS_PUBLISHED = "conditions_published"
    FIRM_LINK_MADE = "firm_link_made"
    FIRM_LINK_WITHDRAWN = "firm_link_withdrawn"
    ISSUE_CLOSED = "issue_closed"
    ISSUE_OPENED = "issue_opened"
    LICENSE_ACTIVATED = "license_activated"
    LICENSE_ASSIGNED = "license_assigned"
    LICENSE_BROUGHT_BACK = "license_brought_back"
    LICENSE_IMPORTED = "license_imported"
    LICENSE_RELEASED = "license_released"
    LICENSE_REMOVED = "license_removed"
    LICENSE_REQUESTED = "license_requested"
    LINK_SENT = "link_sent"
    LINK_SHOWN = "link_shown"
    LIST_EXPORTED = "list_exported"
    MAIL_RESENT = "mail_resent"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_EXPIRED = "order_expired"
    ORDER_FULFILLED = "order_fulfilled"
    ORDER_PLACED = "order_placed"
    ORDER_WITHHELD = "order_withheld"
    PASSWORD_LINK_REQUESTED = "password_link_requested"  # noqa: S105 - a verb, not a secret
    PASSWORD_SET = "password_set"  # noqa: S105 - a verb, not a secret
    PAYMENT_FAILED = "payment_failed"
    # Of before there were issues.
    PAYMENT_NOTED = "payment_noted"
    PAYMENT_RETRIED = "payment_retried"
    PAYMENT_STARTED = "payment_started"
    PERSON_ADDED = "person_added"
    PERSON_ADDITION_UNDONE = "person_addition_undone"
    PERSON_CHANGED = "person_changed"
    PERSON_DEACTIVATED = "person_deactivated"
    PERSON_ERASED = "person_erased"
    PERSON_EXPORTED = "person_exported"
    PERSON_INVITED = "person_invited"
    PERSON_JOINED = "person_joined"
    PERSON_REACTIVATED = "person_reactivated"
    PLAN_ADDED = "plan_added"
    PLAN_CHANGED = "plan_changed"
    PRICE_SET = "price_set"
    PRICE_WITHDRAWN = "price_withdrawn"
    PROFILE_CHANGED = "profile_changed"
    RENEWAL_DECIDED = "renewal_decided"
    REQUEST_DECLINED = "request_declined"
    REQUEST_WITHDRAWN = "request_withdrawn"
    SIGN_IN_LINK_REQUESTED = "sign_in_link_requested"
    SIGN_IN_LINK_SENT = "sign_in_link_sent"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    STAFF_ADDED = "staff_added"
    TAX_RATE_ADDED = "tax_rate_added"
    TAX_RATE_CHANGED = "tax_rate_changed"
    TAX_RATE_WITHDRAWN = "tax_rate_withdrawn"
    UNDONE = "undone"
    VENDOR_ADDED = "vendor_added"
    VENDOR_CHANGED = "vendor_changed"


class SubjectKind(enum.StrEnum):
    """What an entry is about: the name of its table's class, in lower case. Plain text in the column, as the verb."""

    CART_ITEM = "cart_item"
    COMPANY = "company"
    CONDITIONS = "conditions"
    FIRM_LINK = "firm_link"
    LICENSE = "license"
    ORDER = "order"
    OUTGOING_MAIL = "outgoing_mail"
    PLAN = "plan"
    TAX_RATE = "tax_rate"
    USER = "user"
    VENDOR = "vendor"


class JournalEntry(Base, TenantRow):
    """Who did what, when, to which rows. Append-only, by trigger and in Python; holds ids of people, no names."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        sa.Index("ix_journal_entries_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_journal_entries_company_verb", "company_id", "verb", sa.text("id DESC")),
        sa.Index("ix_journal_entries_subject_type", "subject_type", sa.text("id DESC")),
        sa.Index("ix_journal_entries_operation", "operation"),
        sa.Index("ix_journal_entries_verb", "verb", sa.text("id DESC")),
        sa.Index("ix_journal_entries_actor_id", "actor_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The same for every entry of one turn, however many rows it changed.
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
    subjects: Mapped[list[JournalSubject]] = relationship(back_populates="entry", passive_deletes="all")


class JournalSubject(Base, TenantRow):
    """A row that an entry concerns: what it was done to, whose it is, who did it. Finds the entries of any row by an index.

    An entry's company has no row here: `JournalEntry.company_id` has an index of its own. Append-only, as the journal.
    """

    __tablename__ = "journal_subjects"
    __table_args__ = (sa.Index("ix_journal_subjects_row", "kind", "row_id", sa.text("entry_id DESC")),)

    entry_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("journal_entries.id"), primary_key=True)
    # A `SubjectKind`.
    kind: Mapped[str] = mapped_column(sa.String(50), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # That of its entry, so that nobody reads of a row through another company's entries; looked up with the entry, and not here.
    company_id: Mapped[int | None] = mapped_column(BigId)

    entry: Mapped[JournalEntry] = relationship(back_populates="subjects")


class JournalPersonal(Base, TenantRow):
    """The personal data of an entry, in a table apart, so that it can be erased without changing the entry."""

    __tablename__ = "journal_personal"

    entry_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("journal_entries.id"), primary_key=True)
    # That of its entry.
    company_id: Mapped[int | None] = mapped_column(BigId)
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


@sa.event.listens_for(JournalSubject, "before_update")
@sa.event.listens_for(JournalSubject, "before_delete")
def _refuse_subject_change(_mapper: Any, _connection: Any, subject: JournalSubject) -> None:
    raise AppendOnlyError(f"what journal entry {subject.entry_id} concerns cannot be changed or deleted")


_SQLITE_APPEND_ONLY = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL_REFUSE = """
CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRESQL_APPEND_ONLY = (
    """
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
    """,
    """
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
    """,
)


def _append_only(model: type[Base]) -> None:
    """Let the database refuse whatever would change or remove a row of `model`."""
    table = model.__tablename__
    triggers = [trigger.format(table=table) for trigger in _POSTGRESQL_APPEND_ONLY]
    create_with(
        model,
        {
            "sqlite": [_SQLITE_APPEND_ONLY.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")],
            "postgresql": [_POSTGRESQL_REFUSE, *triggers],
        },
    )


_append_only(JournalEntry)
_append_only(JournalSubject)
