"""Questions about seats: how many a company has of each plan, and which plans have a free one."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from models import License, LicenseStatus, Plan, User, db


@dataclasses.dataclass(frozen=True)
class PlanSeats:
    """The live seats of one plan in one company, counted. `next_expiry` is the last day of the first that ends."""

    plan: Plan
    purchased: int
    assigned: int
    next_expiry: dt.date | None
    available: int
    # The last day of the seat that would be assigned next; None when none is free.
    free_until: dt.date | None


@dataclasses.dataclass(frozen=True)
class Offer:
    """What may be given to one person now."""

    plans: list[PlanSeats]
    # A seat is free of a product that the person already holds: theirs has to be released first.
    must_release: bool


def summary(company_id: int, now: dt.datetime) -> list[PlanSeats]:
    """The seats of every plan of which the company owns a live one, in the vendor's order. One statement."""
    free = sa.and_(License.user_id.is_(None), License.status == LicenseStatus.ACTIVE)
    counts = (
        sa.select(
            License.plan_id,
            sa.func.count().label("purchased"),
            sa.func.count(License.user_id).label("assigned"),
            sa.func.min(License.last_day).label("next_expiry"),
            sa.func.count().filter(free).label("available"),
            sa.func.max(License.last_day).filter(free).label("free_until"),
        )
        .where(License.company_id == company_id, License.where_live(now))
        .group_by(License.plan_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Plan, counts).join(counts, counts.c.plan_id == Plan.id).order_by(Plan.position, Plan.id)
    )
    return [
        PlanSeats(row.Plan, row.purchased, row.assigned, row.next_expiry, row.available, row.free_until)
        for row in rows
    ]


def offer(user: User, now: dt.datetime) -> Offer:
    """The plans with a free seat in the person's company, of products that they do not hold yet."""
    if user.company_id is None:
        return Offer([], must_release=False)
    taken = {license.product for license in user.licenses if license.is_live(now)}
    free = [seats for seats in summary(user.company_id, now) if seats.available]
    return Offer(
        plans=[seats for seats in free if seats.plan.product not in taken],
        must_release=any(seats.plan.product in taken for seats in free),
    )
