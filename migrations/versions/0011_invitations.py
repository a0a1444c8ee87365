"""Links of invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BEFORE = "purpose IN ('sign_in', 'password', 'activation')"
SINCE = "purpose IN ('sign_in', 'password', 'activation', 'invitation')"


def upgrade() -> None:
    with altered("links") as table:
        replace_check(table, "ck_links_purpose", SINCE)
    # Whoever was shut out claims no address any more.
    op.execute(sa.text("UPDATE users SET confirmed_at = NULL WHERE NOT active"))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM links WHERE purpose = 'invitation'"))
    with altered("links") as table:
        replace_check(table, "ck_links_purpose", BEFORE)
