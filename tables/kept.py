"""What was typed into a form whose session had ended, kept for an hour for whoever typed it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, StaffRow, utcnow


class KeptForm(Base, StaffRow):
    """The last such form of a person: no other is kept, and no password ever is."""

    __tablename__ = "kept_forms"
    __table_args__ = (sa.Index("ix_kept_forms_kept_at", "kept_at"),)

    user_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    # Where it was sent to and its fields, as `services/forms/sealing.py` seals them for this person.
    sealed: Mapped[str] = mapped_column(sa.Text)
    # Whether its person was led to it.
    shown: Mapped[bool] = mapped_column(default=False)
    kept_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
