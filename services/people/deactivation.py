"""Shutting a person out of the desk, with or without their seat, and letting them in again. Nothing is erased."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import JournalVerb, License, LicenseStatus, OperationRow, Role, User, address_key, db, in_parts
from services import licenses
from services.foundation import edits, journal, operations
from services.foundation.errors import Refused
from services.foundation.transaction import CompanyTurn, Turn
from services.links import tokens
from services.people import accounts, addresses, oneself, undoing
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
        held = held_by([user_id], turn.now)
        if seen is not None:
            edits.changed_since(seen, seats_seen(held))
        notes = _shut(turn, [user], by)
        if isinstance(turn, CompanyTurn):
            if seats is Seats.RELEASE:
                licenses.take_back(turn, licenses.holdings(turn.company.id, held), by)
            elif seats is Seats.TRANSFER and to_id is not None:
                _pass_on(turn, held, to_id, by, held_by=user_id)
        # At the end, so that undoing lets them in before it gives them back what they held.
        operations.note(turn, notes)


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


def held_by(user_ids: Iterable[int], now: dt.datetime) -> list[int]:
    """The ids of the live licences that could be taken back from people, in their order."""
    takeable = (License.status == LicenseStatus.ACTIVE, License.where_live(now))
    held = sa.select(License.id).where(*takeable).order_by(License.id)
    return [
        row_id
        for part in in_parts(user_ids)
        for row_id in db.session.scalars(held.where(License.user_id.in_(part)))
    ]


def seats_seen(license_ids: Iterable[int]) -> str:
    """What a page says of the licences that it showed, for `deactivate`."""
    return ",".join(map(str, license_ids))


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def people_of(user_ids: Iterable[int | None], *, lock: bool = False) -> dict[int, User]:
    """People by their number, kept from whoever else would change them if `lock`."""
    found: dict[int, User] = {}
    for part in in_parts(user_ids):
        read = sa.select(User).where(User.id.in_(part)).order_by(User.id)
        read = read.with_for_update().execution_options(populate_existing=True) if lock else read
        people = db.session.scalars(read)
        found |= {user.id: user for user in people}
    return found


def shut_out_all(turn: CompanyTurn, users: Sequence[User], seats: Seats, by: Actor) -> dict[int, Refused]:
    """As `deactivate` of many, with their licences or without; returns who stays, and why: the last who may let others in."""
    check_actor(turn, by)
    refused, notes = dict[int, Refused](), list[operations.Note]()
    for user in (user for user in users if user.role != Role.MEMBER):
        try:
            check_dispensable(turn, user, by)
        except Refused as why:
            refused[user.id] = why
        else:
            notes += _shut(turn, [user], by)
    notes += _shut(turn, [user for user in users if user.role == Role.MEMBER], by)
    if seats is Seats.RELEASE:
        held = held_by([user.id for user in users if user.id not in refused], turn.now)
        licenses.take_back(turn, licenses.holdings(turn.company.id, held), by)
    operations.note(turn, notes)
    return refused


def _pass_on(turn: CompanyTurn, held: Sequence[int], to_id: int, by: Actor, *, held_by: int) -> None:
    """Give somebody's licences to a colleague; what is over, in grace, is of no use to them, and is free."""
    moved = [key for key in held if db.session.get_one(License, key).is_movable(turn.now)]
    for license_id in moved:
        licenses.pass_on(turn, license_id, to_id, by, held_by=held_by)
    over = [key for key in held if key not in moved]
    licenses.take_back(turn, licenses.holdings(turn.company.id, over), by)


def _shut(turn: Turn, users: Sequence[User], by: Actor) -> list[operations.Note]:
    """Shut people out, all in the same state of their accounts; returns what to note of it."""
    if not users:
        return []
    operations.begin(turn, JournalVerb.PERSON_DEACTIVATED, by, users[0].company_id)
    ids = [user.id for user in users]
    # Whoever is shut out answers at their address no more: it must not keep them from another company's account.
    notes = operations.change(turn, users, active=False, confirmed_at=None)
    oneself.forget_new_addresses(turn, users)
    tokens.void(turn, ids)
    oneself.end_sessions(turn, users)
    licenses.close_with_accounts(turn, ids, by)
    told = [journal.Told(user, {}, {"active": True}, {"active": False}) for user in users]
    journal.record_all(turn, JournalVerb.PERSON_DEACTIVATED, told, by=by)
    return notes


@operations.goes_back_by(User)
def go_back(turn: CompanyTurn, noted: Sequence[OperationRow], by: Actor) -> dict[int, str]:
    """Let people in again who were shut out, and shut those out who were added. As `GoBack`."""
    people = people_of((note.row_id for note in noted), lock=True)
    added = [note for note in noted if note.after["active"]]
    left = undoing.take_back_additions(turn, added, people, by)
    return left | _let_in_again(turn, [note for note in noted if not note.after["active"]], people, by)


def _let_in_again(
    turn: CompanyTurn, noted: Sequence[OperationRow], people: Mapping[int, User], by: Actor
) -> dict[int, str]:
    """At the address that they answered at, unless somebody has claimed it since."""
    left = {
        note.id: str(_("%(name)s has changed since, and stays as they are.", name=people[note.row_id].name))
        for note in noted
        if operations.has_moved(people[note.row_id], note.after)
    }
    back = [note for note in noted if note.id not in left]
    claimed = addresses.claimed(people[note.row_id].email for note in back)
    users = [people[note.row_id] for note in back]
    values = [
        {
            "active": True,
            "confirmed_at": None
            if address_key(people[note.row_id].email) in claimed
            else operations.instant(note.before["confirmed_at"]),
        }
        for note in back
    ]
    operations.note(turn, operations.change_each(turn, users, values))
    told = [journal.Told(user, {}, {"active": False}, {"active": True}) for user in users]
    journal.record_all(turn, JournalVerb.PERSON_REACTIVATED, told, by=by)
    return left
