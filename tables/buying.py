"""Buying: the cart, and orders with their lines and taxes."""

from __future__ import annotations

import datetime as dt
import enum
import zoneinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import (
    CURRENCY,
    DEFAULT_TIME_ZONE,
    MAX_QUANTITY,
    Base,
    BigId,
    Bilingual,
    Language,
    code_index,
    day_in,
    enum_column,
    partial_index,
    random_code,
    utcnow,
)
from tables.catalogue import Conditions, Plan
from tables.who import ActorKind, CompanyRow, User, acted_check, person_in


class LineKind(enum.StrEnum):
    """What a line of a cart or an order buys. Only `NEW` is sold yet.

    `NEW`: seats from the day of delivery. `ADD`: seats that end with others. `RENEW`: more time for seats that are
    named. `CHANGE`: a dearer plan for seats that are named, until they end.
    """

    NEW = "new"
    ADD = "add"
    RENEW = "renew"
    CHANGE = "change"


# Which columns of a line its kind fills. A period that begins with the payment has no first day before it.
_KINDS = (
    "CASE kind WHEN 'new' THEN from_plan_id IS NULL AND first_day IS NULL AND last_day IS NULL"
    " WHEN 'add' THEN from_plan_id IS NULL AND last_day IS NOT NULL"
    " WHEN 'renew' THEN from_plan_id IS NOT NULL AND (first_day IS NULL) = (last_day IS NULL)"
    " ELSE from_plan_id IS NOT NULL AND last_day IS NOT NULL END"
)
# Any number of seats that exist can be renewed or changed at once.
_QUANTITY = f"quantity >= 1 AND (kind IN ('renew', 'change') OR quantity <= {MAX_QUANTITY})"


def _line_checks() -> tuple[sa.CheckConstraint, ...]:
    """What is true of the lines of carts and orders alike."""
    return (
        sa.CheckConstraint(_QUANTITY, name="quantity_range"),
        sa.CheckConstraint(_KINDS, name="kind_columns"),
        sa.CheckConstraint("last_day >= first_day", name="period"),
    )


class CartItem(Base, CompanyRow):
    """A line of the cart that a company's administrators share: one for each kind, plan and period."""

    __tablename__ = "cart_items"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        acted_check("added_by_id", "added_as"),
        *_line_checks(),
        # An index for each kind: a unique one over columns that may be NULL would hold nothing apart.
        partial_index("uq_cart_items_new", "kind = 'new'", "company_id", "plan_id", unique=True),
        partial_index("uq_cart_items_add", "kind = 'add'", "company_id", "plan_id", "last_day", unique=True),
        partial_index(
            "uq_cart_items_renew",
            "kind = 'renew' AND first_day IS NOT NULL",
            *("company_id", "plan_id", "from_plan_id", "first_day", "last_day"),
            unique=True,
        ),
        partial_index(
            "uq_cart_items_renew_lapsed",
            "kind = 'renew' AND first_day IS NULL",
            *("company_id", "plan_id", "from_plan_id"),
            unique=True,
        ),
        partial_index(
            "uq_cart_items_change",
            "kind = 'change'",
            *("company_id", "plan_id", "from_plan_id", "last_day"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind, "kind"), default=LineKind.NEW)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    from_plan_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    # The period that is bought, both days included.
    first_day: Mapped[dt.date | None]
    last_day: Mapped[dt.date | None]
    quantity: Mapped[int]
    added_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    added_as: Mapped[ActorKind] = mapped_column(
        enum_column(ActorKind, "added_as_kind"), default=ActorKind.PERSON
    )
    added_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id])
    # None as well where the reader may not see them: a customer sees no staff.
    added_by: Mapped[User | None] = person_in("CartItem.added_by_id")


class OrderState(enum.StrEnum):
    """The states of `docs/payments.md`; `ORDER_TRANSITIONS` says which may follow which."""

    PENDING = "pending"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    # Refunded or contested before delivery.
    WITHHELD = "withheld"


