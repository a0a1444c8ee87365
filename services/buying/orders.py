"""Orders: placed from the cart, given up, and moved along their states (`docs/payments.md`)."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from access import SYSTEM, Actor
from models import Company, Order, OrderLine, OrderState, OrderTax, db
from services.buying.quotes import Quote, quote
from services.catalogue import vendor as vendors
from services.foundation import journal
from services.foundation.errors import Refused
from services.foundation.formats import country
from services.foundation.transaction import company_lock


def place(company_id: int, *, fingerprint: str, accepted: bool, language: str, by: Actor) -> Order:
    """Make the cart an order that awaits payment. Confirming the same cart twice gives the same order.

    Args:
        fingerprint: The `Quote.fingerprint` that the customer read and confirmed.
        accepted: Whether the box was ticked: licences, total and conditions.
        language: The buyer's, for the payment page and the receipt.

    Raises:
        Refused: `not_accepted`, `changed_since_review`, `other_order_waiting`, or what `Quote.check` refuses.
    """
    if not accepted:
        raise Refused(
            "not_accepted", _("Tick the box to confirm. Nothing was charged and your cart was kept.")
        )
    with company_lock(company_id) as company:
        waiting = waiting_order(company_id)
        if waiting and waiting.fingerprint == fingerprint:
            return waiting
        cart = quote(company)
        cart.check()
        if cart.fingerprint != fingerprint:
            raise Refused(
                "changed_since_review",
                _(
                    "The cart, a price or a tax has changed since you read the confirmation. "
                    "Nothing was charged: please read it again."
                ),
            )
        if waiting:
            raise Refused(
                "other_order_waiting", _("Order %(ref)s still awaits payment.", ref=waiting.reference)
            )
        order = _freeze(cart, company, fingerprint, language, by)
        _record(order, "order_placed", by, before=None)
        return order


def waiting_order(company_id: int) -> Order | None:
    """The order made from the cart that awaits its first payment, if there is one."""
    return db.session.scalar(
        sa.select(Order)
        .where(
            Order.company_id == company_id,
            Order.state == OrderState.PENDING,
            # One that failed and is tried again left the cart long ago: what is in the cart now is another purchase.
            Order.stripe_payment_intent_id.is_(None),
        )
        .options(selectinload(Order.lines), selectinload(Order.taxes))
        .order_by(Order.id.desc())
        .limit(1)
    )


def _freeze(cart: Quote, company: Company, fingerprint: str, language: str, by: Actor) -> Order:
    """The order as it will be charged and printed: later edits of plans, taxes or addresses don't reach it."""
    vendor = vendors.current()
    order = Order(
        company_id=company.id,
        placed_by_id=by.user_id,
        language=language,
        currency=cart.currency,
        net=cart.net,
        tax=cart.tax,
        total=cart.total,
        customer_name=company.name,
        customer_address=f"{company.address}\n{country(company.country, language)}".strip(),
        vendor_name=vendor.legal_name,
        vendor_address=vendor.address,
        conditions_id=cart.conditions.id if cart.conditions else None,
        fingerprint=fingerprint,
    )
    db.session.add(order)
    db.session.flush()
    order.lines = [_line(cart, index, order.company_id) for index in range(len(cart.lines))]
    order.taxes = [
        OrderTax(
            company_id=order.company_id,
            position=position,
            name_fr=tax.name_fr,
            name_en=tax.name_en,
            rate=tax.rate,
            registration_number=tax.registration_number,
            amount=tax.amount,
        )
        for position, tax in enumerate(cart.taxes)
    ]
    db.session.flush()
    return order


def _line(cart: Quote, position: int, company_id: int) -> OrderLine:
    line = cart.lines[position]
    return OrderLine(
        company_id=company_id,
        position=position,
        plan_id=line.plan.id,
        plan_name_fr=line.plan.name_fr,
        plan_name_en=line.plan.name_en,
        term_months=line.plan.term_months,
        quantity=line.quantity,
        unit_amount=line.unit_amount,
        net=line.net,
    )


def move(order: Order, state: OrderState, verb: str, by: Actor, note: str | None = None) -> bool:
    """Move a locked order along an allowed transition, inside the caller's transaction; False when it may not.

    The caller holds the company's lock and has just read the order, so nobody else can move it meanwhile.
    """
    if not order.may_become(state):
        return False
    before, order.state, order.note = order.state, state, note
    _record(order, verb, by, before=before)
    return True


def _record(order: Order, verb: str, by: Actor, before: OrderState | None) -> None:
    journal.record(
        verb,
        by=by,
        subject=order,
        company_id=order.company_id,
        before={"state": before.value} if before else {},
        after={"state": (order.state or OrderState.PENDING).value, "total": order.total, "note": order.note},
    )


def note(order: Order, code: str | None) -> None:
    """Write a code on a locked order, or take it off, once: it may be told many times. Never commits."""
    if order.note == code:
        return
    before, order.note = order.note, code
    journal.record(
        "payment_noted",
        by=SYSTEM,
        subject=order,
        company_id=order.company_id,
        before={"note": before},
        after={"note": code},
    )
