"""Work in the background that is no mail: what is done again every so often."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, StaffRow, enum_column, partial_index, utcnow


class JobState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base, StaffRow):
    """One turn of a periodic work. Each is there once, however many workers ask for it."""

    __tablename__ = "jobs"
    __table_args__ = (
        sa.UniqueConstraint("name", "period"),
        sa.CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name="lease_filled"),
        partial_index("ix_jobs_due", "state IN ('queued', 'running')", "due_at", "id"),
        sa.Index("ix_jobs_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    # When its period began: a multiple of the work's interval.
    period: Mapped[dt.datetime]
    state: Mapped[JobState] = mapped_column(enum_column(JobState, "state"), default=JobState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    lease_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    done_at: Mapped[dt.datetime | None]
    # The type of the error alone: its message may hold personal data.
    last_error: Mapped[str | None] = mapped_column(sa.String(200))
