"""What a person must look at: a row each, instead of one note on the order. The last decline is a column of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The notes that were for staff to look at.
ALERTS = ("wrong_mode", "wrong_amount", "paid_twice", "paid_after_end", "payment_setup")
KINDS = (*ALERTS, "withheld", "refunded", "disputed", "dispute_ended")
STATES = ("pending", "processing", "paid", "failed", "expired", "cancelled", "refunded", "disputed")
ALERT_LIST = ", ".join(f"'{kind}'" for kind in ALERTS)


def _state_check(states: tuple[str, ...]) -> str:
    return f"state IN ({', '.join(repr(state) for state in states)})"


# When the journal last said it of the order.
_NOTED_AT = """
    COALESCE((SELECT MAX(at) FROM journal_entries
              WHERE subject_type = 'order' AND subject_id = orders.id AND verb = 'payment_noted'), placed_at)
"""


def upgrade() -> None:
    op.create_table(
        "order_issues",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("stripe_id", sa.String(length=255), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", BIG_ID, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (reason IS NULL)", name=op.f("ck_order_issues_closed_with_reason")
        ),
        sa.CheckConstraint(
            "closed_by_id IS NULL OR closed_at IS NOT NULL", name=op.f("ck_order_issues_closed_by")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_order_issues_company_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_order_issues_closed_by_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "order_id"],
            ["orders.company_id", "orders.id"],
            name=op.f("fk_order_issues_company_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_issues")),
    )
    op.create_index("ix_order_issues_order_id", "order_issues", ["order_id"])
    op.create_index("ix_order_issues_opened_at", "order_issues", ["opened_at"])
    op.create_index(
        "uq_order_issues_open",
        "order_issues",
        ["order_id", "kind", "stripe_id", "cause"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.execute(
        sa.text(f"""
        INSERT INTO order_issues (company_id, order_id, kind, stripe_id, cause, opened_at)
        SELECT company_id, id, note, '', '', {_NOTED_AT} FROM orders WHERE note IN ({ALERT_LIST})
        """)  # noqa: S608 - the words stand above
    )
    with altered("orders") as table:
        table.add_column(sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text(f"UPDATE orders SET declined_at = {_NOTED_AT} WHERE note = 'declined'"))  # noqa: S608
    op.drop_index("ix_orders_noted", "orders")
    with altered("orders") as table:
        table.drop_column("note")
        replace_check(table, "ck_orders_state", _state_check((*STATES, "withheld")))
    op.execute(sa.text("UPDATE stripe_events SET outcome = 'declined' WHERE outcome = 'noted'"))


def downgrade() -> None:
    with altered("orders") as table:
        table.add_column(sa.Column("note", sa.String(length=50), nullable=True))
    # What was withheld had taken no money for good: it is an order that nobody paid.
    op.execute(
        sa.text(
            "UPDATE orders SET state = CASE WHEN left_cart_at IS NULL THEN 'cancelled' ELSE 'failed' END"
            " WHERE state = 'withheld'"
        )
    )
    op.execute(sa.text("UPDATE orders SET note = 'failed' WHERE state = 'failed'"))
    op.execute(
        sa.text("UPDATE orders SET note = 'declined' WHERE declined_at IS NOT NULL AND state = 'pending'")
    )
    latest = (
        "SELECT MAX(id) FROM order_issues WHERE order_id = orders.id AND closed_at IS NULL"
        f" AND kind IN ({ALERT_LIST})"
    )
    op.execute(
        sa.text(
            f"UPDATE orders SET note = (SELECT kind FROM order_issues WHERE id = ({latest}))"  # noqa: S608
            f" WHERE ({latest}) IS NOT NULL"
        )
    )
    with altered("orders") as table:
        table.drop_column("declined_at")
        replace_check(table, "ck_orders_state", _state_check(STATES))
    op.create_index(
        "ix_orders_noted",
        "orders",
        ["id"],
        sqlite_where=sa.text("note IS NOT NULL"),
        postgresql_where=sa.text("note IS NOT NULL"),
    )
    op.execute(sa.text("UPDATE stripe_events SET outcome = 'noted' WHERE outcome = 'declined'"))
    op.drop_table("order_issues")
