"""Payments: what was tried and paid at Stripe for an order, and the events that Stripe sent."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import CURRENCY, Base, BigId, StaffRow, enum_column, partial_index, utcnow
from tables.buying import Order
from tables.who import CompanyRow


class PaymentState(enum.StrEnum):
    """What became of a payment page. `PROCESSING`: a bank debit was accepted, and takes days."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class PaymentMethod(enum.StrEnum):
    """How somebody paid, by Stripe's name of it. Others are kept as `OTHER`."""

    CARD = "card"
    DEBIT = "acss_debit"
    OTHER = "other"


class Payment(Base, CompanyRow):
    """One session of Stripe's payment page, tried or paid. An order has one for each; a second paid one is not the order's.

    Whatever is refunded or contested belongs to the payment that it came with.
    """

    __tablename__ = "payments"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name="paid_at_filled"),
        sa.Index("ix_payments_order_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    # The order's attempt that it was made for; None where only the session itself was seen.
    attempt: Mapped[int | None]
    stripe_session_id: Mapped[str] = mapped_column(sa.String(255), unique=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    stripe_charge_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState, "state"), default=PaymentState.OPEN)
    # In cents, with taxes, as Stripe says it.
    amount: Mapped[int] = mapped_column(BigId)
    currency: Mapped[str] = mapped_column(sa.String(3), default=CURRENCY)
    livemode: Mapped[bool]
    # Known once somebody paid; None for what was paid before the desk kept it.
    method: Mapped[PaymentMethod | None] = mapped_column(enum_column(PaymentMethod, "method"))
    # The card's, as Stripe calls it: `visa`.
    brand: Mapped[str | None] = mapped_column(sa.String(30))
    # Of the card, or of the account.
    last4: Mapped[str | None] = mapped_column(sa.String(4))
    opened_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    paid_at: Mapped[dt.datetime | None]

    order: Mapped[Order] = relationship(
        foreign_keys=[order_id], primaryjoin="Payment.order_id == Order.id", viewonly=True
    )

    def __str__(self) -> str:
        return self.stripe_session_id


class Outcome(enum.StrEnum):
    """What came of looking at a payment: of Stripe's event, or of asking.

    `admin_views/labels.py` has the words of each. The column is plain text: an older database may hold a code that
    is no member any more.
    """

    FULFILLED = "fulfilled"
    ALREADY = "already"
    PROCESSING = "processing"
    FAILED = "failed"
    EXPIRED = "expired"
    OPEN = "open"
    # A session or event that is not this desk's; a type of event that the desk does not use.
    FOREIGN = "foreign"
    IGNORED = "ignored"
    # Stripe does not know (any more) what the event is about.
    UNKNOWN = "unknown"
    # A card was declined; the payment page stays open.
    DECLINED = "declined"
    # These open an issue (`tables/issues.py`).
    WRONG_MODE = "wrong_mode"
    WRONG_AMOUNT = "wrong_amount"
    PAID_TWICE = "paid_twice"
    WITHHELD = "withheld"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_ENDED = "dispute_ended"


class WebhookFault(enum.StrEnum):
    """Why what looked like Stripe's was not believed: which of the desk's own settings is likely to be wrong."""

    SIGNATURE = "signature"
    CLOCK = "clock"


class RefusedWebhook(Base, StaffRow):
    """How many posts to the webhook were refused for one reason since the last event that was believed."""

    __tablename__ = "refused_webhooks"
    __table_args__ = (sa.CheckConstraint("count >= 0", name="count_not_negative"),)

    fault: Mapped[WebhookFault] = mapped_column(enum_column(WebhookFault, "fault"), primary_key=True)
    count: Mapped[int]
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]


class StripeEvent(Base, StaffRow):
    """An event that Stripe sent, stored whether or not it is used. Its id is Stripe's."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        partial_index("ix_stripe_events_unhandled", "handled_at IS NULL", "received_at", "id"),
        sa.Index("ix_stripe_events_object_id", "object_id"),
        sa.Index("ix_stripe_events_received_at", "received_at", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    type: Mapped[str] = mapped_column(sa.String(100))
    object_id: Mapped[str] = mapped_column(sa.String(255))
    livemode: Mapped[bool]
    created_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    handled_at: Mapped[dt.datetime | None]
    # An `Outcome`; None until it is handled.
    outcome: Mapped[str | None] = mapped_column(sa.String(50))
