"""An address is claimed by whoever answers at it: several companies may have typed it, one account has confirmed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LOWER = sa.text("lower(email)")


def upgrade() -> None:
    with altered("users") as table:
        table.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    # Whoever has signed in has answered at their address.
    op.execute(sa.text("UPDATE users SET confirmed_at = signed_in_at"))
    op.drop_index("uq_users_lower_email", "users")
    op.create_index("uq_users_company_email", "users", ["company_id", LOWER], unique=True)
    op.create_index(
        "uq_users_staff_email",
        "users",
        [LOWER],
        unique=True,
        sqlite_where=sa.text("company_id IS NULL"),
        postgresql_where=sa.text("company_id IS NULL"),
    )
    op.create_index(
        "uq_users_confirmed_email",
        "users",
        [LOWER],
        unique=True,
        sqlite_where=sa.text("confirmed_at IS NOT NULL"),
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_index("ix_users_lower_email", "users", [LOWER])


def downgrade() -> None:
    """Where two accounts have one address, the version before cannot hold them: it stops with nothing changed."""
    twice = op.get_bind().scalar(
        sa.text("SELECT COUNT(*) FROM (SELECT 1 FROM users GROUP BY lower(email) HAVING COUNT(*) > 1) AS same")
    )
    if twice:
        raise RuntimeError(f"{twice} addresses belong to several accounts: give all but one of each another address")
    for name in ("ix_users_lower_email", "uq_users_confirmed_email", "uq_users_staff_email", "uq_users_company_email"):
        op.drop_index(name, "users")
    with altered("users") as table:
        table.drop_column("confirmed_at")
    op.create_index("uq_users_lower_email", "users", [LOWER], unique=True)
