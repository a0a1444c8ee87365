"""Operations: what an act changed, written down as it is changed, and the one way to take it back.

A step changes rows through `change` and writes that down by `note`, so that before and after are known. Each room says how a row of its tables goes
back (`goes_back_by`); nothing here knows what a row means.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased, attributes

from access import Actor
from models import (
    Base,
    JournalVerb,
    Operation,
    OperationRow,
    Post,
    TenantRow,
    User,
    db,
    in_parts,
    insert_rows,
    update_rows,
)
from services.foundation.errors import Code, Refused
from services.foundation.transaction import OPERATIONS, CompanyTurn, Turn, company_lock

# How long an act can be taken back.
UNDO_WITHIN = dt.timedelta(minutes=10)

# What cannot be put back, whatever rows it moved: a customer stays one, and so does a licence that was brought over.
FOR_GOOD = frozenset({JournalVerb.PERSON_ERASED, JournalVerb.COMPANY_ADDED, JournalVerb.COMPANY_IMPORTED})

# Puts rows of one table back as they were before; returns why some were left as they are, by the number of the note. A step.
GoBack = Callable[[CompanyTurn, Sequence[OperationRow], Actor], Mapping[int, str]]
_WAYS_BACK: dict[str, GoBack] = {}
# Tells whom it concerns how things stand once all has gone back. A step.
Tell = Callable[[CompanyTurn, Actor], None]
_TELLERS: list[Tell] = []


def goes_back_by(model: type[Base]) -> Callable[[GoBack], GoBack]:
    """Register the step that puts a row of `model` back."""

    def register(step: GoBack) -> GoBack:
        _WAYS_BACK[model.__tablename__] = step
        return step

    return register


def tells_of_undoing(step: Tell) -> Tell:
    """Register the step that tells people of an undoing."""
    _TELLERS.append(step)
    return step


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
        raise not_undoable()
    with company_lock(company_id, post=_post_of_undoing(operation)) as turn:
        operation = db.session.get_one(Operation, operation_id)
        _check_in_time(turn, operation)
        rows = [row for row in operation.rows if row.table_name in _WAYS_BACK]
        if operation.undoes_id is not None or operation.verb in FOR_GOOD or not rows:
            raise not_undoable()
        begin(turn, JournalVerb.UNDONE, by, company_id, undoes_id=operation_id)
        left = _go_back(turn, rows, by)
        if len(left) == len(rows):
            raise Refused(Code.ALL_MOVED, " ".join(dict.fromkeys(left.values())))
        for tell in _TELLERS:
            tell(turn, by)
        return list(dict.fromkeys(left.values()))


def _post_of_undoing(operation: Operation) -> Post:
    """Whoever was not told of the act, and will not be, is not told that it was taken back either."""
    return Post.NOW if operation.post == Post.NOW else Post.NONE


def _go_back(turn: CompanyTurn, rows: Sequence[OperationRow], by: Actor) -> dict[int, str]:
    """Put the rows back, those of a table together, the table that was touched first at the end; returns why some were left."""
    erased = _of_the_erased(rows)
    left = {row.id: _ended() for row in rows if row.id in erased}
    tables: dict[str, list[OperationRow]] = {}
    for row in rows:
        tables.setdefault(row.table_name, []).append(row)
    for name, of_table in reversed(tables.items()):
        there = [row for row in of_table if row.id not in erased]
        if there:
            left |= _WAYS_BACK[name](turn, there, by)
    return left


def undoable(company_id: int, now: dt.datetime) -> dict[str, int]:
    """How many minutes each operation of the company can still be taken back, by its id. One statement."""
    undoing, row = aliased(Operation), OperationRow
    done = sa.select(Operation.id, Operation.at).where(
        Operation.company_id == company_id,
        Operation.at > now - UNDO_WITHIN,
        Operation.undoes_id.is_(None),
        Operation.verb.not_in(FOR_GOOD),
        ~sa.exists().where(undoing.undoes_id == Operation.id),
        sa.exists().where(row.operation_id == Operation.id, row.table_name.in_(_WAYS_BACK)),
    )
    return {
        one.id: math.ceil((one.at + UNDO_WITHIN - now).total_seconds() / 60)
        for one in db.session.execute(done)
    }


def done() -> list[str]:
    """The ids of the operations of companies that this session began, in their order: none where nothing was changed, or
    nothing that could be taken back."""
    found: list[str] = db.session.info.get(OPERATIONS, [])
    return found


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


def _of_the_erased(rows: Sequence[OperationRow]) -> set[int]:
    """The ids of those that are about somebody who was erased since: what they were, they will not be again."""
    people = {row.id: _people_of(row) for row in rows}
    sought = set().union(*people.values())
    gone = set(db.session.scalars(sa.select(User.id).where(User.id.in_(sought), User.erased_at.is_not(None))))
    # What was theirs and went on to somebody else in the same act stays there.
    touched = {column for row in rows if people[row.id] & gone for column in _columns(row)}
    return {row.id for row in rows if touched & _columns(row)}


def _columns(row: OperationRow) -> set[tuple[str, int, str]]:
    return {(row.table_name, row.row_id, name) for name in row.after}


def _people_of(row: OperationRow) -> set[int]:
    named = {values["user_id"] for values in (row.before, row.after) if values.get("user_id") is not None}
    return {*named, row.row_id} if row.table_name == User.__tablename__ else named


def _ended() -> str:
    return str(
        _(
            "What concerns somebody whose personal information was erased since stays as it is: it cannot be put back."
        )
    )


def access_ended() -> Refused:
    return Refused(
        Code.ACCESS_ENDED, _("Your own access was taken away in the meantime. Nothing was changed.")
    )


def not_undoable() -> Refused:
    return Refused(Code.NOT_UNDOABLE, _("This cannot be taken back. Nothing was changed."))


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def begin(
    turn: Turn, verb: JournalVerb, by: Actor, company_id: int | None, *, undoes_id: str | None = None
) -> None:
    """Give the turn its operation; whoever asks first says of which verb it is. Refuses (`access_ended`) who was shut out meanwhile."""
    if turn.begun:
        return
    if by.user_id is not None and db.session.scalar(_ACTIVE, {"actor": by.user_id}) is False:
        raise access_ended()
    turn.begun.add(turn.operation)
    values = {
        "id": turn.operation,
        "verb": verb,
        "by_id": by.user_id,
        "company_id": company_id,
        "on_behalf_of_id": company_id if by.is_staff else None,
        "at": turn.now,
        "post": turn.post,
        "undoes_id": undoes_id,
    }
    if company_id is not None and verb not in FOR_GOOD:
        db.session.info.setdefault(OPERATIONS, []).append(turn.operation)
    # At once: what the verb notes points at it.
    insert_rows(Operation, [values])


# Without the rows that only some may see: whoever acts is asked about, and nobody is told.
_ACTIVE = sa.select(User.__table__.c.active).where(User.__table__.c.id == sa.bindparam("actor"))
Note = dict[str, Any]


def change(turn: Turn, rows: Sequence[Any], **values: Any) -> list[Note]:
    """Set columns of one or more rows of one table, in one statement; returns what they were and are, for `note`."""
    notes = [_noted(turn, row, {name: plain(getattr(row, name)) for name in values}, values) for row in rows]
    table = rows[0].__table__
    for part in in_parts(row.id for row in rows):
        db.session.execute(sa.update(table).where(table.c.id.in_(part)).values(**values))
    for row in rows:
        for name, value in values.items():
            attributes.set_committed_value(row, name, value)
    return notes


def change_each(turn: Turn, rows: Sequence[Any], values: Sequence[Mapping[str, Any]]) -> list[Note]:
    """As `change`, each row to values of its own, of the same columns."""
    if not rows:
        return []
    notes = [
        _noted(turn, row, {name: plain(getattr(row, name)) for name in own}, own)
        for row, own in zip(rows, values, strict=True)
    ]
    update_rows(type(rows[0]), [{"id": row.id, **own} for row, own in zip(rows, values, strict=True)])
    for row, own in zip(rows, values, strict=True):
        for name, value in own.items():
            attributes.set_committed_value(row, name, value)
    return notes


def added(
    turn: Turn, model: type[Base], rows: Mapping[int, Mapping[str, Any]], company_id: int
) -> list[Note]:
    """Of rows of a company that the operation has added, what they hold by their number: as `change`."""
    return [
        _note(turn, model.__tablename__, row_id, {}, values, company_id=company_id)
        for row_id, values in rows.items()
    ]


def note(turn: Turn, notes: Sequence[Note]) -> None:
    """Write down what was changed. The operation must have begun."""
    if notes:
        insert_rows(OperationRow, notes)


def _noted(turn: Turn, row: Any, before: Mapping[str, Any], values: Mapping[str, Any]) -> Note:
    company_id = row.company_id if isinstance(row, TenantRow) else None
    return _note(turn, row.__tablename__, row.id, before, values, company_id=company_id)


def _note(
    turn: Turn,
    table: str,
    row_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    company_id: int | None,
) -> Note:
    return {
        "operation_id": turn.operation,
        "company_id": company_id,
        "table_name": table,
        "row_id": row_id,
        "before": dict(before),
        "after": {name: plain(value) for name, value in after.items()},
    }


def has_moved(row: Any, after: Mapping[str, Any]) -> bool:
    """Whether a row is no longer as the operation left it: `OperationRow.after`, or that of several together."""
    return any(plain(getattr(row, name)) != value for name, value in after.items())


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def instant(text: str | None) -> dt.datetime | None:
    """What `plain` made of an instant."""
    return dt.datetime.fromisoformat(text) if text else None
