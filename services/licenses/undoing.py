"""How a licence that was given or taken back goes back: what `operations.undo` calls for each."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, License, LicenseState, OperationRow, db
from services.foundation import operations
from services.foundation.transaction import CompanyTurn
from services.licenses import assignments, releases


@operations.goes_back_by(License)
def go_back(turn: CompanyTurn, noted: OperationRow, by: Actor) -> str | None:
    """Give a licence back to whom it was taken from, or take it back from whom it was given to. As `GoBack`."""
    license = db.session.get_one(License, noted.row_id, options=[joinedload(License.plan)])
    if operations.has_moved(license, noted) or license.state(turn.now) in _OUT_OF_REACH:
        return _moved(license)
    if noted.before["user_id"] is None:
        releases.take_back_and_tell(turn, releases.holdings(license.company_id, [license.id]), by)
        return None
    return _give(turn, license, noted, by)


def _moved(license: License) -> str:
    return str(_("License %(key)s… has moved since, and stays as it is.", key=license.key[:11]))


_OUT_OF_REACH = {LicenseState.REVOKED, LicenseState.SUSPENDED}


def _give(turn: CompanyTurn, license: License, noted: OperationRow, by: Actor) -> str | None:
    """A new assignment with the activation of before: the history says what happened, second by second."""
    person, own = assignments.holder_of(noted.before["user_id"], license.product)
    if not person.is_active:
        return str(_("%(name)s has been deactivated since, and gets nothing back.", name=person.name))
    if own is not None:
        return str(_("%(name)s holds another license by now, and gets nothing back.", name=person.name))
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
    """The licence's last assignment, if it was the operation that ended it: None when it was given and taken since."""
    latest = db.session.scalars(
        sa.select(Assignment)
        .where(Assignment.license_id == noted.row_id)
        .order_by(Assignment.id.desc())
        .limit(1)
    ).one()
    ended_it = sa.exists().where(
        OperationRow.operation_id == noted.operation_id,
        OperationRow.table_name == Assignment.__tablename__,
        OperationRow.row_id == latest.id,
    )
    return latest if db.session.scalar(sa.select(ended_it)) else None
