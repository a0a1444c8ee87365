"""Delivering a paid order: its licences and their terms, in the transaction that marks it paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models import CartItem, License, Order, OrderLine, Plan, Term, TermKind, TermTax, day_in, db, insert_rows
from services.catalogue import vendor
from services.catalogue.taxes import share
from services.foundation.days import end_of, months_from
from services.foundation.transaction import CompanyTurn


def deliver(turn: CompanyTurn, order: Order) -> None:
    """Create the licences of every line, each with a term that says what it cost. A step: it never commits.

    The net and each tax of the order are shared over all its seats in whole cents that add up to them.
    """
    products = _products(order)
    taxes = [(tax.id, share(tax.amount, [line.net for line in order.lines])) for tax in order.taxes]
    term_taxes: list[dict[str, int]] = []
    for number, line in enumerate(order.lines):
        seats = _over_seats(line, [shares[number] for _, shares in taxes])
        term_ids = _deliver_line(turn, line, products[line.plan_id], [sum(amounts) for amounts in seats])
        term_taxes += [
            {"company_id": line.company_id, "term_id": term_id, "order_tax_id": tax_id, "amount": amount}
            for term_id, amounts in zip(term_ids, seats, strict=True)
            for (tax_id, _), amount in zip(taxes, amounts, strict=True)
        ]
    if term_taxes:
        insert_rows(TermTax, term_taxes)


def _products(order: Order) -> dict[int, str]:
    plans = sa.select(Plan.id, Plan.product).where(Plan.id.in_([line.plan_id for line in order.lines]))
    return {row.id: row.product for row in db.session.execute(plans)}


def _over_seats(line: OrderLine, taxes: list[int]) -> list[tuple[int, ...]]:
    """For each seat of the line its share of each tax, in cents."""
    shares = [share(tax, [1] * line.quantity) for tax in taxes]
    return list(zip(*shares, strict=True)) if shares else [()] * line.quantity


def _deliver_line(turn: CompanyTurn, line: OrderLine, product: str, taxes: list[int]) -> Sequence[int]:
    """The ids of the line's terms, in the order of its seats. `taxes`: what each seat bears of all taxes, in cents."""
    zone = turn.company.zone
    period = months_from(day_in(zone, turn.now), line.term_months)
    days = {"first_day": period.first_day, "last_day": period.last_day}
    ends_at = end_of(period.last_day, zone)
    grace = dt.timedelta(days=vendor.current().grace_days)
    seats = [
        {
            "company_id": line.company_id,
            "order_line_id": line.id,
            "seat_no": seat_no,
            "plan_id": line.plan_id,
            "product": product,
            "valid_from": turn.now,
            "valid_until": ends_at,
            "usable_until": ends_at + grace,
            **days,
        }
        for seat_no in range(1, line.quantity + 1)
    ]
    license_ids = _add(License, seats, License.seat_no)
    terms = [
        {
            "company_id": line.company_id,
            "license_id": license_id,
            "kind": TermKind.NEW,
            "plan_id": line.plan_id,
            "order_line_id": line.id,
            "zone": zone.key,
            "anchor_day": period.anchor_day,
            "starts_at": turn.now,
            "ends_at": ends_at,
            "net": line.unit_amount,
            "tax": tax,
            **days,
        }
        for license_id, tax in zip(license_ids, taxes, strict=True)
    ]
    return _add(Term, terms, Term.license_id)


def _add(kind: type[License | Term], rows: list[dict[str, Any]], order: Any) -> Sequence[int]:
    """Add the rows of one order line; returns their ids in `order`, which is that of the rows.

    Asked for afterwards: an insert that returned them would be one for each row on SQLite.
    """
    insert_rows(kind, rows)
    added = sa.select(kind.id).where(kind.order_line_id == rows[0]["order_line_id"])
    return db.session.scalars(added.order_by(order)).all()


def empty_cart(_turn: CompanyTurn, order: Order) -> None:
    """Take the order's quantities out of the very lines that were ordered; what was added since stays.

    A step: it never commits.
    """
    ordered = {line.cart_item_id: line.quantity for line in order.lines if line.cart_item_id is not None}
    for item in db.session.scalars(sa.select(CartItem).where(CartItem.id.in_(ordered))):
        left = item.quantity - ordered[item.id]
        if left > 0:
            item.quantity = left
        else:
            db.session.delete(item)
