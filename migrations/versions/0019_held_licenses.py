"""The index of who holds a licence holds no free ones: SQLite chose it for them, of which there are many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_licenses_user_id"
HELD = sa.text("user_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, table_name="licenses")
    op.create_index(NAME, "licenses", ["user_id"], sqlite_where=HELD, postgresql_where=HELD)


def downgrade() -> None:
    op.drop_index(NAME, table_name="licenses")
    op.create_index(NAME, "licenses", ["user_id"])
