"""The numbers on the staff's home page: what needs a person, and how the desk does.

What waits for a person is counted as it is, exactly up to `COUNT_LIMIT` (`counts.py`). How the desk does is counted at most
once a minute (`kept.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models import (
    Company,
    License,
    LicenseRequest,
    MailState,
    Order,
    OrderIssue,
    OrderLine,
    OrderState,
    OutgoingMail,
    RefusedWebhook,
    SeatCount,
    StripeEvent,
    WebhookFault,
    day_in,
    db,
    utcnow,
)
from services.catalogue import vendor
from services.licenses import requests
from services.reports.counts import counts
from services.reports.kept import figure

MONTHS = 12
ENDING = (30, 60, 90)
# How long somebody may take to begin to use a licence before it is said.
UNUSED_AFTER = dt.timedelta(days=14)
COMPARED = dt.timedelta(days=30)
SHOWN = 5
EXAMPLES = 3


@dataclasses.dataclass(frozen=True)
class Waiting:
    """Counts of open issues, declined payments, mails that failed for good, Stripe events not handled, and requests for a licence
    that nobody of their company could answer."""

    issues: int
    declined: int
    failed_mails: int
    events: int
    requests: int


@dataclasses.dataclass(frozen=True)
class Example:
    """One thing of a kind that waits.

    Attributes:
        of: The attribute of `Waiting` that counts it.
        code: The `IssueKind`, or what `OutgoingMail.last_error` says; empty for a declined payment.
        customer: Its name; empty where there is none.
        reference: Of the order; empty for a mail.
    """

    of: str
    code: str
    customer: str
    reference: str


@dataclasses.dataclass(frozen=True)
class Tally:
    """A number of seats, by the customers that have them.

    Attributes:
        seats: Of all customers.
        companies: How many customers have any.
        most: (id and name of a customer, its number), of those with most, at most `SHOWN`.
    """

    seats: int
    companies: int
    most: tuple[tuple[int, str, int], ...]


@dataclasses.dataclass(frozen=True)
class Seats:
    """Live licences of one plan, or that end within some days: how many, and how many of them somebody holds."""

    bought: int
    held: int

    @property
    def unheld(self) -> int:
        return self.bought - self.held


@dataclasses.dataclass(frozen=True)
class Today:
    """How the desk does.

    Attributes:
        months: The last `MONTHS` on the vendor's calendar, `2026-11`, this one last.
        sales: Currency → plan's id → cents before taxes of each of `months`: of orders that are paid and neither refunded
            nor disputed since, less the share of what was partly refunded.
        under_way: Currency → (orders, cents with taxes) of payments that are under way.
        plans: Plan's id → its live licences.
        ending: Days → live licences that end within them.
        in_force: Live licences at the end of each of `months`, now for the last one.
        change: How many more are live than `COMPARED` ago.
        unheld: Live licences that can be given and that nobody holds.
        bought: Live licences of each customer in `unheld.most`, by the customer's id.
        expired: Licences that have ended and that somebody still holds.
        unused: Live licences whose holder has not begun to use them `UNUSED_AFTER` they were given.
        at: When it was counted.
    """

    months: tuple[str, ...]
    sales: Mapping[str, Mapping[int, Sequence[int]]]
    under_way: Mapping[str, tuple[int, int]]
    plans: Mapping[int, Seats]
    ending: Mapping[int, Seats]
    in_force: tuple[int, ...]
    change: int
    unheld: Tally
    bought: Mapping[int, int]
    expired: Tally
    unused: Tally
    at: dt.datetime

    @property
    def total(self) -> Seats:
        """All live licences."""
        return Seats(
            sum(plan.bought for plan in self.plans.values()), sum(plan.held for plan in self.plans.values())
        )


def waiting() -> Waiting:
    """The counts of what waits, each from an index. One statement."""
    return Waiting(
        *counts(
            sa.select(OrderIssue.id).where(OrderIssue.closed_at.is_(None)),
            sa.select(Order.id).where(Order.state == OrderState.FAILED),
            sa.select(OutgoingMail.id).where(OutgoingMail.state == MailState.FAILED),
            sa.select(StripeEvent.id).where(StripeEvent.handled_at.is_(None)),
            sa.select(LicenseRequest.id).where(LicenseRequest.where_open(), requests.where_nobody_answers()),
        )
    )


def examples() -> list[Example]:
    """The latest of what waits, at most `EXAMPLES` of each kind. One statement."""
    issue = sa.select(OrderIssue.id, OrderIssue.kind, Company.name, Order.reference)
    issue = issue.join(Order, Order.id == OrderIssue.order_id).join(Company, Company.id == Order.company_id)
    declined = sa.select(Order.id, sa.literal(""), Company.name, Order.reference)
    declined = declined.join(Company, Company.id == Order.company_id)
    mail = sa.select(OutgoingMail.id, OutgoingMail.last_error, Company.name, sa.literal(""))
    mail = mail.outerjoin(Company, Company.id == OutgoingMail.company_id)
    kinds = {
        "issues": issue.where(OrderIssue.closed_at.is_(None)).order_by(OrderIssue.id.desc()),
        "declined": declined.where(Order.state == OrderState.FAILED).order_by(Order.id.desc()),
        "failed_mails": mail.where(OutgoingMail.state == MailState.FAILED).order_by(OutgoingMail.id.desc()),
    }
    latest = [
        sa.select(sa.literal(of).label("of"), *_as_text(statement.limit(EXAMPLES).subquery()))
        for of, statement in kinds.items()
    ]
    rows = db.session.execute(sa.union_all(*latest))
    return [Example(row[0], row[1] or "", row[2] or "", row[3]) for row in rows]


def _as_text(found: sa.Subquery) -> list[sa.ColumnElement[str]]:
    """All but the id, which only put them in order: columns of one type, since they stand below each other."""
    return [sa.cast(column, sa.String(500)) for column in list(found.c)[1:]]


def refused_webhooks() -> list[tuple[WebhookFault, int]]:
    """(what is likely to be wrong, how many were refused for it) since an event of Stripe was last believed. One statement."""
    rows = db.session.scalars(sa.select(RefusedWebhook).order_by(RefusedWebhook.fault))
    return [(row.fault, row.count) for row in rows]


def today() -> Today:
    """How the desk does, counted at most a minute ago. No statement, or six."""
    return figure("today", count_today)


def count_today() -> Today:
    """How the desk does now. Six statements."""
    now, months = utcnow(), last_months()
    plans, ending, in_force = _live(now, months)
    bought = sum(plan.bought for plan in plans.values())
    unheld, expired, owned = _by_customer(now)
    return Today(
        months=months,
        sales=_sales(months),
        under_way=_under_way(),
        plans=plans,
        ending=ending,
        in_force=(*in_force[:-1], bought),
        change=bought - in_force[-1],
        unheld=unheld,
        bought=owned,
        expired=expired,
        unused=_unused(now),
        at=now,
    )


def last_months() -> tuple[str, ...]:
    """The last `MONTHS` on the vendor's calendar, this one last."""
    today = vendor.current().today
    number = today.year * 12 + today.month - 1
    return tuple(f"{at // 12}-{at % 12 + 1:02}" for at in range(number - MONTHS + 1, number + 1))


