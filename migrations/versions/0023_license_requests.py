"""What people without a licence ask their administrators for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "license_requests",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answered_by_id", BIG_ID, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'given', 'declined', 'withdrawn')", name=op.f("ck_license_requests_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (answered_at IS NULL)", name=op.f("ck_license_requests_answered")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["users.id"], name=op.f("fk_license_requests_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_license_requests_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_license_requests_company_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_requests")),
    )
    op.create_index(
        "uq_license_requests_open",
        "license_requests",
        ["user_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_license_requests_open",
        "license_requests",
        ["company_id", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_license_requests_user_id", "license_requests", ["user_id", sa.text("id DESC")])


def downgrade() -> None:
    op.drop_table("license_requests")
