"""Taking licences back from their holders: one, many at once, and the step that other verbs need."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from access import Actor
from models import Assignment, JournalVerb, License, LicenseStatus, User, db
from services.foundation import journal, operations
from services.foundation.errors import Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import refusals
from services.mail import letters


@dataclasses.dataclass(frozen=True)
class Holding:
    """A licence that somebody holds: its open assignment, and who that is."""

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
        held = holdings(company_id, held_by)
        refused = {one.license.id: why for one in held if (why := refusal(one, held_by[one.license.id]))}
        taken = [one for one in held if one.license.id not in refused]
        take_back_and_tell(turn, taken, by)
        return Released(len(taken), refused)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def holdings(company_id: int, license_ids: Collection[int]) -> list[Holding]:
    """Those of the licences that somebody holds, in the order of their ids.

    Raises:
        LookupError: one of them is no licence of the company.
    """
    found = db.session.execute(
        sa.select(License, Assignment, User)
        .outerjoin(Assignment, (Assignment.license_id == License.id) & Assignment.ended_at.is_(None))
        .outerjoin(User, User.id == License.user_id)
        .where(License.id.in_(license_ids), License.company_id == company_id)
        .order_by(License.id)
    ).all()
    if len(found) != len(license_ids):
        raise LookupError("a license of another company, or none")
    return [Holding(*row) for row in found if row.License.user_id is not None]


def take_back(turn: CompanyTurn, held: Sequence[Holding], by: Actor) -> None:
    """End the assignments and free the licences. Sends no mail."""
    if not held:
        return
    operations.begin(turn, JournalVerb.LICENSE_RELEASED, by, turn.company.id)
    told = [_told(one) for one in held]
    ended = operations.change(
        turn, [one.assignment for one in held], ended_at=turn.now, taken_by_id=by.user_id
    )
    freed = operations.change(
        turn, [one.license for one in held], user_id=None, assigned_at=None, activated_at=None
    )
    operations.note(turn, [*ended, *freed])
    journal.record_all(turn, JournalVerb.LICENSE_RELEASED, told, by=by)


def take_back_and_tell(turn: CompanyTurn, held: Sequence[Holding], by: Actor) -> None:
    """As `take_back`, and mail each holder."""
    take_back(turn, held, by)
    letters.license_released(turn, [(one.license, one.assignment, one.holder) for one in held], by)


def _told(one: Holding) -> journal.Told:
    return journal.Told(
        subject=one.license,
        related={"user": one.holder.id, "plan": one.license.plan_id},
        before={"user": one.holder.id},
        after={"user": None},
    )


def refusal(held: Holding, held_by: int | None) -> Refused | None:
    """Why it cannot be taken back from `held_by`, whom a page said to hold it; None where it can."""
    if held.license.status == LicenseStatus.SUSPENDED:
        return refusals.suspended()
    return None if held.holder.id == held_by else refusals.holder_changed(held.holder)