def month_bounds(month: str) -> tuple[dt.datetime, dt.datetime]:
    """The first instants of `2026-11` and of the month after it, on the vendor's calendar."""
    zone = zoneinfo.ZoneInfo(vendor.current().time_zone)
    first = dt.date.fromisoformat(f"{month}-01")
    following = (first + dt.timedelta(days=32)).replace(day=1)
    start, end = (dt.datetime.combine(day, dt.time(), tzinfo=zone) for day in (first, following))
    return start, end


# --- Money ------------------------------------------------------------------------------------------------------------


def _sales(months: Sequence[str]) -> dict[str, dict[int, list[int]]]:
    starts = [month_bounds(month)[0] for month in months]
    # The latest month whose beginning is not after the payment.
    month = sa.case(*((Order.paid_at >= starts[at], at) for at in reversed(range(len(starts)))))
    # A refund is of the order: its lines bear it in proportion.
    kept_part = OrderLine.net * (Order.total - Order.refunded) // sa.func.nullif(Order.total, 0)
    rows = db.session.execute(
        sa.select(Order.currency, OrderLine.plan_id, month, sa.func.coalesce(sa.func.sum(kept_part), 0))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.paid_at >= starts[0], Order.state == OrderState.PAID)
        .group_by(Order.currency, OrderLine.plan_id, month)
    )
    found: dict[str, dict[int, list[int]]] = {}
    for currency, plan, at, cents in rows:
        found.setdefault(currency, {}).setdefault(plan, [0] * len(months))[at] = int(cents)
    return found


def _under_way() -> dict[str, tuple[int, int]]:
    rows = db.session.execute(
        sa.select(Order.currency, sa.func.count(), sa.func.sum(Order.total))
        .where(Order.state == OrderState.PROCESSING)
        .group_by(Order.currency)
    )
    return {currency: (orders, int(cents)) for currency, orders, cents in rows}


# --- Seats ------------------------------------------------------------------------------------------------------------


