"""Shutting a person out of the desk, with or without their seat, and letting them in again. Nothing is erased."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import sqlalchemy as sa

from access import Actor
from models import JournalVerb, License, LicenseStatus, User, db
from services import licenses
from services.foundation import edits, journal, tokens
from services.foundation.transaction import CompanyTurn, Turn
from services.people import accounts, oneself
from services.people.administrators import check_dispensable, people_lock


class Seats(enum.StrEnum):
    """What becomes of the licences of somebody who is deactivated."""

    # They are free again at once.
    RELEASE = "release"
    # They stay with the person until they end, for whoever comes back.
    KEEP = "keep"


def deactivate(user: User, seats: Seats, *, by: Actor, seen: str | None = None) -> None:
    """Shut the person out: their sessions end, their links stop working. Doing it twice is no error.

    They are told nothing: no mail goes to an account that is closed. A licence that is suspended cannot be released
    and stays theirs in any case.

    Args:
        seen: `seats_seen` of the licences that the page said the person holds; None skips the check.

    Raises:
        Refused: `yourself`, `last_administrator`, or `changed_meanwhile` when they hold other licences by now.
    """
    user_id = user.id
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if not user.active:
            return
        check_dispensable(turn, user, by)
        held = held_by(user)
        if seen is not None:
            edits.changed_since(seen, seats_seen(held))
        _shut_out(turn, user, by)
        if seats is Seats.RELEASE and isinstance(turn, CompanyTurn):
            licenses.take_back(turn, licenses.holdings(turn.company.id, held), by)


def reactivate(user: User, *, by: Actor) -> None:
    """Let the person in again, with the password of before. Doing it twice is no error."""
    user_id = user.id
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if user.active:
            return
        user.active = True
        accounts.tell_administrators(turn, user, by)
        journal.record(
            turn,
            JournalVerb.PERSON_REACTIVATED,
            by=by,
            subject=user,
            before={"active": False},
            after={"active": True},
        )


def held_by(user: User) -> list[int]:
    """The ids of the licences that could be taken back from the person, in their order."""
    held = sa.select(License.id).where(License.user_id == user.id, License.status == LicenseStatus.ACTIVE)
    return list(db.session.scalars(held.order_by(License.id)))


def seats_seen(license_ids: Iterable[int]) -> str:
    """What a page says of the licences that it showed, for `deactivate`."""
    return ",".join(map(str, license_ids))


# --- Steps and helpers ----------------------------------------------------------------------------------------------


def _shut_out(turn: Turn, user: User, by: Actor) -> None:
    user.active = False
    tokens.void(turn, user.id)
    oneself.end_sessions(turn, user)
    journal.record(
        turn,
        JournalVerb.PERSON_DEACTIVATED,
        by=by,
        subject=user,
        before={"active": True},
        after={"active": False},
    )
