"""Mail that is held until what it tells of can no longer be taken back."""

from __future__ import annotations

import sqlalchemy as sa

from access import Actor
from models import MailState, MailTrouble, Operation, OutgoingMail, db
from services.foundation import operations
from services.foundation.transaction import CompanyTurn


@operations.tells_of_undoing
def cancel(turn: CompanyTurn, _by: Actor) -> None:
    """Drop what waits of the act that the turn takes back: nobody is told of either. As `Tell`."""
    undone = sa.select(Operation.undoes_id).where(Operation.id == turn.operation).scalar_subquery()
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.operation_id == undone, OutgoingMail.state == MailState.QUEUED)
        .values(state=MailState.DROPPED, last_error=MailTrouble.UNDONE),
        execution_options={"synchronize_session": False},
    )
