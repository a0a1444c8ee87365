"""Who held which licence of a company at any instant, as an auditor asks: by plan, then by name."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models import LicenseState, Plan, User, db, name_of
from services.licenses import history
from services.licenses.known import by_id


@dataclasses.dataclass(frozen=True)
class Line:
    """One licence of then.

    Attributes:
        plan: The plan of then.
        holder, email: Of whom held it, by what they are called today; empty where nobody did.
    """

    license_id: int
    key: str
    plan: Plan
    state: LicenseState
    holder: str
    email: str


def lines(company_id: int, instant: dt.datetime) -> list[Line]:
    """Every licence that the company had, those that nobody held after the others of their plan. Six statements."""
    seats = history.as_of(company_id, instant).values()
    plans = by_id(Plan, {seat.plan_id for seat in seats})
    people = {row.id: row for row in db.session.execute(_PEOPLE, {"company": company_id})}

    def place(seat: history.Seat) -> tuple[Any, ...]:
        holder = people.get(seat.user_id)
        names = (holder.last_name, holder.first_name) if holder else ("", "")
        return plans[seat.plan_id].position, holder is None, names, seat.license_id

    return [_line(seat, plans[seat.plan_id], people.get(seat.user_id)) for seat in sorted(seats, key=place)]


def _line(seat: history.Seat, plan: Plan, holder: Any) -> Line:
    name = name_of(holder.first_name, holder.last_name, holder.email) if holder else ""
    return Line(seat.license_id, seat.key, plan, seat.state, name, holder.email if holder else "")


def counted(found: Sequence[Line]) -> list[tuple[Plan, list[tuple[LicenseState, int]]]]:
    """How many there are of each plan in each state, in the order of the lines."""
    counts: dict[Plan, Counter[LicenseState]] = {}
    for line in found:
        counts.setdefault(line.plan, Counter())[line.state] += 1
    return [(plan, sorted(states.items())) for plan, states in counts.items()]


_PEOPLE = sa.select(User.id, User.first_name, User.last_name, User.email).where(
    User.company_id == sa.bindparam("company")
)
