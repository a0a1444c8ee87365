"""Lanes for mail, and a table for work that is done again every so often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
DUE_MAIL = "state IN ('queued', 'sending')"


def _due_index(*columns: str) -> None:
    op.create_index(
        "ix_outgoing_mail_due",
        "outgoing_mail",
        list(columns),
        sqlite_where=sa.text(DUE_MAIL),
        postgresql_where=sa.text(DUE_MAIL),
    )


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("period", INSTANT, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state <> 'running' OR lease_until IS NOT NULL", name=op.f("ck_jobs_lease_filled")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("name", "period", name=op.f("uq_jobs_name_period")),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due_at", "id"],
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.drop_index("ix_outgoing_mail_due", "outgoing_mail")
    with altered("outgoing_mail") as table:
        table.add_column(sa.Column("lane", sa.SmallInteger(), nullable=False, server_default="1"))
    op.execute(sa.text("UPDATE outgoing_mail SET lane = 0 WHERE template IN ('sign_in_link', 'password_link')"))
    with altered("outgoing_mail") as table:
        table.alter_column(
            "lane", existing_type=sa.SmallInteger(), existing_nullable=False, server_default=None
        )
    _due_index("lane", "due_at", "id")


def downgrade() -> None:
    op.drop_index("ix_outgoing_mail_due", "outgoing_mail")
    with altered("outgoing_mail") as table:
        table.drop_column("lane")
    _due_index("due_at", "id")
    op.drop_table("jobs")
