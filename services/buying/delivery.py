"""Delivering a paid order: its licences and their terms, in the transaction that marks it paid."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import sqlalchemy as sa

from models import CartItem, License, Order, OrderLine, Plan, Term, db
from services.catalogue.taxes import share
from services.foundation.transaction import CompanyTurn


def end_of_term(start: dt.datetime, months: int, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """23:59:59 of the term's last day in `zone`: a year from 24 November ends with 23 November.

    From 31 August, six months end with the last day of February.
    """
    first = start.astimezone(zone).date()
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    following_month = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    days_in_month = (following_month - dt.date(year, month + 1, 1)).days
    if first.day > days_in_month:
        last = dt.date(year, month + 1, days_in_month)
    else:
        last = dt.date(year, month + 1, first.day) - dt.timedelta(days=1)
    # Where clocks go back at midnight that second occurs twice: `fold` means the later one.
    return dt.datetime.combine(last, dt.time(23, 59, 59, fold=1), tzinfo=zone).astimezone(dt.UTC)


def deliver(turn: CompanyTurn, order: Order) -> None:
    """Create the licences of every line, each with a term that says what it cost. A step: it never commits.

    The order's taxes are split over all its seats in whole cents that add up to `order.tax`.
    """
    taxes = share(order.tax, [line.net for line in order.lines])
    products = _products(order)
    for line, tax in zip(order.lines, taxes, strict=True):
        until = end_of_term(turn.now, line.term_months, turn.company.zone)
        _deliver_line(line, products[line.plan_id], tax, turn.now, until)


def _products(order: Order) -> dict[int, str]:
    plans = sa.select(Plan.id, Plan.product).where(Plan.id.in_([line.plan_id for line in order.lines]))
    return {row.id: row.product for row in db.session.execute(plans)}


def _deliver_line(line: OrderLine, product: str, tax: int, now: dt.datetime, until: dt.datetime) -> None:
    seats = [
        {
            "company_id": line.company_id,
            "order_line_id": line.id,
            "seat_no": seat_no,
            "plan_id": line.plan_id,
            "product": product,
            "valid_from": now,
            "valid_until": until,
        }
        for seat_no in range(1, line.quantity + 1)
    ]
    inserted = sa.insert(License).returning(License.id, sort_by_parameter_order=True)
    license_ids = db.session.scalars(inserted, seats).all()
    taxes = share(tax, [1] * line.quantity)
    terms = [
        {
            "company_id": line.company_id,
            "license_id": license_id,
            "order_line_id": line.id,
            "starts_at": now,
            "ends_at": until,
            "net": line.unit_amount,
            "tax": tax_share,
        }
        for license_id, tax_share in zip(license_ids, taxes, strict=True)
    ]
    db.session.execute(sa.insert(Term), terms)


def empty_cart(_turn: CompanyTurn, order: Order) -> None:
    """Take the order's quantities out of the cart; what was added since stays. A step: it never commits."""
    bought = {line.plan_id: line.quantity for line in order.lines}
    items = db.session.scalars(
        sa.select(CartItem).where(CartItem.company_id == order.company_id, CartItem.plan_id.in_(bought))
    )
    for item in items:
        left = item.quantity - bought[item.plan_id]
        if left > 0:
            item.quantity = left
        else:
            db.session.delete(item)
