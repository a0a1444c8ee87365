"""Invitation links of a firm: the one way onto a company's list without having been typed in; and who asked to come in by one."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.addresses import MailAddress
from tables.base import Base, BigId, Language, StaffRow, enum_column, utcnow
from tables.who import ActorKind, CompanyRow, User, acted_check, person_in

MAX_PLACES = 1000


class FirmLinkState(enum.StrEnum):
    """Whether somebody can still come in by a link, and why not. `admin_views/labels.py` has the words of each."""

    OPEN = "open"
    FULL = "full"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class FirmLink(Base, CompanyRow):
    """A link for whoever has an address of `domain`: so many people, until the end of a day, unless it is withdrawn before.

    Its token follows from `seed` and the desk's secret (`services/links/tokens.py`), so that an administrator can copy
    it again, and whoever has but a copy of the database cannot.
    """

    __tablename__ = "firm_links"
    __table_args__ = (
        sa.CheckConstraint(f"places BETWEEN 1 AND {MAX_PLACES}", name="places"),
        sa.CheckConstraint("used BETWEEN 0 AND places", name="used"),
        acted_check("made_by_id", "made_as"),
        sa.Index("ix_firm_links_company_id", "company_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    domain: Mapped[str] = mapped_column(MailAddress(253))
    # How many people it lets in, and how many have come.
    places: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    # Where the company is, and the instant at which that day is over.
    last_day: Mapped[dt.date]
    expires_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]
    seed: Mapped[str] = mapped_column(sa.String(64))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    made_as: Mapped[ActorKind] = mapped_column(
        enum_column(ActorKind, "made_as_kind"), default=ActorKind.PERSON
    )
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    made_by: Mapped[User | None] = person_in("FirmLink.made_by_id")

    def __str__(self) -> str:
        return self.domain

    def state(self, now: dt.datetime | None = None) -> FirmLinkState:
        """As `firm_link_state`, at `now`."""
        return firm_link_state(self.withdrawn_at, self.expires_at, self.used, self.places, now)


def firm_link_state(
    withdrawn_at: dt.datetime | None,
    expires_at: dt.datetime,
    used: int,
    places: int,
    now: dt.datetime | None = None,
) -> FirmLinkState:
    """The state of a link of its columns."""
    if withdrawn_at is not None:
        return FirmLinkState.WITHDRAWN
    if used >= places:
        return FirmLinkState.FULL
    return FirmLinkState.OPEN if expires_at > (now or utcnow()) else FirmLinkState.EXPIRED


class JoinRequest(Base, StaffRow):
    """What somebody typed who came by a firm's link: they are on no list until they answer at the address. Gone once they do.

    The company does not see it: nobody has shown yet that the address is theirs.
    """

    __tablename__ = "join_requests"
    __table_args__ = (
        sa.Index("ix_join_requests_firm_link_id", "firm_link_id", "created_at"),
        sa.Index("ix_join_requests_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    firm_link_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("firm_links.id"))
    email: Mapped[str] = mapped_column(MailAddress(254))
    first_name: Mapped[str] = mapped_column(sa.String(100))
    last_name: Mapped[str] = mapped_column(sa.String(100))
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"))
    seed: Mapped[str] = mapped_column(sa.String(64))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]

    firm_link: Mapped[FirmLink] = relationship(foreign_keys=[firm_link_id], viewonly=True)
