"""The migrations make the schema of the models, on both databases, up and down; and the journal stays append-only."""

from __future__ import annotations

import re

import flask_migrate
import pytest
import sqlalchemy as sa

import access
from models import AppendOnlyError, JournalEntry, JournalSubject, db

# Not those of an extension.
OURS = (
    "pronamespace = 'public'::regnamespace AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')"
)
FUNCTIONS = f"SELECT proname FROM pg_proc WHERE {OURS}"
MIGRATIONS_TABLE = "alembic_version"

# name of what is compared → rows of (table, name, definition) in the public schema
POSTGRESQL_DUMP = {
    "columns": """
        SELECT c.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity::text,
               pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
              AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": f"SELECT '', proname, pg_get_functiondef(oid) FROM pg_proc WHERE {OURS}",
}


def _dump(app) -> dict[str, list]:
    """The whole schema, in an order that does not depend on how it was made."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            return {
                kind: sorted(
                    (table, name, " ".join(definition.split()))
                    for table, name, definition in connection.exec_driver_sql(query)
                    if MIGRATIONS_TABLE not in table
                )
                for kind, query in POSTGRESQL_DUMP.items()
            }
        rows = connection.exec_driver_sql("SELECT type, tbl_name, name, sql FROM sqlite_master").all()
    return {
        f"{kind} {name}": _sqlite_lines(sql) if kind == "table" else " ".join((sql or "").split())
        for kind, table, name, sql in rows
        if table != MIGRATIONS_TABLE
    }


def _sqlite_lines(sql: str) -> list[str]:
    """The columns and constraints of a CREATE TABLE, sorted: their order has no meaning, and a column comes last."""
    return sorted(line.strip().rstrip(",") for line in re.sub(r",\s*\n", "\n", sql).splitlines()[1:])


@pytest.fixture
def empty_app(database, make_app):
    """An application on a database without any table."""
    app = make_app(database.another())
    yield app
    with app.app_context():
        db.engine.dispose()


def _drop_all() -> None:
    db.drop_all()
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            # A function is no part of the table whose trigger calls it.
            for name in connection.exec_driver_sql(FUNCTIONS).scalars().all():
                connection.exec_driver_sql(f"DROP FUNCTION {name}()")


def test_migrations_make_what_the_models_say_up_down_and_up_again(empty_app):
    with empty_app.app_context():
        db.create_all()
        wanted = _dump(empty_app)
        _drop_all()
        nothing = _dump(empty_app)

        flask_migrate.upgrade()
        assert _dump(empty_app) == wanted
        flask_migrate.downgrade(revision="base")
        assert _dump(empty_app) == nothing
        flask_migrate.upgrade()
        assert _dump(empty_app) == wanted


def test_the_comparison_sees_a_lost_trigger_index_and_check(empty_app):
    with empty_app.app_context():
        flask_migrate.upgrade()
        before = _dump(empty_app)
        sqlite = db.engine.dialect.name == "sqlite"
        losses = [
            "DROP INDEX uq_users_confirmed_email",
            "DROP INDEX ix_licenses_free",
            "DROP TRIGGER journal_entries_no_update"
            if sqlite
            else "DROP TRIGGER journal_entries_append_only ON journal_entries",
        ]
        if not sqlite:
            losses.append("ALTER TABLE prices DROP CONSTRAINT ck_prices_amount_not_negative")
        for loss in losses:
            with db.engine.begin() as connection:
                connection.exec_driver_sql(loss)
            after = _dump(empty_app)
            assert after != before, loss
            before = after


@pytest.mark.one_database
def test_upgrade_refuses_rows_that_point_nowhere(empty_app, caplog):
    """SQLite checks no foreign key during a migration, so `env.py` does it before the commit."""
    with empty_app.app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.execute("INSERT INTO links SELECT 1, 'sign_in', 9, NULL, 'hash', 0, 0, NULL, NULL")
            driver.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(SystemExit):
            flask_migrate.upgrade()
    assert "1 rows that point nowhere" in caplog.text


JOURNAL_ROW = (
    "INTO journal_entries (id, operation, at, verb, subject_type, subject_id, related, before, after)"
    " VALUES (1, 'x', '2026-01-01 00:00:00', 'altered', 'user', 1, '{}', '{}', '{}')"
)
CHANGES = {
    "sqlite": [
        "UPDATE journal_entries SET verb = 'altered'",
        "DELETE FROM journal_entries",
        f"INSERT OR REPLACE {JOURNAL_ROW}",
        f"REPLACE {JOURNAL_ROW}",
        f"INSERT {JOURNAL_ROW} ON CONFLICT (id) DO UPDATE SET verb = 'altered'",
        "UPDATE journal_subjects SET row_id = 2",
        "DELETE FROM journal_subjects",
    ],
    "postgresql": [
        "UPDATE journal_entries SET verb = 'altered'",
        "DELETE FROM journal_entries",
        "TRUNCATE journal_entries CASCADE",
        f"INSERT {JOURNAL_ROW} ON CONFLICT (id) DO UPDATE SET verb = 'altered'",
        "UPDATE journal_subjects SET row_id = 2",
        "DELETE FROM journal_subjects",
        "TRUNCATE journal_subjects",
    ],
}


def test_no_statement_alters_or_removes_a_journal_entry(scope):
    entry = JournalEntry(id=1, operation="x", verb="signed_in", subject_type="user", subject_id=1)
    entry.subjects = [JournalSubject(kind="user", row_id=1)]
    db.session.add(entry)
    db.session.commit()
    for change in CHANGES[db.engine.dialect.name]:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.exec_driver_sql(change)
    assert db.session.scalars(sa.select(JournalEntry.verb)).all() == ["signed_in"]
    assert db.session.scalars(sa.select(JournalSubject.row_id)).all() == [1]


@pytest.mark.parametrize("change", ["update", "delete", "update what it concerns"])
def test_no_verb_alters_or_removes_a_journal_entry(scope, change):
    entry = JournalEntry(operation="x", verb="signed_in", subject_type="user", subject_id=1)
    entry.subjects = [JournalSubject(kind="user", row_id=1, company_id=None)]
    db.session.add(entry)
    db.session.commit()
    if change == "update":
        entry.verb = "altered"
    elif change == "delete":
        db.session.delete(entry)
    else:
        entry.subjects[0].company_id = 7
    with pytest.raises(AppendOnlyError):
        db.session.commit()
    db.session.rollback()
    with access.everything():
        assert db.session.scalars(sa.select(JournalEntry.verb)).all() == ["signed_in"]
