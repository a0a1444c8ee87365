"""The numbers on the staff's home page: what needs a person, and the size of the business.

Counts are exact up to `COUNT_LIMIT`; `COUNT_LIMIT + 1` means more than that (`counts.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo

import sqlalchemy as sa

from models import (
    Company,
    License,
    MailState,
    Order,
    OrderIssue,
    OrderState,
    OutgoingMail,
    RefusedWebhook,
    StripeEvent,
    User,
    WebhookFault,
    db,
    utcnow,
)
from services.catalogue import vendor
from services.reports.counts import counts


@dataclasses.dataclass(frozen=True)
class Waiting:
    """Counts of open issues, mails that failed for good, Stripe events not handled, payments in progress."""

    issues: int
    failed_mails: int
    events: int
    processing: int


@dataclasses.dataclass(frozen=True)
class Figures:
    """Counts of customers, their people, live licences, and the live licences that somebody holds; this month's sales.

    Attributes:
        month: This month on the vendor's calendar, `2026-11`.
        paid: Orders paid in it and neither refunded nor disputed since.
        revenue: Cents of these orders, taxes included, less what was refunded.
    """

    companies: int
    people: int
    licenses: int
    assigned: int
    month: str
    paid: int
    revenue: int


def waiting() -> Waiting:
    """The counts of what waits, each from a partial index. One statement."""
    return Waiting(
        *counts(
            sa.select(OrderIssue.id).where(OrderIssue.closed_at.is_(None)),
            sa.select(OutgoingMail.id).where(OutgoingMail.state == MailState.FAILED),
            sa.select(StripeEvent.id).where(StripeEvent.handled_at.is_(None)),
            sa.select(Order.id).where(Order.state == OrderState.PROCESSING),
        )
    )


def refused_webhooks() -> list[tuple[WebhookFault, int]]:
    """(what is likely to be wrong, how many were refused for it) since an event of Stripe was last believed. One statement."""
    rows = db.session.scalars(sa.select(RefusedWebhook).order_by(RefusedWebhook.fault))
    return [(row.fault, row.count) for row in rows]


def figures() -> Figures:
    """The desk's numbers now. Two statements."""
    live = sa.select(License.id).where(License.where_live(utcnow()))
    month = f"{vendor.current().today:%Y-%m}"
    companies, people, licenses, assigned = counts(
        sa.select(Company.id),
        sa.select(User.id).where(User.company_id.is_not(None)),
        live,
        live.where(License.user_id.is_not(None)),
    )
    paid, revenue = _paid_since(month_bounds(month)[0])
    return Figures(companies, people, licenses, assigned, month, paid, revenue)


def month_bounds(month: str) -> tuple[dt.datetime, dt.datetime]:
    """The first instants of `2026-11` and of the month after it, on the vendor's calendar."""
    zone = zoneinfo.ZoneInfo(vendor.current().time_zone)
    first = dt.date.fromisoformat(f"{month}-01")
    following = (first + dt.timedelta(days=32)).replace(day=1)
    start, end = (dt.datetime.combine(day, dt.time(), tzinfo=zone) for day in (first, following))
    return start, end


def _paid_since(start: dt.datetime) -> tuple[int, int]:
    """(number of orders paid since `start`, their cents less refunds), for orders in the state paid."""
    kept = sa.func.coalesce(sa.func.sum(Order.total - Order.refunded), 0)
    row = db.session.execute(
        sa.select(sa.func.count(), kept).where(Order.paid_at >= start, Order.state == OrderState.PAID)
    ).one()
    return row[0], row[1]
