"""Many at once: batches and their rows; when those whom an act concerns are told, and the mail that is held until then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
ACTORS = ("person", "staff", "system")
KINDS = ("assign", "change", "release", "transfer", "resend", "deactivate", "people", "base")
STATES = ("draft", "queued", "preparing", "ready", "confirmed", "applying", "done", "failed", "discarded")
OUTCOMES = ("waiting", "ready", "same", "left", "moved")
WORKING = "state IN ('queued', 'preparing', 'confirmed', 'applying')"


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    with altered("operations") as table:
        table.add_column(
            sa.Column("post", _one_of("post", "now", "held", "none"), nullable=False, server_default="now")
        )
    with altered("operations") as table:
        table.alter_column("post", server_default=None)
    with altered("outgoing_mail") as table:
        table.add_column(sa.Column("operation_id", sa.String(length=32), nullable=True))
        table.create_foreign_key(
            op.f("fk_outgoing_mail_operation_id"), "operations", ["operation_id"], ["id"]
        )
    held = sa.text("operation_id IS NOT NULL")
    op.create_index(
        "ix_outgoing_mail_held", "outgoing_mail", ["operation_id"], sqlite_where=held, postgresql_where=held
    )
    _create_batches()
    _create_rows()


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("together", sa.String(length=32), nullable=False),
        sa.Column("kind", _one_of("kind", *KINDS), nullable=False),
        sa.Column("state", _one_of("state", *STATES), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("language", _one_of("language", "fr", "en"), nullable=False),
        sa.Column("made_by_id", BIG_ID, nullable=True),
        sa.Column("made_as", _one_of("made_as_kind", *ACTORS), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("prepared", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("confirmed_by_id", BIG_ID, nullable=True),
        sa.Column("confirmed_as", _one_of("confirmed_as_kind", *ACTORS), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("operation_id", sa.String(length=32), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state NOT IN ('preparing', 'applying') OR lease_until IS NOT NULL",
            name=op.f("ck_batches_lease_filled"),
        ),
        sa.CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name=op.f("ck_batches_done_filled")),
        sa.CheckConstraint("(made_as = 'system') = (made_by_id IS NULL)", name=op.f("ck_batches_made_as")),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_as IS NULL)", name=op.f("ck_batches_confirmed_as")
        ),
        sa.CheckConstraint("company_id IS NOT NULL OR kind = 'base'", name=op.f("ck_batches_company_filled")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_batches_{column}"))
            for column, table in (
                ("company_id", "companies"),
                ("made_by_id", "users"),
                ("confirmed_by_id", "users"),
                ("operation_id", "operations"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    working = sa.text(WORKING)
    op.create_index(
        "ix_batches_due", "batches", ["due_at", "id"], sqlite_where=working, postgresql_where=working
    )
    op.create_index("ix_batches_company_id", "batches", ["company_id", sa.text("id DESC")])
    for column in ("together", "created_at", "operation_id"):
        op.create_index(f"ix_batches_{column}", "batches", [column])


def _create_rows() -> None:
    op.create_table(
        "batch_rows",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("license_id", BIG_ID, nullable=True),
        sa.Column("other_id", BIG_ID, nullable=True),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("outcome", _one_of("outcome", *OUTCOMES), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("field", sa.String(length=50), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_batch_rows_{column}"))
            for column, table in (
                ("batch_id", "batches"),
                ("company_id", "companies"),
                ("user_id", "users"),
                ("license_id", "licenses"),
                ("other_id", "licenses"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_rows")),
        sa.UniqueConstraint("batch_id", "no", name=op.f("uq_batch_rows_batch_id_no")),
    )
    op.create_index("ix_batch_rows_outcome", "batch_rows", ["batch_id", "outcome", "no"])
    op.create_index("ix_batch_rows_user_id", "batch_rows", ["user_id"])
    op.create_table(
        "batch_files",
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_files_batch_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_batch_files_company_id")),
        sa.PrimaryKeyConstraint("batch_id", "place", name=op.f("pk_batch_files")),
    )


def downgrade() -> None:
    for table in ("batch_files", "batch_rows", "batches"):
        op.drop_table(table)
    op.drop_index("ix_outgoing_mail_held", "outgoing_mail")
    with altered("outgoing_mail") as table:
        table.drop_constraint(op.f("fk_outgoing_mail_operation_id"), type_="foreignkey")
        table.drop_column("operation_id")
    with altered("operations") as table:
        table.drop_constraint(op.f("ck_operations_post"), type_="check")
        table.drop_column("post")
