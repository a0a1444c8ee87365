"""Questions about seats: how many a company has of each plan, and which plans still have one to give."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from models import License, LicenseStatus, Plan, db


@dataclasses.dataclass(frozen=True)
class PlanSeats:
    """The live seats of one plan in one company."""

    plan: Plan
    purchased: int
    assigned: int
    next_expiry: dt.datetime | None
    # When the seat that would be assigned next ends; None when no seat is free.
    free_until: dt.datetime | None

    @property
    def available(self) -> int:
        return self.purchased - self.assigned


def summary(company_id: int, now: dt.datetime) -> list[PlanSeats]:
    """Every plan of which the company owns a live seat, in the vendor's order. One statement."""
    held = License.user_id.is_not(None)
    counts = (
        sa.select(
            License.plan_id,
            sa.func.count().label("purchased"),
            sa.func.count(License.user_id).label("assigned"),
            sa.func.min(License.valid_until).label("next_expiry"),
            sa.func.max(License.valid_until)
            .filter(sa.and_(~held, License.status == LicenseStatus.ACTIVE))
            .label("free_until"),
        )
        .where(License.company_id == company_id, License.where_live(now))
        .group_by(License.plan_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Plan, counts).join(counts, counts.c.plan_id == Plan.id).order_by(Plan.position, Plan.id)
    )
    return [PlanSeats(row.Plan, row.purchased, row.assigned, row.next_expiry, row.free_until) for row in rows]
