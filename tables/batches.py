"""Many at once: what was chosen or typed in, what would come of each row, and what was done, so that a page confirms what it showed."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, Language, TenantRow, enum_column, partial_index, utcnow
from tables.owning import License
from tables.who import ActorKind, Company, User, person_in


class BatchKind(enum.StrEnum):
    """What is done to each row."""

    ASSIGN = "assign"
    CHANGE = "change"
    RELEASE = "release"
    TRANSFER = "transfer"
    RESEND = "resend"
    DEACTIVATE = "deactivate"
    # People of a file, added, and given a licence where that is asked for.
    PEOPLE = "people"
    # What a vendor had before there was a desk: customers, people, licences.
    BASE = "base"


class BatchState(enum.StrEnum):
    """How far a batch has come. The worker moves it from what waits (`queued`, `confirmed`) to what comes of it."""

    # Rows are chosen; how they are to be treated is not said yet.
    DRAFT = "draft"
    QUEUED = "queued"
    PREPARING = "preparing"
    # Shown, and waiting for somebody to confirm it.
    READY = "ready"
    CONFIRMED = "confirmed"
    APPLYING = "applying"
    DONE = "done"
    # It could not be prepared or applied, and nothing was changed: `problem` says why.
    FAILED = "failed"
    DISCARDED = "discarded"


class RowOutcome(enum.StrEnum):
    """What would come of a row, and what came of it once the batch is done."""

    WAITING = "waiting"
    # It will be done; in a batch that is done, it was.
    READY = "ready"
    # Things are so already: nothing changes.
    SAME = "same"
    # It cannot be done: `problem` says why.
    LEFT = "left"
    # It was to be done, and had changed by the time it was confirmed: it was left, and `problem` says why.
    MOVED = "moved"


class Batch(Base, TenantRow):
    """One act on many rows of one customer: applied as a whole, once. Several customers' stand together under one number.

    A queue of its own (`services/waiting/queue.py`), twice: to be prepared, and to be applied.
    """

    __tablename__ = "batches"
    __table_args__ = (
        sa.CheckConstraint(
            "state NOT IN ('preparing', 'applying') OR lease_until IS NOT NULL", name="lease_filled"
        ),
        sa.CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name="done_filled"),
        sa.CheckConstraint("(made_as = 'system') = (made_by_id IS NULL)", name="made_as"),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_as IS NULL)", name="confirmed_as"),
        sa.CheckConstraint("company_id IS NOT NULL OR kind = 'base'", name="company_filled"),
        partial_index(
            "ix_batches_due", "state IN ('queued', 'preparing', 'confirmed', 'applying')", "due_at", "id"
        ),
        sa.Index("ix_batches_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_batches_together", "together"),
        sa.Index("ix_batches_created_at", "created_at"),
        sa.Index("ix_batches_operation_id", "operation_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # None for a base that makes its customers: each of them is a whole, and applied by itself.
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    # 32 hex digits: what its page is called, and those of other customers that were chosen with it.
    together: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[BatchKind] = mapped_column(enum_column(BatchKind, "kind"))
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState, "state"), default=BatchState.DRAFT)
    # How the rows are to be treated: {"plan": 3, "last_day": "2027-01-18", "post": "held", …}, by its kind.
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The one that its sentences were written in.
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"), default=Language.FR)
    made_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    made_as: Mapped[ActorKind] = mapped_column(enum_column(ActorKind, "made_as_kind"))
    # How many rows it has, and how many of them are prepared.
    total: Mapped[int] = mapped_column(default=0)
    prepared: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    # Until when what it shows may be confirmed.
    expires_at: Mapped[dt.datetime | None]
    confirmed_at: Mapped[dt.datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    confirmed_as: Mapped[ActorKind | None] = mapped_column(enum_column(ActorKind, "confirmed_as_kind"))
    # The IP address of whoever confirmed it, for the journal; until it is applied.
    address: Mapped[str | None] = mapped_column(sa.String(45))
    done_at: Mapped[dt.datetime | None]
    operation_id: Mapped[str | None] = mapped_column(sa.String(32), sa.ForeignKey("operations.id"))
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    lease_until: Mapped[dt.datetime | None]

    company: Mapped[Company | None] = relationship(foreign_keys=[company_id], viewonly=True)
    made_by: Mapped[User | None] = person_in("Batch.made_by_id")
    confirmed_by: Mapped[User | None] = person_in("Batch.confirmed_by_id")

    @property
    def is_open(self) -> bool:
        """Whether it can still be said how its rows are to be treated, or that it is put away."""
        return self.state in {
            BatchState.DRAFT,
            BatchState.QUEUED,
            BatchState.PREPARING,
            BatchState.READY,
            BatchState.FAILED,
        }

    @property
    def is_working(self) -> bool:
        """Whether the worker has it, or will: its page shows how far it is."""
        return self.state in {
            BatchState.QUEUED,
            BatchState.PREPARING,
            BatchState.CONFIRMED,
            BatchState.APPLYING,
        }


class BatchRow(Base, TenantRow):
    """One row of a batch: what was chosen or typed, and what comes of it."""

    __tablename__ = "batch_rows"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "no"),
        sa.Index("ix_batch_rows_outcome", "batch_id", "outcome", "no"),
        sa.Index("ix_batch_rows_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("batches.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    # Its place in what was chosen, or its own number in the file.
    no: Mapped[int]
    # What the file holds of it, by the name of the field; nothing of a row that was chosen. Gone after 30 days.
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Whom it is about; the licence that they get, or that was chosen; and another one that has to do with it: what they give up
    # for it, or get in its place.
    user_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    license_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("licenses.id"))
    other_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("licenses.id"))
    # What it was decided on: when that has changed, the row is left.
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    outcome: Mapped[RowOutcome] = mapped_column(
        enum_column(RowOutcome, "outcome"), default=RowOutcome.WAITING
    )
    # A sentence in the batch's language, and the field of the file that it is about.
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    field: Mapped[str | None] = mapped_column(sa.String(50))

    batch: Mapped[Batch] = relationship(foreign_keys=[batch_id], viewonly=True)
    user: Mapped[User | None] = person_in("BatchRow.user_id")
    license: Mapped[License | None] = relationship(foreign_keys=[license_id], viewonly=True)
    other: Mapped[License | None] = relationship(foreign_keys=[other_id], viewonly=True)


class BatchFile(Base, TenantRow):
    """The file that a batch was read from, so that it can be read again otherwise. Gone after 30 days, as its rows' texts."""

    __tablename__ = "batch_files"

    batch_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("batches.id"), primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    # Which of several: a base may be three. 0 is the first.
    place: Mapped[int] = mapped_column(primary_key=True, default=0)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
