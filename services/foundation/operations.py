"""Operations: what an act changed, written down as it is changed, and the one way to take it back.

A step changes rows through `change`, so that before and after are known. Each room says how a row of its tables goes
back (`goes_back_by`); nothing here knows what a row means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import Base, Company, JournalVerb, Operation, OperationRow, TenantRow, db
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, Turn, company_lock

# How long an act can be taken back.
UNDO_WITHIN = dt.timedelta(minutes=10)

# Puts a row back as it was before; returns why it was left as it is, or None. A step.
GoBack = Callable[[CompanyTurn, OperationRow, Actor], str | None]
_WAYS_BACK: dict[str, GoBack] = {}


def goes_back_by(model: type[Base]) -> Callable[[GoBack], GoBack]:
    """Register the step that puts a row of `model` back."""

    def register(step: GoBack) -> GoBack:
        _WAYS_BACK[model.__tablename__] = step
        return step

    return register


def undo(operation: Operation, by: Actor) -> list[str]:
    """Put back what the operation changed, as far as nothing of it has moved since.

    Whoever may do the act may take it back, and not its author alone. What has moved is left, and named.

    Returns:
        A sentence for each row that was left as it is.

    Raises:
        Refused: `not_undoable` for an undo, or what changed nothing that can go back; `already_undone`;
            `too_late_to_undo` after ten minutes; `all_moved` when there is nothing left to put back.
    """
    operation_id, company_id = operation.id, operation.company_id
    if company_id is None:
        raise _not_undoable()
    with company_lock(company_id) as turn:
        operation = db.session.get_one(Operation, operation_id)
        _check_in_time(turn, operation)
        rows = [row for row in reversed(operation.rows) if row.table_name in _WAYS_BACK]
        if operation.undoes_id is not None or not rows:
            raise _not_undoable()
        undoing = of(turn, JournalVerb.UNDONE, by, company_id)
        undoing.undoes_id = operation_id
        left = [said for row in rows if (said := _WAYS_BACK[row.table_name](turn, row, by)) is not None]
        if len(left) == len(rows):
            raise Refused(Code.ALL_MOVED, " ".join(left))
        return left


def _check_in_time(turn: Turn, operation: Operation) -> None:
    if db.session.scalar(sa.select(Operation.id).where(Operation.undoes_id == operation.id)) is not None:
        raise Refused(
            Code.ALREADY_UNDONE, _("This was taken back already, by you or a colleague. Nothing was changed.")
        )
    if turn.now - operation.at > UNDO_WITHIN:
        raise Refused(
            Code.TOO_LATE_TO_UNDO,
            _("This was done more than ten minutes ago and stays as it is. Change it as you would anything."),
        )


def _not_undoable() -> Refused:
    return Refused(Code.NOT_UNDOABLE, _("This cannot be taken back. Nothing was changed."))


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def of(turn: Turn, verb: JournalVerb, by: Actor, company_id: int | None) -> Operation:
    """The operation of the turn; begun by whoever asks first."""
    if not turn.operations:
        operation = Operation(
            id=turn.operation,
            verb=verb,
            by_id=by.user_id,
            company_id=company_id,
            on_behalf_of_id=company_id if by.is_staff else None,
            at=turn.now,
        )
        turn.operations.append(operation)
        db.session.add(operation)
    found: Operation = turn.operations[0]
    return found


def change(turn: Turn, row: Any, **values: Any) -> None:
    """Set columns of a row, and write down what they were and are. The operation must have begun."""
    before = {name: plain(getattr(row, name)) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    _note(turn, row, before, values)


def added(turn: Turn, row: Any, **values: Any) -> None:
    """Write down a row that the operation has added."""
    _note(turn, row, {}, values)


def _note(turn: Turn, row: Any, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    (operation,) = turn.operations
    operation.rows.append(
        OperationRow(
            company_id=_company_of(row),
            table_name=row.__tablename__,
            row_id=row.id,
            before=dict(before),
            after={name: plain(value) for name, value in values.items()},
        )
    )


def has_moved(row: Any, noted: OperationRow) -> bool:
    """Whether a row is no longer as the operation left it."""
    return any(plain(getattr(row, name)) != value for name, value in noted.after.items())


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def _company_of(row: Any) -> int | None:
    if isinstance(row, Company):
        return row.id
    return row.company_id if isinstance(row, TenantRow) else None
