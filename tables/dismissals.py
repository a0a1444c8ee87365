"""What an administrator does not want to be told again on their home page, until it changes."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, utcnow
from tables.who import CompanyRow


class Dismissal(Base, CompanyRow):
    """One thing to do, put away by one person for themselves alone: their colleagues are still told."""

    __tablename__ = "dismissals"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "task"),
        # Whoever put it away is of the company whose task it is.
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId)
    # Which thing, and the facts that it told (how many, until when): with other facts it is told again.
    task: Mapped[str] = mapped_column(sa.String(50))
    mark: Mapped[str] = mapped_column(sa.String(100))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
