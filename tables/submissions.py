"""Forms that were sent: so that one that arrives twice, after a tunnel or a second tap, is done once."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, TenantRow


class Submission(Base, TenantRow):
    """A form that was done, by the token that its page gave it."""

    __tablename__ = "submissions"
    __table_args__ = (sa.UniqueConstraint("company_id", "token"), sa.Index("ix_submissions_at", "at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    token: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[dt.datetime]
