"""The rows that each entry of the journal concerns, by an index; filled from the entries there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Written out here: a migration never changes with the models.
APPEND_ONLY = {
    "sqlite": [
        """
        CREATE TRIGGER journal_subjects_no_UPDATE BEFORE UPDATE ON journal_subjects
        BEGIN SELECT RAISE(ABORT, 'journal_subjects is append-only'); END
        """,
        """
        CREATE TRIGGER journal_subjects_no_DELETE BEFORE DELETE ON journal_subjects
        BEGIN SELECT RAISE(ABORT, 'journal_subjects is append-only'); END
        """,
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
        """,
        """
        CREATE TRIGGER journal_subjects_append_only BEFORE UPDATE OR DELETE ON journal_subjects
        FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
        """,
        """
        CREATE TRIGGER journal_subjects_no_truncate BEFORE TRUNCATE ON journal_subjects
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
        """,
    ],
}
REFUSE_OF_BEFORE = """
    CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'journal_entries is append-only'; END $$
"""
# (name, number) pairs of a JSON object, and whether a value is a number.
PAIRS = {
    "sqlite": ("json_each({0})", "pair.type = 'integer'"),
    "postgresql": ("json_each_text({0})", "pair.value ~ '^[0-9]{{1,18}}$'"),
}


def upgrade() -> None:
    op.create_table(
        "journal_subjects",
        sa.Column("entry_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("row_id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_journal_subjects_company_id")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entries.id"], name=op.f("fk_journal_subjects_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "kind", "row_id", name=op.f("pk_journal_subjects")),
    )
    op.execute(sa.text(_concerned()))
    # After the rows, which are many.
    op.create_index(
        "ix_journal_subjects_row", "journal_subjects", ["kind", "row_id", sa.literal_column("entry_id DESC")]
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    op.drop_index("ix_journal_entries_subject", "journal_entries")
    op.create_index(
        "ix_journal_entries_subject_type",
        "journal_entries",
        ["subject_type", sa.literal_column("id DESC")],
    )


def downgrade() -> None:
    op.drop_index("ix_journal_entries_subject_type", "journal_entries")
    op.create_index(
        "ix_journal_entries_subject",
        "journal_entries",
        ["subject_type", "subject_id", sa.literal_column("id DESC")],
    )
    op.drop_table("journal_subjects")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(REFUSE_OF_BEFORE))


def _concerned() -> str:
    """What each entry was done to, what else it names, who did it; an order's buyer; a mail's recipient and what it is about."""
    pairs, is_number = PAIRS[op.get_bind().dialect.name]
    related, context = pairs.format("e.related"), pairs.format("m.context")
    is_number = is_number.format()
    return f"""
        INSERT INTO journal_subjects (entry_id, kind, row_id, company_id)
        SELECT id, subject_type, subject_id, company_id FROM journal_entries
        UNION
        SELECT e.id, pair.key, CAST(pair.value AS BIGINT), e.company_id
        FROM journal_entries e, {related} AS pair WHERE {is_number}
        UNION
        SELECT id, 'user', actor_id, company_id FROM journal_entries WHERE actor_id IS NOT NULL
        UNION
        SELECT e.id, 'user', o.placed_by_id, e.company_id
        FROM journal_entries e JOIN orders o ON o.id = e.subject_id
        WHERE e.subject_type = 'order' AND o.placed_by_id IS NOT NULL
        UNION
        SELECT e.id, 'user', m.user_id, e.company_id
        FROM journal_entries e JOIN outgoing_mail m ON m.id = e.subject_id
        WHERE e.subject_type = 'outgoing_mail' AND m.user_id IS NOT NULL
        UNION
        SELECT e.id, pair.key, CAST(pair.value AS BIGINT), e.company_id
        FROM journal_entries e JOIN outgoing_mail m ON m.id = e.subject_id, {context} AS pair
        WHERE e.subject_type = 'outgoing_mail' AND pair.key IN ('license', 'order', 'user') AND {is_number}
    """  # noqa: S608 - no value of anybody's
