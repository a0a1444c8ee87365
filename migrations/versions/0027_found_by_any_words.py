"""What people and companies are found by, whatever three letters of it are typed; keys, references and amounts by an index."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered
from tables.addresses import readable_address
from tables.spelling import search_text

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# So many rows are in memory at a time.
PART = 5_000
TABLES = ("companies", "users")
PEOPLE = """
    SELECT users.id, first_name, last_name, email, companies.name, erased_at FROM users
    LEFT JOIN companies ON companies.id = users.company_id
    WHERE users.id > :last ORDER BY users.id LIMIT :part
"""
COMPANIES = "SELECT id, name, billing_email FROM companies WHERE id > :last ORDER BY id LIMIT :part"
CODES = {"licenses": '"key"', "orders": "reference"}


def upgrade() -> None:
    for name in TABLES:
        with altered(name) as table:
            table.add_column(sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
            if name == "companies":
                table.add_column(sa.Column("people_named", sa.String(length=200), nullable=False, server_default=""))
    _fill("companies", COMPANIES, lambda name, email: search_text(name, readable_address(email)))
    _fill("users", PEOPLE, _of_person)
    op.execute("UPDATE companies SET people_named = name")
    for name in TABLES:
        with altered(name) as table:
            table.alter_column("search_text", existing_type=sa.Text(), existing_nullable=False, server_default=None)
            if name == "companies":
                kind: Any = sa.String(length=200)
                table.alter_column("people_named", existing_type=kind, existing_nullable=False, server_default=None)
        _index(name)
    for name, column in CODES.items():
        op.create_index(
            f"ix_{name}_bare",
            name,
            [sa.literal_column(f"upper(replace(replace({column}, '-', ''), ' ', ''))").label("bare")],
            postgresql_ops={"bare": "text_pattern_ops"},
        )
    op.create_index("ix_orders_total", "orders", ["total", "id"])
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_search_words"),
    )
    op.create_index("ix_search_words_length", "search_words", ["length", "word"])


def downgrade() -> None:
    op.drop_table("search_words")
    op.drop_index("ix_orders_total", "orders")
    for name in CODES:
        op.drop_index(f"ix_{name}_bare", name)
    for name in TABLES:
        _drop_index(name)
        with altered(name) as table:
            table.drop_column("search_text")
            if name == "companies":
                table.drop_column("people_named")


def _of_person(first: str, last: str, email: str, company: str | None, erased: Any) -> str:
    return "" if erased else search_text(first, last, readable_address(email), company or "")


def _fill(table: str, select: str, made: Any) -> None:
    connection, last = op.get_bind(), 0
    read, write = sa.text(select), sa.text(f"UPDATE {table} SET search_text = :text WHERE id = :id")
    while rows := connection.execute(read, {"last": last, "part": PART}).all():
        connection.execute(write, [{"id": row[0], "text": made(*row[1:])} for row in rows])
        last = rows[-1][0]


def _index(name: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute(f"CREATE INDEX ix_{name}_search_text ON {name} USING gin (search_text gin_trgm_ops)")
        return
    index = f"{name}_found"
    gone = f"INSERT INTO {index} ({index}, rowid, search_text) VALUES ('delete', old.id, old.search_text);"
    new = f"INSERT INTO {index} (rowid, search_text) VALUES (new.id, new.search_text);"
    for statement in (
        f"CREATE VIRTUAL TABLE {index} USING fts5 (search_text, content='{name}', content_rowid='id', tokenize='trigram')",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {name} BEGIN {new} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {name} BEGIN {gone} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_text ON {name} BEGIN {gone} {new} END",
    ):
        op.execute(statement)


def _drop_index(name: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The extension stays: it may serve others of the database.
        op.execute(f"DROP INDEX ix_{name}_search_text")
        return
    for event in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER {name}_found_{event}")
    op.execute(f"DROP TABLE {name}_found")
