"""Payments: a row for each session of Stripe, and when an order's lines left the cart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("open", "processing", "paid", "failed", "expired")
METHODS = ("card", "acss_debit", "other")


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("stripe_session_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_payment_intent_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_charge_id", sa.String(length=255), nullable=True),
        sa.Column("state", _enum("state", STATES), nullable=False),
        sa.Column("amount", BIG_ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("method", _enum("method", METHODS), nullable=True),
        sa.Column("brand", sa.String(length=30), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payments_amount_not_negative")),
        sa.CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name=op.f("ck_payments_paid_at_filled")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_payments_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "order_id"],
            ["orders.company_id", "orders.id"],
            name=op.f("fk_payments_company_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_payments_company_id_id")),
        sa.UniqueConstraint("stripe_session_id", name=op.f("uq_payments_stripe_session_id")),
        sa.UniqueConstraint("stripe_payment_intent_id", name=op.f("uq_payments_stripe_payment_intent_id")),
        sa.UniqueConstraint("stripe_charge_id", name=op.f("uq_payments_stripe_charge_id")),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    with altered("orders") as table:
        table.add_column(sa.Column("left_cart_at", sa.DateTime(timezone=True), nullable=True))
    # Until now the payment's id said so.
    op.execute(
        sa.text(
            "UPDATE orders SET left_cart_at = COALESCE(paid_at, placed_at)"
            " WHERE stripe_payment_intent_id IS NOT NULL OR paid_at IS NOT NULL"
        )
    )
    # Of the sessions of before, the last one of each order is known, and nothing of the card.
    op.execute(
        sa.text("""
        INSERT INTO payments (company_id, order_id, attempt, stripe_session_id, stripe_payment_intent_id, state, amount,
                              currency, livemode, opened_at, paid_at)
        SELECT company_id, id, attempt, stripe_session_id, stripe_payment_intent_id,
               CASE WHEN paid_at IS NOT NULL THEN 'paid'
                    WHEN state IN ('processing', 'failed', 'expired') THEN state
                    WHEN state = 'cancelled' THEN 'expired'
                    ELSE 'open' END,
               total, currency,
               EXISTS (SELECT 1 FROM stripe_events
                       WHERE stripe_events.object_id = orders.stripe_session_id AND stripe_events.livemode),
               placed_at, paid_at
        FROM orders WHERE stripe_session_id IS NOT NULL
        """)
    )


def downgrade() -> None:
    with altered("orders") as table:
        table.drop_column("left_cart_at")
    op.drop_table("payments")
