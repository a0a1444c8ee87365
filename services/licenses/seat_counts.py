"""Questions about seats: how many a company has of each plan, and which plans have a free one."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from models import LIVE_STATUSES, License, LicenseState, Plan, User, db


@dataclasses.dataclass(frozen=True)
class PlanSeats:
    """The seats of one plan in one company, counted.

    Attributes:
        purchased, assigned, available: The live ones, those of them that somebody holds, and those that can be given.
        next_expiry: The last day of the live one that ends first; None when none is live.
        expired: Those whose time is over, held or not.
    """

    plan: Plan
    purchased: int
    assigned: int
    next_expiry: dt.date | None
    available: int
    expired: int


@dataclasses.dataclass(frozen=True)
class Batch:
    """Free seats of one plan that end on the same day."""

    last_day: dt.date
    available: int


@dataclasses.dataclass(frozen=True)
class FreeSeats:
    """What can be given of one plan, in batches: the first one lasts longest, and is the one that is given."""

    plan: Plan
    batches: list[Batch]

    @property
    def available(self) -> int:
        return sum(batch.available for batch in self.batches)

    @property
    def until(self) -> dt.date:
        """The last day of the seat that is given next."""
        return self.batches[0].last_day


@dataclasses.dataclass(frozen=True)
class Offer:
    """What may be given to one person now."""

    plans: list[FreeSeats]
    # A seat is free of a product that the person already holds: theirs has to be released first.
    must_release: bool


def summary(company_id: int, now: dt.datetime) -> list[PlanSeats]:
    """The seats of every plan of which the company has bought any, in the vendor's order. One statement."""
    live = License.usable_until > now
    free = License.where_state(LicenseState.AVAILABLE, now)
    counts = (
        sa.select(
            License.plan_id,
            sa.func.count().filter(live).label("purchased"),
            sa.func.count(License.user_id).filter(live).label("assigned"),
            sa.func.min(License.last_day).filter(live).label("next_expiry"),
            sa.func.count().filter(free).label("available"),
            sa.func.count().filter(~live).label("expired"),
        )
        .where(License.company_id == company_id, License.status.in_(LIVE_STATUSES))
        .group_by(License.plan_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Plan, counts).join(counts, counts.c.plan_id == Plan.id).order_by(Plan.position, Plan.id)
    )
    return [
        PlanSeats(row.Plan, row.purchased, row.assigned, row.next_expiry, row.available, row.expired)
        for row in rows
    ]


def free_seats(company_id: int, now: dt.datetime) -> list[FreeSeats]:
    """What the company has to give, in the vendor's order of plans. One statement."""
    batches = (
        sa.select(License.plan_id, License.last_day, sa.func.count().label("available"))
        .where(License.company_id == company_id, License.where_state(LicenseState.AVAILABLE, now))
        .group_by(License.plan_id, License.last_day)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Plan, batches)
        .join(batches, batches.c.plan_id == Plan.id)
        .order_by(Plan.position, Plan.id, batches.c.last_day.desc())
    )
    found: dict[int, FreeSeats] = {}
    for row in rows:
        seats = found.setdefault(row.Plan.id, FreeSeats(row.Plan, []))
        seats.batches.append(Batch(row.last_day, row.available))
    return list(found.values())


def offer(user: User, now: dt.datetime) -> Offer:
    """The plans with a free seat in the person's company, of products that they do not hold yet."""
    if user.company_id is None:
        return Offer([], must_release=False)
    taken = {license.product for license in user.licenses if license.is_live(now)}
    free = free_seats(user.company_id, now)
    return Offer(
        plans=[seats for seats in free if seats.plan.product not in taken],
        must_release=any(seats.plan.product in taken for seats in free),
    )
