"""The address that a person is to have, once somebody has answered at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = "'sign_in', 'password', 'activation', 'invitation'"
FILLED = "ck_users_new_email_filled"


def upgrade() -> None:
    with altered("users") as table:
        table.add_column(sa.Column("new_email", sa.String(length=254), nullable=True))
        table.add_column(sa.Column("new_email_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(
            op.f(FILLED), sa.text("(new_email IS NULL) = (new_email_at IS NULL)")
        )
    with altered("links") as table:
        table.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        replace_check(table, "ck_links_purpose", f"purpose IN ({BEFORE}, 'address')")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM links WHERE purpose = 'address'"))
    with altered("links") as table:
        replace_check(table, "ck_links_purpose", f"purpose IN ({BEFORE})")
        table.drop_column("email")
    with altered("users") as table:
        table.drop_constraint(op.f(FILLED), type_="check")
        table.drop_column("new_email_at")
        table.drop_column("new_email")
