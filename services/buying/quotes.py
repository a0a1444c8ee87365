"""What the cart costs: one computation for the page, the confirmation and the order."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from models import CartItem, Company, Conditions, Plan, Vendor, db
from services.catalogue import vendor as vendors
from services.catalogue.taxes import Tax, taxes_on
from services.foundation.errors import Code, Refused
from services.text.formats import current_language

# Stripe charges from 0.50 to 999 999.99 Canadian dollars at once ("Minimum and maximum charge amounts"), or nothing.
MIN_TOTAL, MAX_TOTAL = 50, 99_999_999


@dataclasses.dataclass(frozen=True)
class QuoteLine:
    """A line of the cart. `unit_amount` is the price in cents, or None when the plan can no longer be bought."""

    item: CartItem
    plan: Plan
    quantity: int
    unit_amount: int | None

    @property
    def net(self) -> int:
        """Cents before taxes; 0 when it cannot be bought."""
        return (self.unit_amount or 0) * self.quantity

    @property
    def is_sellable(self) -> bool:
        return self.unit_amount is not None


@dataclasses.dataclass(frozen=True)
class Quote:
    """The cart with today's prices and taxes, all in cents of `currency`."""

    lines: list[QuoteLine]
    taxes: list[Tax]
    currency: str
    conditions: Conditions | None
    # Whom the receipt names: the company's name, its address without the country, and the country's code.
    customer: tuple[str, str, str]

    @property
    def net(self) -> int:
        """Cents before taxes, of the lines that can be bought."""
        return sum(line.net for line in self.lines if line.is_sellable)

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def quantity(self) -> int:
        """The number of licences, of the lines that can be bought."""
        return sum(line.quantity for line in self.lines if line.is_sellable)

    @property
    def fingerprint(self) -> str:
        """A hash, 64 hex digits, of what the customer confirms and the order freezes: whom the receipt names, lines,
        prices, terms, taxes, conditions, total."""
        seen = {
            "customer": self.customer,
            "lines": [
                [line.plan.id, line.quantity, line.unit_amount, line.plan.term_months] for line in self.lines
            ],
            "taxes": [[tax.name_en, tax.rate, tax.amount] for tax in self.taxes],
            "conditions": self.conditions.id if self.conditions else None,
            "total": self.total,
        }
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    def check(self) -> None:
        """Refuse what cannot be bought.

        Raises:
            Refused: `cart_empty`, `plan_withdrawn` (says which), `total_too_low` or `total_too_high`.
        """
        if not self.lines:
            raise Refused(
                Code.CART_EMPTY, _("Your cart is empty. Choose a plan and a number of licenses first.")
            )
        withdrawn = [line.plan.name(current_language()) for line in self.lines if not line.is_sellable]
        if withdrawn:
            raise Refused(
                Code.PLAN_WITHDRAWN,
                _(
                    "This plan is no longer sold: %(plans)s. Nothing was charged and your cart was kept: "
                    "remove that line to continue.",
                    plans=", ".join(withdrawn),
                ),
            )
        if 0 < self.total < MIN_TOTAL:
            raise Refused(
                Code.TOTAL_TOO_LOW,
                _("A payment is at least $0.50. Your cart was kept: add a license, or write to support."),
            )
        if self.total > MAX_TOTAL:
            raise Refused(
                Code.TOTAL_TOO_HIGH,
                _(
                    "A single payment cannot exceed 999,999.99. Your cart was kept: lower the quantities, "
                    "or write to support to pay by invoice."
                ),
            )


def quote(company: Company) -> Quote:
    """What `company`'s cart costs now. Four statements, whatever the cart holds."""
    vendor = vendors.current()
    items = db.session.scalars(
        sa.select(CartItem)
        .where(CartItem.company_id == company.id)
        .options(joinedload(CartItem.plan).selectinload(Plan.prices), joinedload(CartItem.added_by))
        .order_by(CartItem.id)
    ).all()
    lines = [_line(item, company, vendor) for item in items]
    net = sum(line.net for line in lines if line.is_sellable)
    return Quote(
        lines=lines,
        taxes=taxes_on(net, company.place, vendor.today, vendor) if net else [],
        currency=company.currency,
        conditions=vendors.current_conditions() if lines else None,
        customer=(company.name, company.address, company.country),
    )


def _line(item: CartItem, company: Company, vendor: Vendor) -> QuoteLine:
    price = item.plan.price_on(vendor.today, company.currency) if item.plan.on_sale else None
    return QuoteLine(item, item.plan, item.quantity, price.amount if price else None)


def plans_on_sale() -> list[Plan]:
    """The plans on sale, with or without a price today, in the vendor's order, prices loaded. One statement."""
    priced = sa.select(Plan).where(Plan.on_sale).options(joinedload(Plan.prices))
    return list(db.session.scalars(priced.order_by(Plan.position, Plan.id)).unique())
