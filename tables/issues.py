"""What a person must look at: each thing by itself, until somebody has said what was done about it."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, enum_column, partial_index, utcnow
from tables.buying import Order
from tables.who import CompanyRow, User, person_in


class IssueKind(enum.StrEnum):
    """Why staff must look at an order. `admin_views/labels.py` has the words of each."""

    WRONG_MODE = "wrong_mode"
    WRONG_AMOUNT = "wrong_amount"
    PAID_TWICE = "paid_twice"
    PAID_AFTER_END = "paid_after_end"
    # The page of a payment cannot be opened.
    PAYMENT_SETUP = "payment_setup"
    # Refunded or contested before delivery: nothing was delivered.
    WITHHELD = "withheld"
    # Money went back, or may, after delivery: Stripe's `charge.refunded` and `charge.dispute.*`.
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_ENDED = "dispute_ended"
    # A bank debit was under way that Stripe does not know any more.
    LOST = "lost"


# While one of these is open, the payment does not fit its order: the customer can neither pay it again nor cancel it.
HOLDING = frozenset({IssueKind.WRONG_AMOUNT, IssueKind.WRONG_MODE, IssueKind.LOST})


class OrderIssue(Base, CompanyRow):
    """Something about an order that staff must look at. Several may be open at once; each is closed with a reason."""

    __tablename__ = "order_issues"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        sa.CheckConstraint("(closed_at IS NULL) = (reason IS NULL)", name="closed_with_reason"),
        sa.CheckConstraint("closed_by_id IS NULL OR closed_at IS NOT NULL", name="closed_by"),
        # The same thing is told once, however often Stripe says it.
        partial_index(
            "uq_order_issues_open",
            "closed_at IS NULL",
            "order_id",
            "kind",
            "stripe_id",
            "cause",
            unique=True,
        ),
        sa.Index("ix_order_issues_order_id", "order_id"),
        sa.Index("ix_order_issues_opened_at", "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[IssueKind] = mapped_column(enum_column(IssueKind, "kind"))
    # The payment, charge or dispute at Stripe that it is about; empty where there is none.
    stripe_id: Mapped[str] = mapped_column(sa.String(255), default="")
    # The session of Stripe that told it, or how far a charge's refunds (`ch_1:5000`, in cents) or a dispute (`dp_1:lost`)
    # had come; empty for what the desk found by itself.
    cause: Mapped[str] = mapped_column(sa.String(255), default="")
    opened_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    closed_at: Mapped[dt.datetime | None]
    # None on a closed one: what it was about had settled itself.
    closed_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    # What was done about it, in the words of who closed it.
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    order: Mapped[Order] = relationship(
        foreign_keys=[order_id], primaryjoin="OrderIssue.order_id == Order.id", viewonly=True
    )
    closed_by: Mapped[User | None] = person_in("OrderIssue.closed_by_id")

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def holds(self) -> bool:
        """Whether the customer can neither pay the order nor cancel it until it is closed."""
        return self.is_open and self.kind in HOLDING
