"""The rows of a batch as plain values: thousands are read, decided and written back in a few statements."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models import BatchRow, RowOutcome, User, db, in_parts, update_rows
from services.foundation.errors import Refused

_COLUMNS = ("id", "no", "raw", "user_id", "license_id", "other_id", "seen", "outcome", "problem", "field")


@dataclasses.dataclass(slots=True)
class Row:
    """One row of a batch; the attributes are the columns of `BatchRow`, and whom `kinds.Kind.begin` has added by it."""

    id: int
    no: int
    raw: dict[str, Any]
    user_id: int | None
    license_id: int | None
    other_id: int | None
    seen: dict[str, Any]
    outcome: RowOutcome
    problem: str | None
    field: str | None
    begun: User | None = None

    def leave(self, why: Refused | str, outcome: RowOutcome = RowOutcome.LEFT) -> None:
        """Say that it is not done, and why."""
        self.outcome = outcome
        self.problem = (why.sentence if isinstance(why, Refused) else why)[:500]
        if isinstance(why, Refused):
            self.seen = {**self.seen, "why": why.code}


def read(batch_id: int, outcome: RowOutcome, after: int = -1, limit: int | None = None) -> list[Row]:
    """The rows of that outcome whose number is greater than `after`, in the order of their numbers."""
    found = (
        sa.select(*(getattr(BatchRow, name) for name in _COLUMNS))
        .where(BatchRow.batch_id == batch_id, BatchRow.outcome == outcome, BatchRow.no > after)
        .order_by(BatchRow.no)
        .limit(limit)
    )
    return [Row(*values) for values in db.session.execute(found)]


def of(ids: Sequence[int]) -> list[Row]:
    """The rows of these ids, in the order of their numbers."""
    found: list[Row] = []
    for part in in_parts(ids):
        read_part = sa.select(*(getattr(BatchRow, name) for name in _COLUMNS)).where(BatchRow.id.in_(part))
        found += [Row(*values) for values in db.session.execute(read_part)]
    return sorted(found, key=lambda row: row.no)


def write(rows: Sequence[Row], names: Sequence[str] = _COLUMNS[3:]) -> None:
    """Write columns of rows back. A step."""
    update_rows(BatchRow, [{name: getattr(row, name) for name in ("id", *names)} for row in rows])