# A payment can arrive after every way in which an order ends unpaid; while it waits, be given back before it is seen.
_MONEY_CAME = frozenset({OrderState.PAID, OrderState.WITHHELD})
ORDER_TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset(
        {OrderState.PROCESSING, *_MONEY_CAME, OrderState.EXPIRED, OrderState.CANCELLED}
    ),
    OrderState.PROCESSING: frozenset({*_MONEY_CAME, OrderState.FAILED}),
    OrderState.FAILED: frozenset({*_MONEY_CAME, OrderState.PENDING, OrderState.CANCELLED}),
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.CANCELLED: frozenset({OrderState.PAID}),
    OrderState.WITHHELD: frozenset({OrderState.PAID}),
    OrderState.PAID: frozenset({OrderState.REFUNDED, OrderState.DISPUTED}),
    OrderState.DISPUTED: frozenset({OrderState.PAID, OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset({OrderState.PAID}),
}


class Order(Base, CompanyRow):
    """A purchase. It copies names, prices, taxes and addresses when it is placed, so its receipt never changes."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        acted_check("placed_by_id", "placed_as"),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND total = net + tax", name="totals"),
        sa.CheckConstraint("refunded BETWEEN 0 AND total", name="refunded_range"),
        sa.CheckConstraint(
            "state NOT IN ('paid', 'refunded', 'disputed') OR paid_at IS NOT NULL", name="paid_at_filled"
        ),
        sa.Index("ix_orders_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_orders_state_id", "state", sa.text("id DESC")),
        sa.Index("ix_orders_placed_at", "placed_at", "id"),
        sa.Index("ix_orders_paid_at", "paid_at"),
        # Found by what was paid.
        sa.Index("ix_orders_total", "total", "id"),
        code_index("orders", "reference"),
        # For `flask reconcile`, which asks Stripe about these.
        partial_index("ix_orders_waiting", "state IN ('pending', 'processing')", "placed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(20), unique=True, default=lambda: random_code(2, 5))
    placed_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    placed_as: Mapped[ActorKind] = mapped_column(
        enum_column(ActorKind, "placed_as_kind"), default=ActorKind.PERSON
    )
    state: Mapped[OrderState] = mapped_column(enum_column(OrderState, "state"), default=OrderState.PENDING)
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"))
    currency: Mapped[str] = mapped_column(sa.String(3), default=CURRENCY)
    net: Mapped[int] = mapped_column(BigId)
    tax: Mapped[int] = mapped_column(BigId)
    total: Mapped[int] = mapped_column(BigId)
    refunded: Mapped[int] = mapped_column(BigId, default=0)
    customer_name: Mapped[str] = mapped_column(sa.String(200))
    customer_address: Mapped[str] = mapped_column(sa.Text)
    vendor_name: Mapped[str] = mapped_column(sa.String(200))
    vendor_address: Mapped[str] = mapped_column(sa.Text)
    conditions_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("conditions.id"))
    # The vendor's time zone of then: the days on its papers are the same for every reader.
    zone: Mapped[str] = mapped_column(sa.String(64), default=DEFAULT_TIME_ZONE)
    placed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    paid_at: Mapped[dt.datetime | None]
    # When its lines left the cart, because a payment was accepted: they can then not be ordered again from there.
    left_cart_at: Mapped[dt.datetime | None]
    # Part of Stripe's idempotency key: a new number gives a new session.
    attempt: Mapped[int] = mapped_column(default=1)
    stripe_session_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    # The `Quote.fingerprint` that was confirmed: the same confirmation sent twice gives the same order.
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    # When a card was last declined on its payment page, which stays open.
    declined_at: Mapped[dt.datetime | None]

    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    taxes: Mapped[list[OrderTax]] = relationship(back_populates="order", order_by="OrderTax.position")
    # None as well where the reader may not see them: a customer sees no staff.
    placed_by: Mapped[User | None] = person_in("Order.placed_by_id")
    conditions: Mapped[Conditions | None] = relationship()
    # What staff must look at (`tables/issues.py`).
    open_issues: Mapped[list[Any]] = relationship(
        "OrderIssue",
        primaryjoin="and_(Order.id == foreign(OrderIssue.order_id), OrderIssue.closed_at.is_(None))",
        order_by="OrderIssue.id",
        viewonly=True,
    )

    def __str__(self) -> str:
        return self.reference

    def may_become(self, state: OrderState) -> bool:
        """Whether `ORDER_TRANSITIONS` allows the move."""
        return state in ORDER_TRANSITIONS[self.state]

    @property
    def placed_on(self) -> dt.date:
        """The day it was placed, as its papers say it."""
        return day_in(zoneinfo.ZoneInfo(self.zone), self.placed_at)

    @property
    def paid_on(self) -> dt.date | None:
        """The day it was paid, as its papers say it."""
        return day_in(zoneinfo.ZoneInfo(self.zone), self.paid_at) if self.paid_at else None

    @property
    def conditions_of(self) -> dt.date | None:
        """The day on which the conditions that were accepted with it were published."""
        return day_in(zoneinfo.ZoneInfo(self.zone), self.conditions.published_at) if self.conditions else None

    @property
    def is_waiting(self) -> bool:
        """Whether the customer can still pay or cancel it. (The lines of an expired one are still in the cart.)"""
        return self.state in {OrderState.PENDING, OrderState.FAILED}

    @property
    def is_given_up(self) -> bool:
        """Whether it was cancelled, or nobody paid it in time. Money that comes all the same delivers it."""
        return self.state in {OrderState.CANCELLED, OrderState.EXPIRED}

    @property
    def is_looked_at(self) -> bool:
        """Whether support has to look at a payment before a customer may pay the order again or cancel it."""
        return self.is_waiting and any(issue.holds for issue in self.open_issues)

    @property
    def is_delivered(self) -> bool:
        """Whether its licences were created: it was paid, even if it was refunded or disputed since.

        A payment that was refunded or contested before is not: it was `WITHHELD`.
        """
        return self.paid_at is not None

    @property
    def has_left_cart(self) -> bool:
        """Whether its lines are no longer in the cart."""
        return self.left_cart_at is not None

    @property
    def quantity(self) -> int:
        """The number of licences of all lines."""
        return sum(line.quantity for line in self.lines)


class OrderLine(Base, CompanyRow):
    """A number of licences of a plan, with the plan's name, price and term of the day. Amounts in cents.

    There is a line for each price and period: `net` is `unit_amount` times `quantity`.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        *_line_checks(),
        sa.CheckConstraint("unit_amount >= 0 AND net = unit_amount * quantity", name="net"),
        sa.Index("ix_order_lines_cart_item_id", "cart_item_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind, "kind"), default=LineKind.NEW)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    from_plan_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    # The line of the cart that was ordered; None once that is gone. What was added to it since stays there.
    cart_item_id: Mapped[int | None] = mapped_column(
        BigId, sa.ForeignKey("cart_items.id", ondelete="SET NULL")
    )
    # The period that is bought, both days included; a new seat's is known at its delivery.
    first_day: Mapped[dt.date | None]
    last_day: Mapped[dt.date | None]
    plan_name_fr: Mapped[str] = mapped_column(sa.String(100))
    plan_name_en: Mapped[str] = mapped_column(sa.String(100))
    plan_name = Bilingual()
    term_months: Mapped[int]
    quantity: Mapped[int]
    unit_amount: Mapped[int] = mapped_column(BigId)
    net: Mapped[int] = mapped_column(BigId)

    order: Mapped[Order] = relationship(back_populates="lines")
    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id])


class OrderTax(Base, CompanyRow):
    """One tax on an order, in cents, rounded half up on the order's net; `rate` in thousandths of a percent."""

    __tablename__ = "order_taxes"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    position: Mapped[int]
    name_fr: Mapped[str] = mapped_column(sa.String(20))
    name_en: Mapped[str] = mapped_column(sa.String(20))
    name = Bilingual()
    rate: Mapped[int]
    registration_number: Mapped[str] = mapped_column(sa.String(30))
    amount: Mapped[int] = mapped_column(BigId)

    order: Mapped[Order] = relationship(back_populates="taxes")