def _sum(*conditions: sa.ColumnExpressionArgument[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(SeatCount.seats).filter(*conditions), 0)


def _live(
    now: dt.datetime, months: Sequence[str]
) -> tuple[dict[int, Seats], dict[int, Seats], tuple[int, ...]]:
    """By plan, by days until the end, and at the end of every month but the last and `COMPARED` ago. Two statements.

    A seat was in force on its days: what was given up since counts until it was.
    """
    live, days = SeatCount.where_live(now), _days(now, months)
    within = [sa.and_(live, SeatCount.valid_until <= now + dt.timedelta(days=number)) for number in ENDING]
    pairs = [live, *within]
    sums = [_sum(condition, *held) for condition in pairs for held in ((), (SeatCount.held,))]
    past = [_sum(SeatCount.first_day <= day, SeatCount.last_day >= day) for day in days.values()]
    rows = db.session.execute(
        sa.select(SeatCount.plan_id, *sums, *past).group_by(SeatCount.plan_id).order_by(SeatCount.plan_id)
    ).all()
    plans = {row[0]: Seats(int(row[1]), int(row[2])) for row in rows if row[1]}
    totals = [sum(int(row[at]) for row in rows) for at in range(1, 1 + len(sums) + len(past))]
    ending = {number: Seats(totals[2 * at], totals[2 * at + 1]) for at, number in enumerate(ENDING, start=1)}
    there = totals[len(sums) :]
    return plans, ending, tuple(seats + gone for seats, gone in zip(there, _gone_since(days), strict=True))


def _days(now: dt.datetime, months: Sequence[str]) -> dict[dt.datetime, dt.date]:
    """The ends of every month but the last, and `COMPARED` ago: each instant and the vendor's day that leads up to it."""
    zone = zoneinfo.ZoneInfo(vendor.current().time_zone)
    instants = [month_bounds(month)[1] for month in months[:-1]] + [now - COMPARED]
    return {at: day_in(zone, at - dt.timedelta(microseconds=1)) for at in instants}


def _gone_since(days: Mapping[dt.datetime, dt.date]) -> list[int]:
    """How many licences of each day were given up after it, and are counted no more."""
    columns = [
        sa.func.count().filter(License.first_day <= day, License.last_day >= day, License.gone_at > at)
        for at, day in days.items()
    ]
    return list(db.session.execute(sa.select(*columns).where(License.gone_at > min(days))).one())


def _by_customer(now: dt.datetime) -> tuple[Tally, Tally, dict[int, int]]:
    """What nobody holds, what has ended in somebody's hands; and how many live ones the customers of the first have."""
    live = SeatCount.where_live(now)
    each = (
        sa.select(
            SeatCount.company_id,
            _sum(SeatCount.where_available(now)).label("unheld"),
            _sum(SeatCount.held, ~live).label("expired"),
            _sum(live).label("bought"),
        )
        .group_by(SeatCount.company_id)
        .cte("each")
    )
    both = [_most(each, each.c.unheld).subquery(), _most(each, each.c.expired).subquery()]
    rows = db.session.execute(sa.union_all(*(sa.select(*part.c) for part in both))).all()
    first, second = ([row for row in rows if row.of == name] for name in ("unheld", "expired"))
    return _tally(first), _tally(second), {row.id: int(row.bought) for row in first}


def _unused(now: dt.datetime) -> Tally:
    each = (
        sa.select(License.company_id, sa.func.count().label("unused"), sa.literal(0).label("bought"))
        .where(License.where_unused_since(now - UNUSED_AFTER, now))
        .group_by(License.company_id)
        .cte("each")
    )
    return _tally(db.session.execute(_most(each, each.c.unused)).all())


def _most(each: sa.CTE, seats: sa.ColumnElement[int]) -> sa.Select[Any]:
    """The customers with most `seats`; beside each, the sum and the number of all that have any."""
    has = sa.select(each).where(seats > 0)
    return (
        sa.select(
            sa.literal(seats.key).label("of"),
            Company.id,
            Company.name,
            seats.label("seats"),
            each.c.bought,
            has.with_only_columns(sa.func.sum(seats)).scalar_subquery().label("total"),
            has.with_only_columns(sa.func.count()).scalar_subquery().label("companies"),
        )
        .join(each, each.c.company_id == Company.id)
        .where(seats > 0)
        .order_by(seats.desc(), Company.id)
        .limit(SHOWN)
    )


def _tally(rows: Sequence[Any]) -> Tally:
    most = tuple((row.id, row.name, int(row.seats)) for row in rows)
    return Tally(int(rows[0].total), int(rows[0].companies), most) if rows else Tally(0, 0, ())
