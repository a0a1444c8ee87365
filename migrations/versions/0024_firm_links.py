"""Invitation links of a firm, and who asked to come in by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "firm_links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", BIG_ID, nullable=True),
        sa.Column("made_as", _one_of("made_as_kind", "person", "staff", "system"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("places BETWEEN 1 AND 1000", name=op.f("ck_firm_links_places")),
        sa.CheckConstraint("used BETWEEN 0 AND places", name=op.f("ck_firm_links_used")),
        sa.CheckConstraint("(made_as = 'system') = (made_by_id IS NULL)", name=op.f("ck_firm_links_made_as")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_firm_links_company_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_firm_links_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_firm_links_token_hash")),
    )
    op.create_index("ix_firm_links_company_id", "firm_links", ["company_id", sa.text("id DESC")])
    op.create_table(
        "join_requests",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("firm_link_id", BIG_ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("language", _one_of("language", "fr", "en"), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["firm_link_id"], ["firm_links.id"], name=op.f("fk_join_requests_firm_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_requests")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_join_requests_token_hash")),
    )
    op.create_index("ix_join_requests_firm_link_id", "join_requests", ["firm_link_id", "created_at"])
    op.create_index("ix_join_requests_expires_at", "join_requests", ["expires_at"])


def downgrade() -> None:
    op.drop_table("join_requests")
    op.drop_table("firm_links")
