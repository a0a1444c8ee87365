"""Operations: a row for each act, by the id that its entries carry already, and what it changed of each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=50), nullable=False),
        sa.Column("by_id", BIG_ID, nullable=True),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("on_behalf_of_id", BIG_ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_operations_by_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_operations_company_id")),
        sa.ForeignKeyConstraint(
            ["on_behalf_of_id"], ["companies.id"], name=op.f("fk_operations_on_behalf_of_id")
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["operations.id"], name=op.f("fk_operations_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_operations_undoes_id")),
    )
    op.create_index("ix_operations_company_id", "operations", ["company_id", "at"])
    op.create_table(
        "operation_rows",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("operation_id", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.String(length=50), nullable=False),
        sa.Column("row_id", BIG_ID, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_operation_rows_company_id")),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operations.id"], name=op.f("fk_operation_rows_operation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_rows")),
    )
    op.create_index("ix_operation_rows_operation_id", "operation_rows", ["operation_id"])
    op.create_index("ix_operation_rows_row", "operation_rows", ["table_name", "row_id"])
    # Entries cannot be rewritten, and need not be: what they name is given a row.
    op.execute(
        sa.text("""
        INSERT INTO operations (id, verb, by_id, company_id, on_behalf_of_id, at)
        SELECT operation, verb, actor_id, company_id, on_behalf_of_id, at FROM journal_entries
        WHERE id IN (SELECT MIN(id) FROM journal_entries GROUP BY operation)
        """)
    )


def downgrade() -> None:
    op.drop_table("operation_rows")
    op.drop_table("operations")
