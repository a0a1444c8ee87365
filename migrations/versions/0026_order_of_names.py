"""What names are put in order by, the same on both databases: letters, then marks, then case (`tables/spelling.py`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from migrations.altering import altered
from tables.spelling import sort_key

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KEY = sa.String(length=500).with_variant(VARCHAR(length=500, collation="C"), "postgresql")
# So many rows are in memory at a time.
PART = 5_000
# The order of a company's own list, in which whoever was deactivated comes last.
INACTIVE = {"sqlite": "active = 0", "postgresql": "(NOT active)"}
ACTIVE_NAME = "ix_users_company_active_name"


def upgrade() -> None:
    _drop_indexes()
    for name in ("users", "companies"):
        with altered(name) as table:
            table.add_column(sa.Column("sort_key", KEY, nullable=False, server_default=""))
    _fill("users", ("last_name", "first_name"))
    _fill("companies", ("name",))
    for name in ("users", "companies"):
        with altered(name) as table:
            table.alter_column("sort_key", existing_type=KEY, existing_nullable=False, server_default=None)
    op.create_index("ix_users_company_name", "users", ["company_id", "sort_key", "id"])
    op.create_index("ix_users_name", "users", ["sort_key", "id"])
    op.create_index(ACTIVE_NAME, "users", ["company_id", sa.text(_inactive()), "sort_key", "id"])
    op.create_index("ix_companies_sort_key", "companies", ["sort_key", "id"])


def downgrade() -> None:
    op.drop_index("ix_companies_sort_key", "companies")
    _drop_indexes()
    for name in ("users", "companies"):
        with altered(name) as table:
            table.drop_column("sort_key")
    op.create_index("ix_users_company_name", "users", ["company_id", "last_name", "first_name", "id"])
    op.create_index("ix_users_name", "users", ["last_name", "first_name", "id"])
    columns: list[Any] = ["company_id", sa.text(_inactive()), "last_name", "first_name", "id"]
    op.create_index(ACTIVE_NAME, "users", columns)


def _drop_indexes() -> None:
    for name in ("ix_users_company_name", "ix_users_name", ACTIVE_NAME):
        op.drop_index(name, "users")


def _inactive() -> str:
    return INACTIVE[op.get_bind().dialect.name]


def _fill(table: str, names: tuple[str, ...]) -> None:
    connection, last = op.get_bind(), 0
    read = sa.text(f"SELECT id, {', '.join(names)} FROM {table} WHERE id > :last ORDER BY id LIMIT {PART}")
    write = sa.text(f"UPDATE {table} SET sort_key = :key WHERE id = :id")
    while rows := connection.execute(read, {"last": last}).all():
        connection.execute(write, [{"id": row[0], "key": sort_key(*row[1:])} for row in rows])
        last = rows[-1][0]
