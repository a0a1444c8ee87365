"""Which free licence goes to whom, and what that leaves: those that last longest are given first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, deque

import sqlalchemy as sa
from flask_babel import gettext as _

from models import Batch, BatchKind, BatchRow, License, LicenseStatus, Plan, RowOutcome, db, utcnow
from services.batches.rows import Row
from services.foundation.errors import Code, Refused
from services.licenses import assignments, refusals
from services.people.deactivation import Seats
from services.seats import seat_counts


@dataclasses.dataclass(frozen=True)
class PlanSeats:
    """What a batch does to the free licences of a plan.

    Attributes:
        before, after: How many there are to give now, and once it is done.
        lacking: For how many people none is left.
    """

    plan: Plan
    before: int
    after: int
    lacking: int


class Free:
    """The free licences of one plan, each given once in a batch; what its rows have taken already is not given again."""

    def __init__(self, batch: Batch, plan: Plan, last_day: dt.date | None = None) -> None:
        self.plan = plan
        taken = sa.select(taken_by(batch)).where(
            BatchRow.batch_id == batch.id, BatchRow.outcome == RowOutcome.READY
        )
        where = assignments.where_free(batch.company_id or 0, plan.id, utcnow(), last_day)
        given = {row_id for row_id in db.session.scalars(taken) if row_id is not None}
        found = db.session.scalars(sa.select(License.id).where(*where).order_by(*assignments.LONGEST_FIRST))
        self._left = deque(row_id for row_id in found if row_id not in given)

    def take(self) -> int | None:
        """The number of the next one; None when there is none."""
        return self._left.popleft() if self._left else None

    def give(self, row: Row) -> int | None:
        """As `take`; where there is none the row is left, and says so."""
        found = self.take()
        if found is None:
            row.leave(refusals.no_free_license(self.plan))
        return found


def taken_by(batch: Batch) -> sa.orm.InstrumentedAttribute[int | None]:
    """The column that holds the free licence that a row takes."""
    return BatchRow.other_id if batch.kind == BatchKind.CHANGE else BatchRow.license_id


def asked_plan(options: dict[str, object]) -> Plan:
    """The plan of options that were sent. Raises Refused `empty`, where there is none."""
    key = options.get("plan")
    plan = db.session.get(Plan, key) if isinstance(key, int) else None
    if plan is None:
        raise Refused(Code.EMPTY, _("Choose a plan that has an available license."), fields=("plan",))
    return plan


def day_of(options: dict[str, object]) -> dt.date | None:
    """The end of the licences that are wanted, where one was chosen."""
    day = options.get("last_day")
    try:
        return dt.date.fromisoformat(day) if isinstance(day, str) else None
    except ValueError:
        raise Refused(
            Code.EMPTY, _("Choose a plan that has an available license."), fields=("plan",)
        ) from None


# --- Questions --------------------------------------------------------------------------------------------------------


def seats(batch: Batch) -> list[PlanSeats]:
    """What a prepared batch does to the free licences of each plan, in the vendor's order of plans."""
    wanted, now, lacking = batch.options.get("plan"), utcnow(), _lacking(batch)
    ready = (BatchRow.batch_id == batch.id, BatchRow.outcome == RowOutcome.READY)
    change: Counter[int] = Counter(dict.fromkeys(lacking, 0))
    # The rows of a file may each name their plan.
    if wanted or batch.kind == BatchKind.PEOPLE:
        change.subtract(_by_plan(License.id == taken_by(batch), *ready))
    if batch.kind in {BatchKind.CHANGE, BatchKind.RELEASE}:
        change.update(_by_plan(License.id == BatchRow.license_id, *ready))
    if batch.kind == BatchKind.DEACTIVATE and batch.options.get("seats") == Seats.RELEASE:
        held = (License.user_id == BatchRow.user_id) & License.where_live(now)
        change.update(_by_plan(held, *ready, License.status == LicenseStatus.ACTIVE))
    free = {one.plan.id: one.available for one in seat_counts.free_seats(batch.company_id or 0, now)}
    plans = db.session.scalars(sa.select(Plan).where(Plan.id.in_(change)).order_by(Plan.position, Plan.id))
    return [
        PlanSeats(plan, before := free.get(plan.id, 0), before + change[plan.id], lacking.get(plan.id, 0))
        for plan in plans
    ]


def _by_plan(joined: sa.ColumnElement[bool], *where: sa.ColumnElement[bool]) -> dict[int, int]:
    found = sa.select(License.plan_id, sa.func.count()).join(BatchRow, joined).where(*where)
    return dict(db.session.execute(found.group_by(License.plan_id)).all())


def _lacking(batch: Batch) -> dict[int, int]:
    """By plan, for how many people none is left; of the plan that was asked for even where it is nobody."""
    rows = BatchRow.batch_id == batch.id
    if batch.kind == BatchKind.PEOPLE:
        plan = BatchRow.seen["lacks"].as_integer()
        found = sa.select(plan, sa.func.count()).where(rows, plan.is_not(None)).group_by(plan)
        return dict(db.session.execute(found).all())
    wanted = batch.options.get("plan")
    if not wanted:
        return {}
    why = BatchRow.seen["why"].as_string() == Code.NO_FREE_LICENSE
    left = sa.select(sa.func.count()).where(rows, BatchRow.outcome == RowOutcome.LEFT, why)
    return {wanted: db.session.scalar(left) or 0}
