"""A desk tells its payments from another's on the same Stripe account, counts what it refused, and says which debits were lost."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KINDS = (
    "wrong_mode",
    "wrong_amount",
    "paid_twice",
    "paid_after_end",
    "payment_setup",
    "withheld",
    "refunded",
    "disputed",
    "dispute_ended",
)
# That of keys and references (`tables/base.py`), as it was then.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _kinds(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(repr(kind) for kind in kinds)})"


def upgrade() -> None:
    op.create_table(
        "refused_webhooks",
        sa.Column(
            "fault",
            sa.Enum(
                "signature", "clock", name="fault", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_refused_webhooks_count_not_negative")),
        sa.PrimaryKeyConstraint("fault", name=op.f("pk_refused_webhooks")),
    )
    with altered("vendor") as table:
        table.add_column(sa.Column("desk_code", sa.String(length=20), nullable=False, server_default=""))
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2))
    op.execute(sa.text("UPDATE vendor SET desk_code = :code").bindparams(code=code))
    with altered("vendor") as table:
        table.alter_column(
            "desk_code", existing_type=sa.String(length=20), existing_nullable=False, server_default=None
        )
    with altered("order_issues") as table:
        replace_check(table, "ck_order_issues_kind", _kinds((*KINDS, "lost")))


def downgrade() -> None:
    """The version before has no word for a debit that Stripe does not know: its issues become the nearest."""
    op.execute(sa.text("UPDATE order_issues SET kind = 'wrong_amount' WHERE kind = 'lost'"))
    with altered("order_issues") as table:
        replace_check(table, "ck_order_issues_kind", _kinds(KINDS))
    with altered("vendor") as table:
        table.drop_column("desk_code")
    op.drop_table("refused_webhooks")
