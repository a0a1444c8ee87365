"""The vendor's days of grace, and the states of a seat in grace and of one that was removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BEFORE = "'available', 'assigned', 'activated', 'suspended', 'expired', 'revoked'"
NOW = "'available', 'assigned', 'activated', 'suspended', 'grace', 'expired', 'removed', 'revoked'"
GRACE = "ix_licenses_grace"
CHECK = "ck_vendor_grace_days"


def upgrade() -> None:
    with altered("vendor") as table:
        for name in ("grace_days", "granted_days"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        table.create_check_constraint(op.f(CHECK), sa.text("grace_days BETWEEN 0 AND 90"))
    with altered("vendor") as table:
        for name in ("grace_days", "granted_days"):
            table.alter_column(name, server_default=None)
    with altered("seat_counts") as table:
        replace_check(table, "ck_seat_counts_state", f"state IN ({NOW})")
    has_grace = sa.text("status = 'active' AND usable_until > valid_until")
    op.create_index(GRACE, "licenses", ["id"], sqlite_where=has_grace, postgresql_where=has_grace)


def downgrade() -> None:
    op.drop_index(GRACE, "licenses")
    with altered("seat_counts") as table:
        replace_check(table, "ck_seat_counts_state", f"state IN ({BEFORE})")
    with altered("vendor") as table:
        table.drop_constraint(op.f(CHECK), type_="check")
        for name in ("granted_days", "grace_days"):
            table.drop_column(name)
