"""People whose personal information was erased: the row stays, and lets nobody in again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SHUT = "erased_at IS NULL OR (NOT active AND confirmed_at IS NULL AND password IS NULL)"


def upgrade() -> None:
    with altered("users") as table:
        table.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(op.f("ck_users_erased_is_shut"), sa.text(SHUT))


def downgrade() -> None:
    """Who was erased stays so: the version before would let them be renamed and let in again."""
    erased = op.get_bind().scalar(sa.text("SELECT COUNT(*) FROM users WHERE erased_at IS NOT NULL"))
    if erased:
        raise RuntimeError(f"{erased} people were erased: the version before does not know what that means")
    with altered("users") as table:
        table.drop_constraint(op.f("ck_users_erased_is_shut"), type_="check")
        table.drop_column("erased_at")
