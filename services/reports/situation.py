"""Who held which licence at any instant, as an auditor asks; of one company, or of several."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import heapq
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from models import Company, License, LicenseState, Plan, User, db, name_of
from services.seats import history
from services.seats.known import by_id

# Of these nobody could use it any more.
OVER = frozenset(state for state in LicenseState if state in {"expired", "revoked", "removed"})


class Became(enum.StrEnum):
    """What has become of a licence since."""

    STILL_HELD = "still_held"
    PASSED_ON = "passed_on"
    RELEASED = "released"
    ENDED = "ended"
    GONE = "gone"
    STILL_FREE = "still_free"


@dataclasses.dataclass(frozen=True)
class Line:
    """One licence of then.

    Attributes:
        plan: The plan of then.
        holder, email: Of whom held it, by what they are called today; empty where nobody did.
        since: From when on they held it.
        last_day: Until which day it had been paid.
        became, by, at: What has become of it since, who holds it now and since when.
    """

    company_id: int
    license_id: int
    key: str
    plan: Plan
    state: LicenseState
    holder: str
    email: str
    since: dt.datetime | None
    last_day: dt.date
    became: Became
    by: str
    at: dt.datetime | dt.date | None
    order: tuple[Any, ...]


@dataclasses.dataclass
class Count:
    """How many licences of a plan, or of a customer, there were: held, of those that could be used, and those that were over."""

    held: int = 0
    usable: int = 0
    over: int = 0

    def add(self, state: LicenseState, *, held: bool) -> None:
        if state in OVER:
            self.over += 1
        else:
            self.usable += 1
            self.held += held


@dataclasses.dataclass(frozen=True)
class Situation:
    """What a page shows of one company.

    Attributes:
        lines: The first of them, by plan and by name, those that nobody held after the others of their plan.
        total: How many there are.
        counts: Of each plan, in the order of the lines.
    """

    lines: Sequence[Line]
    total: int
    counts: Sequence[tuple[Plan, Count]]


def shown(company_id: int, instant: dt.datetime, most: int) -> Situation:
    """At most `most` licences that a company had, and how many of each plan. A part of them is read at a time."""
    counts: dict[Plan, Count] = {}

    def counted() -> Iterator[Line]:
        for part in lines(company_id, instant):
            for line in part:
                counts.setdefault(line.plan, Count()).add(line.state, held=bool(line.holder))
                yield line

    found = heapq.nsmallest(most, counted(), key=lambda line: line.order)
    total = sum(count.usable + count.over for count in counts.values())
    return Situation(found, total, sorted(counts.items(), key=lambda pair: (pair[0].position, pair[0].id)))


def lines(company_id: int, instant: dt.datetime) -> Iterator[list[Line]]:
    """Every licence that the company had, by the order in which they were bought, a part at a time. Six statements for each."""
    for seats in history.read([company_id], instant):
        plans = by_id(Plan, {seat.plan_id for seat in seats})
        people = _people({person for seat in seats for person in (seat.user_id, seat.today.user_id)} - {None})
        yield [_line(seat, plans[seat.plan_id], people, instant) for seat in seats]


def by_company(company_ids: Sequence[int], instant: dt.datetime) -> dict[int, Count]:
    """How many licences each of these companies had, in four statements for some thousand of them."""
    counts = {company_id: Count() for company_id in company_ids}
    for seats in history.read(company_ids, instant):
        for seat in seats:
            counts[seat.today.company_id].add(seat.state, held=seat.user_id is not None)
    return counts


def companies() -> Iterator[tuple[int, str]]:
    """(id, name) of every customer, a part at a time."""
    after = 0
    company = sa.select(Company.id, Company.name).order_by(Company.id).limit(history.AT_A_TIME)
    while part := db.session.execute(company.where(Company.id > after)).all():
        yield from ((row.id, row.name) for row in part)
        after = part[-1].id


def number_of(company_id: int | None, instant: dt.datetime) -> int:
    """How many licences a company had, or all of them together."""
    count = sa.select(sa.func.count()).select_from(License).where(License.valid_from <= instant)
    found: int = (
        db.session.scalar(count if company_id is None else count.filter_by(company_id=company_id)) or 0
    )
    return found


def _people(ids: set[Any]) -> dict[int, Any]:
    person = sa.select(User.id, User.first_name, User.last_name, User.email)
    return {row.id: row for row in db.session.execute(person.where(User.id.in_(ids)))}


def _line(seat: history.Seat, plan: Plan, people: dict[int, Any], instant: dt.datetime) -> Line:
    holder, now = people.get(seat.user_id or 0), people.get(seat.today.user_id or 0)
    became, at = _became(seat, instant)
    names = (holder.last_name, holder.first_name) if holder else ("", "")
    return Line(
        company_id=seat.today.company_id,
        license_id=seat.license_id,
        key=seat.key,
        plan=plan,
        state=seat.state,
        holder=_name(holder),
        email=holder.email if holder else "",
        since=seat.since,
        last_day=seat.last_day,
        became=became,
        by=_name(now) if became == Became.PASSED_ON else "",
        at=at,
        order=(plan.position, plan.id, holder is None, *names, seat.license_id),
    )


def _became(seat: history.Seat, instant: dt.datetime) -> tuple[Became, dt.datetime | dt.date | None]:
    row = seat.today
    if row.gone_at is not None and row.gone_at > instant:
        return Became.GONE, row.gone_at
    if row.user_id is not None and row.user_id != seat.user_id:
        return Became.PASSED_ON, row.assigned_at
    if seat.until is not None and row.user_id is None:
        return Became.RELEASED, seat.until
    if row.state() in OVER:
        return Became.ENDED, row.last_day
    return (Became.STILL_HELD if seat.user_id is not None else Became.STILL_FREE), None


def _name(person: Any) -> str:
    return name_of(person.first_name, person.last_name, person.email) if person else ""
