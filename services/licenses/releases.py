"""Taking licences back from their holders: one, many at once, and the step that other verbs need."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import Assignment, JournalVerb, License, LicenseStatus, User, db
from services.foundation import journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import refusals
from services.mail import letters


@dataclasses.dataclass(frozen=True)
class Taken:
    """A licence that was taken back: its assignment, now ended, and who held it."""

    license: License
    assignment: Assignment
    holder: User


@dataclasses.dataclass(frozen=True)
class Released:
    """What came of taking several back: how many were, and why others were not, by the licence's id."""

    count: int
    refused: dict[int, Refused]


def release(license: License, by: Actor, *, held_by: int | None) -> None:
    """Take the licence back: it is free again, and still paid for. Releasing a free one does nothing.

    Args:
        held_by: Who held it when the page was made on which somebody chose to take it back.

    Raises:
        Refused: `suspended`, while its payment is disputed; `holder_changed`, when somebody else holds it by now.
    """
    for refused in release_all(license.company_id, {license.id: held_by}, by).refused.values():
        raise refused


def release_all(company_id: int, held_by: Mapping[int, int | None], by: Actor) -> Released:
    """Take licences of one company back, as one operation; one that is refused keeps no other from it.

    Twelve statements for up to a thousand licences.

    Args:
        held_by: By the id of each licence, as in `release`.

    Raises:
        LookupError: one of them is no licence of the company.
    """
    with company_lock(company_id) as turn:
        chosen = db.session.scalars(
            sa.select(License)
            .where(License.id.in_(held_by), License.company_id == company_id)
            .order_by(License.id)
        ).all()
        if len(chosen) != len(held_by):
            raise LookupError("a license of another company, or none")
        held = [license for license in chosen if license.user_id is not None]
        people = _people({license.user_id for license in held})
        refused = {
            license.id: why for license in held if (why := _refusal(license, held_by[license.id], people))
        }
        taken = take_back(turn, [license for license in held if license.id not in refused], people, by)
        letters.license_released(turn, [(one.license, one.assignment, one.holder) for one in taken], by)
        return Released(len(taken), refused)


def _refusal(license: License, held_by: int | None, people: Mapping[int, User]) -> Refused | None:
    if license.status == LicenseStatus.SUSPENDED:
        return refusals.suspended()
    if license.user_id == held_by:
        return None
    return Refused(
        Code.HOLDER_CHANGED,
        _(
            "%(name)s holds this license by now, not whom you saw. Nothing was changed: look again.",
            name=people[license.user_id or 0].name,
        ),
    )


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def take_back(
    turn: CompanyTurn, held: Sequence[License], people: Mapping[int, User], by: Actor
) -> list[Taken]:
    """End the open assignments of held licences and free them. Sends no mail.

    Args:
        people: Their holders, by id.
    """
    if not held:
        return []
    operations.begin(turn, JournalVerb.LICENSE_RELEASED, by, turn.company.id)
    open_ones = sa.select(Assignment).where(
        Assignment.license_id.in_([license.id for license in held]), Assignment.ended_at.is_(None)
    )
    assignments = {one.license_id: one for one in db.session.scalars(open_ones)}
    taken = [Taken(one, assignments[one.id], people[one.user_id or 0]) for one in held]
    ended = operations.change(
        turn, [one.assignment for one in taken], ended_at=turn.now, taken_by_id=by.user_id
    )
    freed = operations.change(turn, held, user_id=None, assigned_at=None, activated_at=None)
    operations.note(turn, [*ended, *freed])
    journal.record_all(turn, JournalVerb.LICENSE_RELEASED, [_told(one) for one in taken], by=by)
    return taken


def _told(one: Taken) -> journal.Told:
    return journal.Told(
        subject=one.license,
        related={"user": one.holder.id, "plan": one.license.plan_id},
        before={"user": one.holder.id},
        after={"user": None},
    )


def _people(ids: set[int | None]) -> dict[int, User]:
    found = sa.select(User).where(User.id.in_(ids - {None}))
    return {user.id: user for user in db.session.scalars(found)}
