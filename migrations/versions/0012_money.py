"""Forms that were done, what the mail server answered, and a vendor who charges no tax."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_submissions_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("company_id", "token", name=op.f("uq_submissions_company_id_token")),
    )
    op.create_index("ix_submissions_at", "submissions", ["at"])
    with altered("outgoing_mail") as table:
        table.add_column(sa.Column("server_reply", sa.String(length=200), nullable=True))
    with altered("vendor") as table:
        table.add_column(
            sa.Column("charges_no_tax", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with altered("vendor") as table:
        table.alter_column(
            "charges_no_tax", existing_type=sa.Boolean(), existing_nullable=False, server_default=None
        )


def downgrade() -> None:
    with altered("vendor") as table:
        table.drop_column("charges_no_tax")
    with altered("outgoing_mail") as table:
        table.drop_column("server_reply")
    op.drop_table("submissions")
