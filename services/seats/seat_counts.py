"""Questions about seats: how many a company has of each plan, and which plans have a free one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models import License, LicenseState, Plan, SeatCount, User, UtcDateTime, db
from services.seats.known import by_id


@dataclasses.dataclass(frozen=True)
class End:
    """Seats of one plan that end on the same day, and how many of them somebody holds."""

    last_day: dt.date
    seats: int
    held: int


@dataclasses.dataclass(frozen=True)
class PlanSeats:
    """The seats of one plan in one company, counted.

    Attributes:
        purchased, assigned, available: The live ones, those of them that somebody holds, and those that can be given.
        next_expiry: The last day of the live one that ends first; None when none is live.
        expired: Those whose time is over, held or not.
        activated, to_activate: The live ones that their holder uses, and those that a holder has not begun to use. What is
            suspended is neither.
        in_grace: The live ones whose last day is over, held or not.
        ends: The live ones by their last day, the first one first.
    """

    plan: Plan
    purchased: int
    assigned: int
    next_expiry: dt.date | None
    available: int
    expired: int
    activated: int
    to_activate: int
    in_grace: int
    ends: tuple[End, ...]


@dataclasses.dataclass(frozen=True)
class FreeEnd:
    """Free seats of one plan that end on the same day."""

    last_day: dt.date
    available: int


@dataclasses.dataclass(frozen=True)
class FreeSeats:
    """What can be given of one plan, by their end: the first ones last longest, and are given first."""

    plan: Plan
    ends: list[FreeEnd]

    @property
    def available(self) -> int:
        return sum(end.available for end in self.ends)

    @property
    def until(self) -> dt.date:
        """The last day of the seat that is given next."""
        return self.ends[0].last_day


@dataclasses.dataclass(frozen=True)
class Offer:
    """What may be given to one person now."""

    plans: list[FreeSeats]
    # A seat is free of a product that the person already holds: theirs has to be released first.
    must_release: bool


def summary(company_id: int, now: dt.datetime) -> list[PlanSeats]:
    """The seats of every plan of which the company has bought any, in the vendor's order. Two statements, few rows."""
    return [_plan_seats(plan, rows, now) for plan, rows in _by_plan(_SEATS, {"company": company_id})]


# Of `company`, what ends first before what lasts longer. Not with each row's plan: there may be hundreds of them, of three plans.
_SEATS = (
    sa.select(SeatCount.plan_id, SeatCount.last_day, SeatCount.usable_until)
    .add_columns(SeatCount.valid_until, SeatCount.state, SeatCount.held, SeatCount.seats)
    .where(SeatCount.company_id == sa.bindparam("company", type_=sa.Integer), SeatCount.seats > 0)
    .order_by(SeatCount.last_day)
)
_NOW: Any = sa.bindparam("now", type_=UtcDateTime())
# Those of them that can be given at `now`.
_FREE = _SEATS.where(SeatCount.where_available(_NOW))


def _by_plan(statement: sa.Select[Any], asked: Mapping[str, Any]) -> list[tuple[Plan, list[Any]]]:
    """A company's counts by plan, in the vendor's order."""
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(statement, asked):
        found.setdefault(row.plan_id, []).append(row)
    plans = sorted(by_id(Plan, found).values(), key=lambda plan: (plan.position, plan.id))
    return [(plan, found[plan.id]) for plan in plans]


def _plan_seats(plan: Plan, rows: Sequence[Any], now: dt.datetime) -> PlanSeats:
    live = [row for row in rows if row.usable_until > now]
    states: Counter[LicenseState] = Counter()
    ends: Counter[dt.date] = Counter()
    held: Counter[dt.date] = Counter()
    for row in live:
        states[_state(row, now)] += row.seats
        ends[row.last_day] += row.seats
        held[row.last_day] += row.seats if row.held else 0
    return PlanSeats(
        plan=plan,
        purchased=states.total(),
        assigned=held.total(),
        next_expiry=min(ends, default=None),
        available=states[LicenseState.AVAILABLE],
        expired=sum(row.seats for row in rows) - states.total(),
        activated=states[LicenseState.ACTIVATED],
        to_activate=states[LicenseState.ASSIGNED],
        in_grace=states[LicenseState.GRACE],
        ends=tuple(End(day, ends[day], held[day]) for day in sorted(ends)),
    )


def _state(row: Any, now: dt.datetime) -> LicenseState:
    """The state of live seats: what is stored says nothing of the clock."""
    over = row.valid_until <= now and row.state != LicenseState.SUSPENDED
    return LicenseState.GRACE if over else row.state


def free_seats(company_id: int, now: dt.datetime) -> list[FreeSeats]:
    """What the company has to give, in the vendor's order of plans. Two statements."""
    found = _by_plan(_FREE, {"company": company_id, "now": now})
    return [FreeSeats(plan, _free_ends(rows)) for plan, rows in found]


def _free_ends(rows: Sequence[Any]) -> list[FreeEnd]:
    """Those that last longest first."""
    ends: Counter[dt.date] = Counter()
    for row in rows:
        ends[row.last_day] += row.seats
    return [FreeEnd(day, ends[day]) for day in sorted(ends, reverse=True)]


def offer(user: User, now: dt.datetime) -> Offer:
    """The plans with a free seat in the person's company, of products that they do not hold yet."""
    if user.company_id is None:
        return Offer([], must_release=False)
    taken = {license.product for license in user.licenses if not license.gives_way(now)}
    free = free_seats(user.company_id, now)
    return Offer(
        plans=[seats for seats in free if seats.plan.product not in taken],
        must_release=any(seats.plan.product in taken for seats in free),
    )


def instead_of(license: License, now: dt.datetime) -> list[FreeSeats]:
    """What its holder may have in the place of a licence: other plans of its product with a free one."""
    free = free_seats(license.company_id, now)
    return [
        seats for seats in free if seats.plan.product == license.product and seats.plan.id != license.plan_id
    ]
