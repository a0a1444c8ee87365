"""Adding the people of a batch that somebody confirmed: all of them in one transaction, with the licences that were shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import (
    Batch,
    License,
    LicenseState,
    Post,
    Role,
    RowOutcome,
    User,
    address_key,
    db,
    in_parts,
    utcnow,
)
from services.batches import giving
from services.batches import rows as batch_rows
from services.batches.rows import Row
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, Overtaken, Turn
from services.imports.deciding import invitations_allowed, is_limited
from services.licenses import assignments, releases
from services.people import accounts, addresses, undoing

_VALUES = ("email", "first_name", "last_name", "role", "language")


def begin(batch: Batch, rows: Sequence[Row], by: Actor) -> Callable[[Turn], None]:
    """Read who is new, before anything is written; returns the step that adds them before the company is locked: half of the work, and
    nobody counts or moves them yet. Rows that seem to have moved are left to `apply`. As `kinds.Kind.begin`.
    """
    company_id = batch.company_id
    if company_id is None:
        raise LookupError("people are imported into a company")
    new = [row for row in rows if row.user_id is None and "first_name" in row.seen]
    there, ends = _since(company_id, new), _ends(new, utcnow())
    new = [
        row
        for row in new
        if address_key(row.seen["email"]) not in there and (row.license_id is None or row.license_id in ends)
    ]
    newcomers = _newcomers(new, {}, ends)
    written = accounts.written([one for _row, one in newcomers], company_id)

    def add(turn: Turn) -> None:
        if new and not _may_invite(turn, batch, len(new), by):
            raise Overtaken
        added = _add(turn, company_id, newcomers, by, written)
        for row, user in zip(new, added, strict=True):
            row.begun = user

    return add


def apply(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    """Add those who are new, wake those whose addition was taken back, and give the licences. A step, as `kinds.Kind.apply`.

    Raises:
        Refused: `too_many` invitations by now.
    """
    people = _leave_moved(turn, rows)
    seats = _leave_seatless(turn, rows, people)
    new = [row for row in rows if row.outcome == RowOutcome.READY and "first_name" in row.seen]
    # Others may have been invited since those who were added before the lock, who count by now.
    if (new or any(row.begun is not None for row in rows)) and not _may_invite(turn, batch, len(new), by):
        raise _too_many()
    ends = {key: seat.usable_until for key, seat in seats.items()}
    added = _add(turn, turn.company.id, _newcomers(new, people, ends), by)
    people |= {user.id: user for user in added}
    _give(turn, rows, people, seats, by)


def _ends(rows: Sequence[Row], now: dt.datetime) -> dict[int, dt.datetime]:
    """Until when the licences of rows can be used, by number; of those that can still be given."""
    ends: dict[int, dt.datetime] = {}
    free = License.where_state(LicenseState.AVAILABLE, now)
    for part in in_parts(row.license_id for row in rows):
        found = sa.select(License.id, License.usable_until).where(License.id.in_(part), free)
        ends |= dict(db.session.execute(found).all())
    return ends


def _newcomers(
    rows: Sequence[Row], people: Mapping[int, User], ends: Mapping[int, dt.datetime]
) -> list[tuple[Row, accounts.Newcomer]]:
    """Whom rows add, or wake, where `people` has them."""
    return [
        (
            row,
            accounts.Newcomer(
                accounts.DEFAULTS | {name: row.seen[name] for name in _VALUES},
                people.get(row.user_id or 0),
                ends.get(row.license_id or 0),
            ),
        )
        for row in rows
    ]


def _add(
    turn: Turn,
    company_id: int,
    newcomers: Sequence[tuple[Row, accounts.Newcomer]],
    by: Actor,
    written: Sequence[Mapping[str, Any]] | None = None,
) -> list[User]:
    """Add or wake them, and write down in their rows who they are. Returns them."""
    people = [one for _row, one in newcomers]
    added = accounts.add_people(turn, people, company_id, by=by, invite=True, rows=written)
    for (row, _one), user in zip(newcomers, added, strict=True):
        row.user_id = user.id
        # It is theirs now, and kept there alone.
        row.seen = {}
        if user.role == Role.ADMIN:
            accounts.tell_administrators(turn, user, by)
    batch_rows.write([row for row, _one in newcomers], ("user_id", "seen"))
    return added


def _since(company_id: int, rows: Sequence[Row]) -> set[str]:
    """The addresses, as they are compared, of those of rows who are in the list by now."""
    found = addresses.of_company(company_id, [row.seen["email"] for row in rows])
    return {address_key(user.email) for user in found}


def _leave_moved(turn: CompanyTurn, rows: Sequence[Row]) -> dict[int, User]:
    """Leave the rows whose person is no longer as it was shown; returns those who were there, by number."""
    since = _since(turn.company.id, [row for row in rows if row.user_id is None])
    # Those who were added just now are as they were shown.
    people = {row.begun.id: row.begun for row in rows if row.begun is not None}
    for part in in_parts(row.user_id for row in rows if row.begun is None):
        people |= {user.id: user for user in db.session.scalars(sa.select(User).where(User.id.in_(part)))}
    asleep = undoing.were_undone([user.id for user in people.values() if not user.active])
    for row in rows:
        user = people.get(row.user_id or 0)
        if user is None and address_key(row.seen["email"]) in since:
            why = _(
                "%(email)s came into the list in the meantime, and stays as it is.", email=row.seen["email"]
            )
            row.leave(why, RowOutcome.MOVED)
        elif user is not None and not (user.id in asleep if row.seen.get("wakes") else user.active):
            row.leave(
                _("The account of %(name)s was changed in the meantime.", name=user.name), RowOutcome.MOVED
            )
    return people


def _leave_seatless(turn: CompanyTurn, rows: Sequence[Row], people: dict[int, User]) -> dict[int, License]:
    """Leave the rows whose licence was given, moved or lost in the meantime; returns the licences by number."""
    known = giving.licenses_of(row.license_id for row in rows)
    seats = {key: seat for key, seat in known.items() if seat.is_assignable(turn.now)}
    # Those who were added just now hold nothing.
    held = {
        (license.user_id, license.product): license
        for part in in_parts(row.user_id for row in rows if row.begun is None)
        for license in db.session.scalars(sa.select(License).where(License.user_id.in_(part)))
    }
    for row in rows:
        if row.license_id is None or row.outcome != RowOutcome.READY:
            continue
        seat = seats.get(row.license_id)
        if seat is None:
            row.leave(
                _("The license that was to go with it was given or lost in the meantime."), RowOutcome.MOVED
            )
        elif (own := held.get((row.user_id, seat.product))) is not None and (
            own.id != row.other_id or not own.gives_way(turn.now)
        ):
            name = people[row.user_id or 0].name
            row.leave(_("%(name)s got a license in the meantime.", name=name), RowOutcome.MOVED)
    return seats


def _may_invite(turn: Turn, batch: Batch, count: int, by: Actor) -> bool:
    """Whether so many invitations may still leave today: others were invited since it was shown."""
    if not is_limited(batch, by) or turn.post == Post.NONE:
        return True
    return invitations_allowed(batch.company_id or 0, turn.now) >= count


def _too_many() -> Refused:
    return Refused(
        Code.TOO_MANY,
        _(
            "More invitations left your company in the meantime than these leave room for today. Nothing was changed: "
            "have it prepared anew."
        ),
    )


def _give(
    turn: CompanyTurn, rows: Sequence[Row], people: dict[int, User], seats: dict[int, License], by: Actor
) -> None:
    given = [row for row in rows if row.outcome == RowOutcome.READY and row.license_id is not None]
    over = [row.other_id for row in given if row.other_id is not None]
    if over:
        releases.take_back(turn, releases.holdings(turn.company.id, over), by)
    gifts = [
        assignments.Gift(seats[row.license_id], people[row.user_id])
        for row in given
        if row.license_id is not None and row.user_id is not None
    ]
    assignments.give_all(turn, gifts, by)
