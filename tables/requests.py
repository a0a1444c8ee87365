"""What people without a licence have asked their administrators for, and what came of it."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, enum_column, partial_index, utcnow
from tables.who import CompanyRow, User, person_in


class RequestState(enum.StrEnum):
    """What came of a request. Given: the person got a licence, however that came about."""

    OPEN = "open"
    GIVEN = "given"
    DECLINED = "declined"
    # By the person, or with their account as it was shut.
    WITHDRAWN = "withdrawn"


class LicenseRequest(Base, CompanyRow):
    """One person asks for a licence, with a word of their own. A person has one open request at most."""

    __tablename__ = "license_requests"
    __table_args__ = (
        # Whoever asks is of the company whose administrators answer.
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered"),
        partial_index("uq_license_requests_open", "state = 'open'", "user_id", unique=True),
        partial_index("ix_license_requests_open", "state = 'open'", "company_id", "id"),
        sa.Index("ix_license_requests_user_id", "user_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId)
    # Why, as the person says it; may be empty.
    word: Mapped[str] = mapped_column(sa.Text, default="")
    asked_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState, "state"), default=RequestState.OPEN)
    answered_at: Mapped[dt.datetime | None]
    # Staff have no company, so this is a plain foreign key; None is the system itself.
    answered_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    # What whoever declined it said; may be empty.
    answer: Mapped[str] = mapped_column(sa.Text, default="")

    user: Mapped[User] = person_in("LicenseRequest.user_id")
    answered_by: Mapped[User | None] = person_in("LicenseRequest.answered_by_id")

    @classmethod
    def where_open(cls) -> sa.ColumnElement[bool]:
        """Whether nobody has answered it yet, as SQL: in the words of the partial indexes, so that they are used."""
        return cls.state == sa.literal_column("'open'")
