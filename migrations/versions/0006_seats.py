"""What a seat is: suspensions as rows, since when and why it is gone, until when it is usable, when its holder activated it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
FREE = "user_id IS NULL AND status = 'active'"
GONE_FILLED = (
    "(gone_at IS NULL) = (gone_why IS NULL) AND (gone_at IS NULL) = (status IN ('active', 'suspended'))"
)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _free_index(last: str) -> None:
    op.create_index(
        "ix_licenses_free",
        "licenses",
        ["company_id", "plan_id", last, "id"],
        sqlite_where=sa.text(FREE),
        postgresql_where=sa.text(FREE),
    )


def upgrade() -> None:
    _make_suspensions()
    with altered("assignments") as table:
        table.add_column(sa.Column("activated_at", INSTANT, nullable=True))
        table.add_column(sa.Column("restores_id", BIG_ID, nullable=True))
        table.create_foreign_key(
            op.f("fk_assignments_restores_id"), "assignments", ["restores_id"], ["id"]
        )
    op.create_index("ix_assignments_restores_id", "assignments", ["restores_id"])
    op.drop_index("ix_licenses_free", "licenses")
    with altered("licenses") as table:
        table.add_column(sa.Column("gone_at", INSTANT, nullable=True))
        table.add_column(
            sa.Column("gone_why", _enum("gone_why", "removed", "revoked", "refunded"), nullable=True)
        )
        table.add_column(
            sa.Column(
                "renewal",
                _enum("renewal", "undecided", "wanted", "declined"),
                nullable=False,
                server_default="undecided",
            )
        )
        table.add_column(sa.Column("usable_until", INSTANT, nullable=True))
    _fill()
    with altered("licenses") as table:
        table.alter_column(
            "renewal", existing_type=sa.String(length=20), existing_nullable=False, server_default=None
        )
        table.alter_column("usable_until", existing_type=INSTANT, nullable=False)
        table.create_check_constraint(op.f("ck_licenses_gone_filled"), sa.text(GONE_FILLED))
        table.create_check_constraint(op.f("ck_licenses_grace"), sa.text("usable_until >= valid_until"))
    _free_index("usable_until")
    op.create_index("ix_licenses_usable_until", "licenses", ["usable_until"])


def _make_suspensions() -> None:
    op.create_table(
        "suspensions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("license_id", BIG_ID, nullable=False),
        sa.Column("reason", _enum("reason", "dispute", "support"), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_suspensions_period")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_suspensions_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "license_id"],
            ["licenses.company_id", "licenses.id"],
            name=op.f("fk_suspensions_company_id_license_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspensions")),
    )
    op.create_index("ix_suspensions_license_id", "suspensions", ["license_id"])
    op.create_index(
        "uq_suspensions_open",
        "suspensions",
        ["license_id", "reason", "cause"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _fill() -> None:
    """No verb has suspended or revoked yet: whoever did it by hand did not write down when."""
    for statement in (
        "UPDATE licenses SET usable_until = valid_until",
        """
        UPDATE licenses SET gone_why = status, gone_at = COALESCE(
            (SELECT MAX(ended_at) FROM assignments WHERE assignments.license_id = licenses.id), valid_from)
        WHERE status IN ('revoked', 'removed')""",
        """
        INSERT INTO suspensions (company_id, license_id, reason, cause, started_at)
        SELECT company_id, id, 'dispute', '', valid_from FROM licenses WHERE status = 'suspended'""",
        """
        UPDATE assignments SET activated_at = COALESCE(
            (SELECT activated_at FROM licenses
             WHERE licenses.id = assignments.license_id AND assignments.ended_at IS NULL),
            (SELECT MIN(at) FROM journal_entries
             WHERE verb = 'license_activated' AND subject_type = 'license' AND subject_id = assignments.license_id
               AND at >= assignments.started_at AND (assignments.ended_at IS NULL OR at < assignments.ended_at)))""",
    ):
        op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_index("ix_licenses_usable_until", "licenses")
    op.drop_index("ix_licenses_free", "licenses")
    with altered("licenses") as table:
        table.drop_constraint(op.f("ck_licenses_gone_filled"), type_="check")
        table.drop_constraint(op.f("ck_licenses_grace"), type_="check")
        table.drop_constraint(op.f("ck_licenses_gone_why"), type_="check")
        table.drop_constraint(op.f("ck_licenses_renewal"), type_="check")
        for name in ("gone_at", "gone_why", "renewal", "usable_until"):
            table.drop_column(name)
    _free_index("valid_until")
    op.drop_index("ix_assignments_restores_id", "assignments")
    with altered("assignments") as table:
        table.drop_constraint(op.f("fk_assignments_restores_id"), type_="foreignkey")
        table.drop_column("restores_id")
        table.drop_column("activated_at")
    op.drop_table("suspensions")
