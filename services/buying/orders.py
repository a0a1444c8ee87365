"""Orders: placed from the cart, and moved along their states (`docs/payments.md`)."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from access import SYSTEM, Actor
from models import Company, JournalVerb, Order, OrderLine, OrderState, OrderTax, db
from services.buying.quotes import Quote, quote
from services.catalogue import vendor as vendors
from services.foundation import journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.text.formats import country

SHOWN_UNPAID = 5


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
            Code.NOT_ACCEPTED, _("Tick the box to confirm. Nothing was charged and your cart was kept.")
        )
    with company_lock(company_id) as turn:
        waiting = waiting_order(company_id)
        if waiting and waiting.fingerprint == fingerprint:
            return waiting
        cart = quote(turn.company)
        cart.check()
        if cart.fingerprint != fingerprint:
            raise Refused(
                Code.CHANGED_SINCE_REVIEW,
                _(
                    "The cart, a price, a tax or your address has changed since you read the confirmation. "
                    "Nothing was charged: please read it again."
                ),
            )
        if waiting:
            raise Refused(
                Code.OTHER_ORDER_WAITING, _("Order %(ref)s still awaits payment.", ref=waiting.reference)
            )
        order = frozen(cart, turn.company, language, buyer=by)
        db.session.add(order)
        _record(turn, order, JournalVerb.ORDER_PLACED, by, before=None)
        return order


# --- Questions ------------------------------------------------------------------------------------------------------


def waiting_order(company_id: int) -> Order | None:
    """The order made from the cart that awaits its first payment, if there is one."""
    return db.session.scalar(
        sa.select(Order)
        .where(
            Order.company_id == company_id,
            Order.state == OrderState.PENDING,
            # A failed order that is tried again is no longer in the cart, which may hold another purchase.
            Order.left_cart_at.is_(None),
        )
        .options(selectinload(Order.lines), selectinload(Order.taxes))
        .order_by(Order.id.desc())
        .limit(1)
    )


def unpaid(company_id: int) -> list[Order]:
    """The orders that wait for the customer to pay or cancel them, or for their bank, newest first, at most 5.

    Two statements.
    """
    return list(db.session.scalars(_UNPAID, {"company": company_id}))


_UNPAID = (
    sa.select(Order)
    .where(
        Order.company_id == sa.bindparam("company"),
        Order.state.in_([OrderState.PENDING, OrderState.PROCESSING, OrderState.FAILED]),
    )
    .options(selectinload(Order.open_issues))
    .order_by(Order.id.desc())
    .limit(SHOWN_UNPAID)
)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def move(
    turn: CompanyTurn,
    order: Order,
    state: OrderState,
    verb: JournalVerb,
    *,
    by: Actor,
) -> bool:
    """Move an order to `state`; False when `ORDER_TRANSITIONS` does not allow it.

    The order was read in this turn, so nobody else can move it meanwhile.
    """
    if not order.may_become(state):
        return False
    before, order.state = order.state, state
    _record(turn, order, verb, by, before=before)
    return True


def decline(turn: CompanyTurn, order: Order) -> None:
    """Note that a card was declined on the order's payment page, which stays open."""
    before, order.declined_at = order.declined_at, turn.now
    if before is None:
        journal.record(turn, JournalVerb.CARD_DECLINED, by=SYSTEM, subject=order)


# --- Helpers --------------------------------------------------------------------------------------------------------


def frozen(cart: Quote, company: Company, language: str, *, buyer: Actor) -> Order:
    """The order as it will be charged and printed, with copies of names, prices, taxes and addresses."""
    vendor, (name, address, code) = vendors.current(), cart.customer
    return Order(
        company_id=company.id,
        placed_by_id=buyer.user_id,
        placed_as=buyer.kind,
        language=language,
        currency=cart.currency,
        net=cart.net,
        tax=cart.tax,
        total=cart.total,
        customer_name=name,
        customer_address=f"{address}\n{country(code, language)}".strip(),
        vendor_name=vendor.legal_name,
        vendor_address=vendor.address,
        zone=vendor.time_zone,
        conditions_id=cart.conditions.id if cart.conditions else None,
        fingerprint=cart.fingerprint,
        lines=_lines(cart, company.id),
        taxes=_taxes(cart, company.id),
    )


def _lines(cart: Quote, company_id: int) -> list[OrderLine]:
    return [
        OrderLine(
            company_id=company_id,
            position=position,
            kind=line.item.kind,
            plan_id=line.plan.id,
            cart_item_id=line.item.id,
            plan_name_fr=line.plan.name_fr,
            plan_name_en=line.plan.name_en,
            term_months=line.plan.term_months,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            net=line.net,
        )
        for position, line in enumerate(cart.lines)
    ]


def _taxes(cart: Quote, company_id: int) -> list[OrderTax]:
    return [
        OrderTax(
            company_id=company_id,
            position=position,
            name_fr=tax.name_fr,
            name_en=tax.name_en,
            rate=tax.rate,
            registration_number=tax.registration_number,
            amount=tax.amount,
        )
        for position, tax in enumerate(cart.taxes)
    ]


def _record(
    turn: CompanyTurn, order: Order, verb: JournalVerb, by: Actor, *, before: OrderState | None
) -> None:
    journal.record(
        turn,
        verb,
        by=by,
        subject=order,
        before={"state": before.value} if before else {},
        after={"state": (order.state or OrderState.PENDING).value, "total": order.total},
    )
