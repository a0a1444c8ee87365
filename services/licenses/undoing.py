"""How a licence that was given or taken back goes back: what `operations.undo` calls for each."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, License, LicenseState, OperationRow, Renewal, User, db
from services.foundation import operations
from services.foundation.transaction import CompanyTurn
from services.licenses import assignments, releases, removals
from services.mail import letters


@operations.goes_back_by(License)
def go_back(turn: CompanyTurn, noted: OperationRow, by: Actor) -> str | None:
    """Bring a removed licence back, give one back to whom it was taken from, or take it back from whom it was given to. As `GoBack`."""
    license = db.session.get_one(License, noted.row_id, options=[joinedload(License.plan)])
    if operations.has_moved(license, noted):
        return _moved(license)
    if "gone_at" in noted.after:
        removals.bring_back(turn, license, by)
    elif "renewal" in noted.after:
        removals.redecide(turn, license, Renewal(noted.before["renewal"]), by)
    elif license.state(turn.now) in _OUT_OF_REACH:
        return _moved(license)
    elif noted.before["user_id"] is None:
        return _take_back(turn, license, noted, by)
    else:
        return _give(turn, license, noted, by)
    return None


def _moved(license: License) -> str:
    return str(_("License %(key)s… has moved since, and stays as it is.", key=license.key[:11]))


_OUT_OF_REACH = {LicenseState.REMOVED, LicenseState.REVOKED, LicenseState.SUSPENDED}


def _take_back(turn: CompanyTurn, license: License, noted: OperationRow, by: Actor) -> str | None:
    """From whom it was given to, unless they or somebody else would be left without what the operation took from them."""
    for other in _taken_before(noted):
        former = db.session.get_one(License, other.row_id, options=[joinedload(License.plan)])
        if former is not license and (
            operations.has_moved(former, other) or former.state(turn.now) in _OUT_OF_REACH
        ):
            return _moved(former)
        if (why := _not_to_be_given(former, other, besides=license)) is not None:
            return why
    releases.take_back(turn, releases.holdings(license.company_id, [license.id]), by)
    return None


def _taken_before(noted: OperationRow) -> list[OperationRow]:
    """What the operation took for the sake of what it gave: this very licence from another, or another one of this person's."""
    halves = sa.select(OperationRow).where(
        OperationRow.operation_id == noted.operation_id,
        OperationRow.table_name == License.__tablename__,
        OperationRow.id < noted.id,
    )
    return [
        other
        for other in db.session.scalars(halves)
        if (before := other.before.get("user_id")) is not None
        and (other.row_id == noted.row_id or before == noted.after["user_id"])
    ]


def _not_to_be_given(license: License, noted: OperationRow, *, besides: License | None = None) -> str | None:
    """Why whoever held it does not get it back; `besides` is what they hold until then."""
    person, own = assignments.holder_of(noted.before["user_id"], license.product)
    if not person.is_active:
        return str(_("%(name)s has been deactivated since, and gets nothing back.", name=person.name))
    if own is not None and own is not besides:
        return str(_("%(name)s holds another license by now, and gets nothing back.", name=person.name))
    return _moved(license) if _ended_by(noted) is None else None


def _give(turn: CompanyTurn, license: License, noted: OperationRow, by: Actor) -> str | None:
    """A new assignment with the activation of before: the history says what happened, second by second."""
    if (why := _not_to_be_given(license, noted)) is not None:
        return why
    person, _own = assignments.holder_of(noted.before["user_id"], license.product)
    ended = _ended_by(noted)
    if ended is None:
        return _moved(license)
    activated = noted.before["activated_at"]
    assignments.give(
        turn,
        license,
        person,
        by,
        restores=ended,
        activated_at=dt.datetime.fromisoformat(activated) if activated else None,
    )
    return None


def _ended_by(noted: OperationRow) -> Assignment | None:
    """The assignment that the operation ended: None when the licence was given and taken since, by somebody else.

    A licence that was passed on has two in the operation, and goes back to the first.
    """
    held = sa.select(Assignment).where(Assignment.license_id == noted.row_id).order_by(Assignment.id.desc())
    in_it = sa.select(OperationRow.row_id).where(
        OperationRow.operation_id == noted.operation_id,
        OperationRow.table_name == Assignment.__tablename__,
    )
    ids = set(db.session.scalars(in_it))
    latest, *earlier = db.session.scalars(held.limit(2))
    if latest.id not in ids:
        return None
    return next((one for one in (latest, *earlier) if one.user_id == noted.before["user_id"]), None)


@operations.tells_of_undoing
def tell(turn: CompanyTurn, by: Actor) -> None:
    """One mail to each person who got or lost a licence by the undoing: it says how things now stand. As `Tell`."""
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
        user.id: (license, one)
        for one, license, user in touched
        if one.ended_at is None and license.is_live(turn.now)
    }
    for license, assignment in given.values():
        letters.license_assigned(turn, license, assignment, by)
    lost = [
        (license, one, user)
        for one, license, user in touched
        if one.ended_at is not None and user.id not in given and user.is_active
    ]
    letters.license_released(turn, lost, by)
