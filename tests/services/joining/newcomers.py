"""What both files of this room's tests do: ask with a link, answer the mail, and see who is on the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from access import Actor
from models import FirmLink, JoinRequest, Language, OutgoingMail, User, day_in, db, utcnow
from services.joining import firm_links
from services.links import tokens
from tests.conftest import Cast

DAY = dt.timedelta(days=1)
NADIA = {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}


def today(cast: Cast) -> dt.date:
    return day_in(cast.acme.zone, utcnow())


def ask(link: FirmLink | str, language: Language = Language.FR, **typed: str) -> Any:
    """Ask with the link; the token of the mail to who is not on the list yet, else None."""
    db.session.rollback()
    token = link if isinstance(link, str) else str(tokens.grown(link))
    before = set(db.session.scalars(sa.select(JoinRequest.id)))
    firm_links.ask(token, NADIA | typed, language, by=Actor(address="192.0.2.7"))
    found = db.session.scalars(sa.select(JoinRequest).where(JoinRequest.id.not_in(before))).one_or_none()
    return tokens.grown(found) if found else None


def join(token: str) -> User:
    return firm_links.join(token, address="192.0.2.7")


def mails() -> list[tuple[str, str | None]]:
    """(which, to whom) of every mail, the oldest first."""
    found = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)).all()
    return [(mail.template, mail.user.email if mail.user else mail.address) for mail in found]


def people(cast: Cast) -> set[str]:
    db.session.rollback()
    return {user.email for user in db.session.scalars(sa.select(User).filter_by(company_id=cast.acme.id))}
