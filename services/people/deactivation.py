"""Shutting a person out of the desk, with or without their seat, and letting them in again. Nothing is erased."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import sqlalchemy as sa

from access import Actor
from models import JournalVerb, License, LicenseStatus, User, db
from services import licenses
from services.foundation import edits, journal, tokens
from services.foundation.transaction import CompanyTurn, Turn
from services.people import accounts, oneself
from services.people.administrators import (
    check_actor,
    check_dispensable,
    check_not_erased,
    people_lock,
)


class Seats(enum.StrEnum):
    """What becomes of the licences of somebody who is deactivated."""

    # They are free again at once.
    RELEASE = "release"
    # They go to a colleague.
    TRANSFER = "transfer"
    # They stay with the person until they end, for whoever comes back.
    KEEP = "keep"


def deactivate(
    user: User, seats: Seats, *, by: Actor, to: User | None = None, seen: str | None = None
) -> None:
    """Shut the person out: their sessions end, their links stop working. Doing it twice is no error.

    They are told nothing: no mail goes to an account that is closed. A licence that is suspended cannot be released
    and stays theirs in any case.

    Args:
        to: Whom the licences go to, with `Seats.TRANSFER`: all of them, or nothing is done.
        seen: `seats_seen` of the licences that the page said the person holds; None skips the check.

    Raises:
        Refused: `yourself`, `last_administrator`, `access_ended`, or `changed_meanwhile` when they hold other licences
            by now; what `licenses.transfer` refuses.
        LookupError: `to` is of another company.
    """
    user_id, to_id = user.id, to.id if to else None
    if to is not None and to.company_id != user.company_id:
        raise LookupError("the person is of another company")
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if not user.active:
            return
        check_dispensable(turn, user, by)
        check_actor(turn, by)
        held = held_by(user, turn.now)
        if seen is not None:
            edits.changed_since(seen, seats_seen(held))
        _shut_out(turn, user, by)
        if not isinstance(turn, CompanyTurn):
            return
        if seats is Seats.RELEASE:
            licenses.take_back(turn, licenses.holdings(turn.company.id, held), by)
        elif seats is Seats.TRANSFER and to_id is not None:
            # What is over, in grace, is of no use to a colleague.
            moved = [key for key in held if db.session.get_one(License, key).is_movable(turn.now)]
            for license_id in moved:
                licenses.pass_on(turn, license_id, to_id, by, held_by=user_id)
            over = [key for key in held if key not in moved]
            licenses.take_back(turn, licenses.holdings(turn.company.id, over), by)


def reactivate(user: User, *, by: Actor) -> None:
    """Let the person in again, with the password of before; who never had one is invited. Doing it twice is no error."""
    user_id = user.id
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if user.active:
            return
        check_not_erased(turn, user)
        user.active = True
        if user.password is None:
            accounts.mail_invitation(turn, user, by)
        accounts.tell_administrators(turn, user, by)
        journal.record(
            turn,
            JournalVerb.PERSON_REACTIVATED,
            by=by,
            subject=user,
            before={"active": False},
            after={"active": True},
        )


def held_by(user: User, now: dt.datetime) -> list[int]:
    """The ids of the live licences that could be taken back from the person, in their order."""
    held = sa.select(License.id).where(
        License.user_id == user.id, License.status == LicenseStatus.ACTIVE, License.where_live(now)
    )
    return list(db.session.scalars(held.order_by(License.id)))


def seats_seen(license_ids: Iterable[int]) -> str:
    """What a page says of the licences that it showed, for `deactivate`."""
    return ",".join(map(str, license_ids))


# --- Steps and helpers ----------------------------------------------------------------------------------------------


def _shut_out(turn: Turn, user: User, by: Actor) -> None:
    user.active = False
    # Whoever is shut out answers at their address no more: it must not keep them from another company's account.
    user.confirmed_at = None
    oneself.forget_new_address(turn, user)
    tokens.void(turn, user.id)
    oneself.end_sessions(turn, user)
    licenses.close_with_account(turn, user.id, by)
    journal.record(
        turn,
        JournalVerb.PERSON_DEACTIVATED,
        by=by,
        subject=user,
        before={"active": True},
        after={"active": False},
    )
