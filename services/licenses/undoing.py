"""How licences that were given or taken back go back: what `operations.undo` calls for all those of one act, in sets.

What hangs together goes back together or not at all: the licence that somebody got in the place of another one, the one that went
from a person to a colleague. So an undoing takes from nobody what it gives back to nobody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import (
    Assignment,
    JournalEntry,
    JournalVerb,
    License,
    LicenseState,
    Operation,
    OperationRow,
    Post,
    Renewal,
    SubjectKind,
    User,
    db,
    in_parts,
)
from services.foundation import operations
from services.foundation.transaction import CompanyTurn
from services.licenses import assignments, releases, removals
from services.mail import letters

_OUT_OF_REACH = {LicenseState.REMOVED, LicenseState.REVOKED, LicenseState.SUSPENDED}


@dataclasses.dataclass(frozen=True)
class Moved:
    """What an act did to one licence: all that it noted of it, and what that comes to."""

    license: License
    notes: Sequence[OperationRow]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    # Whether it was no longer as the act left it when the undoing began.
    has_moved: bool

    @property
    def giver(self) -> int | None:
        """The person from whom it went."""
        return self.before.get("user_id")

    @property
    def receiver(self) -> int | None:
        """The person to whom it went."""
        return self.after.get("user_id")


@operations.goes_back_by(License)
def go_back(turn: CompanyTurn, noted: Sequence[OperationRow], by: Actor) -> dict[int, str]:
    """Bring removed licences back, give those that were taken back to whom they were taken from, and take those that were given
    from whom they were given to. As `GoBack`."""
    moves, left = _moves(noted), dict[int, str]()
    for move in moves:
        if move.has_moved:
            left |= {note.id: _moved(move.license) for note in move.notes}
        elif "gone_at" in move.after:
            removals.bring_back(turn, move.license, by)
        elif "renewal" in move.after:
            removals.redecide(turn, move.license, Renewal(move.before["renewal"]), by)
    seats = [move for move in moves if "user_id" in move.after]
    known = _known_of(turn, seats, noted[0].operation_id)
    back: list[Moved] = []
    for together in _hanging_together(seats):
        why = next((why for move in together if (why := known.why_not(move, together)) is not None), None)
        if why is None:
            back += together
        else:
            of_seats = (note for move in together for note in move.notes if "user_id" in note.after)
            left |= {note.id: why for note in of_seats if note.id not in left}
    _exchange(turn, back, known, by)
    return left


def _exchange(turn: CompanyTurn, moves: Sequence[Moved], known: _Known, by: Actor) -> None:
    """Take back all that was given, then give back all that was taken: new assignments with the activation of before, so that the
    history says what happened, second by second."""
    given = [move.license.id for move in moves if move.receiver is not None]
    releases.take_back(turn, releases.holdings(turn.company.id, given), by)
    assignments.give_all(
        turn,
        [
            assignments.Gift(
                move.license,
                known.people[move.giver],
                restores=known.ended[move.license.id].id,
                activated_at=operations.instant(move.before["activated_at"]),
            )
            for move in moves
            if move.giver is not None
        ],
        by,
    )


# --- What is known of what is to go back -------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Known:
    """What an undoing of seats is decided on.

    Attributes:
        people: Those from whom licences went, by their number.
        shut_out: Those of them who were deactivated since; whoever was before held it all the same.
        held: The licences that these hold by now, by person and product.
        ended: The assignments that the act ended, by licence: none of one that was given and taken since, by somebody else.
    """

    turn: CompanyTurn
    people: Mapping[int, User]
    shut_out: Collection[int]
    held: Mapping[tuple[int, str], int]
    ended: Mapping[int, Assignment]

    def why_not(self, move: Moved, together: Sequence[Moved]) -> str | None:
        """Why a licence does not go back, with those that hang together with it; None where it does."""
        license = move.license
        if move.has_moved or license.state(self.turn.now) in _OUT_OF_REACH - self._brought_back(move):
            return _moved(license)
        if move.giver is None:
            return None
        person = self.people[move.giver]
        if person.id in self.shut_out:
            return str(_("%(name)s has been deactivated since, and gets nothing back.", name=person.name))
        own = self.held.get((person.id, license.product))
        if own is not None and own not in {other.license.id for other in together}:
            return str(_("%(name)s holds another license by now, and gets nothing back.", name=person.name))
        return None if license.id in self.ended else _moved(license)

    def _brought_back(self, move: Moved) -> set[LicenseState]:
        """What a licence may be that this undoing has just brought back."""
        return {LicenseState.SUSPENDED} if "gone_at" in move.after else set()


def _moves(noted: Sequence[OperationRow]) -> list[Moved]:
    """What the act did to each licence, in the order in which it came to them."""
    notes: dict[int, list[OperationRow]] = {}
    for note in noted:
        notes.setdefault(note.row_id, []).append(note)
    found: dict[int, License] = {}
    for part in in_parts(notes):
        read = sa.select(License).where(License.id.in_(part)).options(joinedload(License.plan))
        found |= {row.id: row for row in db.session.scalars(read)}
    return [_move(found[row_id], own) for row_id, own in notes.items()]


def _move(license: License, notes: Sequence[OperationRow]) -> Moved:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for note in notes:
        before = dict(note.before) | before
        after |= note.after
    return Moved(license, notes, before, after, operations.has_moved(license, after))


def _hanging_together(moves: Sequence[Moved]) -> Iterator[list[Moved]]:
    """The licences by what hangs together: of one product, through whoever gave one and got the other."""
    group: dict[tuple[int, str], list[Moved]] = {}
    for move in moves:
        mine = [move]
        for hand in _hands(move):
            other = group.get(hand, [])
            if other is not mine:
                mine = [*other, *mine]
        group |= {hand: mine for one in mine for hand in _hands(one)}
    yield from {id(found): found for found in group.values()}.values()


def _hands(move: Moved) -> set[tuple[int, str]]:
    """Through whose hands it went, each with its product: they hold one of it at most."""
    return {(person, move.license.product) for person in (move.giver, move.receiver) if person is not None}


def _known_of(turn: CompanyTurn, moves: Sequence[Moved], operation_id: str) -> _Known:
    people: dict[int, User] = {}
    held: dict[tuple[int, str], int] = {}
    for part in in_parts(move.giver for move in moves):
        found = sa.select(User).where(User.id.in_(part)).execution_options(populate_existing=True)
        people |= {row.id: row for row in db.session.scalars(found)}
        own = sa.select(License.user_id, License.product, License.id).where(License.user_id.in_(part))
        held |= {(row.user_id, row.product): row.id for row in db.session.execute(own) if row.user_id}
    return _Known(turn, people, _shut_out(people, operation_id), held, _ended(moves, operation_id))


def _shut_out(people: Mapping[int, User], operation_id: str) -> set[int]:
    """Those of the people who were deactivated after the act."""
    inactive, entry = [row_id for row_id, person in people.items() if not person.is_active], JournalEntry
    since = sa.select(Operation.at).where(Operation.id == operation_id).scalar_subquery()
    shut = (
        entry.verb == JournalVerb.PERSON_DEACTIVATED,
        entry.subject_type == SubjectKind.USER,
        entry.at > since,
    )
    found: set[int] = set()
    for part in in_parts(inactive):
        found |= set(db.session.scalars(sa.select(entry.subject_id).where(*shut, entry.subject_id.in_(part))))
    return found


def _ended(moves: Sequence[Moved], operation_id: str) -> dict[int, Assignment]:
    """Of each licence that was taken, the assignment that the act ended: not of one that was given and taken since.

    A licence that was passed on has two in the act, and goes back to the first.
    """
    in_it = sa.select(OperationRow.row_id).where(
        OperationRow.operation_id == operation_id, OperationRow.table_name == Assignment.__tablename__
    )
    ids, taken = set(db.session.scalars(in_it)), {m.license.id: m.giver for m in moves if m.giver is not None}
    latest: dict[int, int] = {}
    found: dict[int, Assignment] = {}
    for part in in_parts(taken):
        of_part = sa.select(Assignment).where(Assignment.license_id.in_(part)).order_by(Assignment.id)
        for one in db.session.scalars(of_part):
            latest[one.license_id] = one.id
            if one.id in ids and one.user_id == taken[one.license_id]:
                found.setdefault(one.license_id, one)
    return {license_id: one for license_id, one in found.items() if latest[license_id] in ids}


def _moved(license: License) -> str:
    return str(_("License %(key)s… has moved since, and stays as it is.", key=license.key[:11]))


@operations.tells_of_undoing
def tell(turn: CompanyTurn, by: Actor) -> None:
    """One mail to each person who got or lost a licence by the undoing: it says how things now stand. As `Tell`."""
    if turn.post == Post.NONE:
        return
    moved = sa.select(OperationRow.row_id).where(
        OperationRow.operation_id == turn.operation, OperationRow.table_name == Assignment.__tablename__
    )
    touched = db.session.execute(
        sa.select(Assignment, License, User)
        .join(License, License.id == Assignment.license_id)
        .join(User, User.id == Assignment.user_id)
        .where(Assignment.id.in_(moved))
        .order_by(Assignment.id)
    ).all()
    given = {
        user.id: letters.Given(license, user, one.id)
        for one, license, user in touched
        if one.ended_at is None and license.is_live(turn.now)
    }
    letters.license_assigned(turn, list(given.values()), by)
    lost = [
        (license, one, user)
        for one, license, user in touched
        if one.ended_at is not None and user.id not in given and user.is_active
    ]
    letters.license_released(turn, lost, by)
