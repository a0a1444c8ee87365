"""Indexes that end with the key, so that every order of a list is read from one, page after page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEWEST = sa.text("id DESC")
# (name, table, columns before, columns after)
LONGER = (
    ("ix_licenses_valid_until", "licenses", ["valid_until"]),
    ("ix_orders_placed_at", "orders", ["placed_at"]),
    ("ix_order_issues_opened_at", "order_issues", ["opened_at"]),
    ("ix_stripe_events_received_at", "stripe_events", ["received_at"]),
    ("ix_companies_lower_name", "companies", [sa.text("lower(name)")]),
)
ADDED = (
    ("ix_licenses_company_valid_until", "licenses", ["company_id", "valid_until", "id"]),
    ("ix_journal_entries_company_verb", "journal_entries", ["company_id", "verb", NEWEST]),
    ("ix_companies_province", "companies", ["province", NEWEST]),
    ("ix_outgoing_mail_state", "outgoing_mail", ["state", NEWEST]),
)
UNHANDLED = "ix_stripe_events_unhandled"
# (name, condition) of indexes over a part of a table, those that leave and those that come.
REVOKED, GONE = ("ix_licenses_revoked", "status = 'revoked'"), ("ix_licenses_gone", "gone_at IS NOT NULL")
FAILED = ("ix_outgoing_mail_failed", "state = 'failed'")
DEACTIVATED_LAST = "ix_users_company_active_name"


def upgrade() -> None:
    for name, table, columns in LONGER:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [*columns, "id"])
    for name, table, columns in ADDED:
        op.create_index(name, table, columns)
    _unhandled(["received_at", "id"])
    op.drop_index(FAILED[0], table_name="outgoing_mail")
    op.drop_index(REVOKED[0], table_name="licenses")
    _partial("licenses", *GONE, ["id"])
    # The same words as the order of the list: an index over an expression serves that very expression.
    last = "(NOT active)" if op.get_bind().dialect.name == "postgresql" else "active = 0"
    op.create_index(
        DEACTIVATED_LAST, "users", ["company_id", sa.text(last), "last_name", "first_name", "id"]
    )


def downgrade() -> None:
    op.drop_index(DEACTIVATED_LAST, table_name="users")
    _unhandled(["received_at"])
    op.drop_index(GONE[0], table_name="licenses")
    _partial("licenses", *REVOKED, ["id"])
    _partial("outgoing_mail", *FAILED, ["id"])
    for name, table, _columns in ADDED:
        op.drop_index(name, table_name=table)
    for name, table, columns in LONGER:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)


def _unhandled(columns: list[str]) -> None:
    op.drop_index(UNHANDLED, table_name="stripe_events")
    _partial("stripe_events", UNHANDLED, "handled_at IS NULL", columns)


def _partial(table: str, name: str, condition: str, columns: list[str]) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
