"""How migrations run: one transaction for all of them, on SQLite and PostgreSQL alike.

`docs/decisions/0002-migrations.md` says why the SQLite part is as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic import context
from flask import current_app
from sqlalchemy.engine import Connection

from models import UtcDateTime, db

# Any number will do as long as it is always the same one.
MIGRATION_LOCK = 5_300_001


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | bool:
    """Write plain column types into migrations: a frozen file must not change with our classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table by dropping it, which would cascade: switch foreign keys off, outside a transaction."""
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def take_turn(connection: Connection) -> None:
    """Two machines may deploy at once: the second waits. A big index may take longer than a page may."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


def refuse_broken_references(connection: Connection) -> None:
    """With foreign keys off nobody checked them: do so before the commit."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the migration left {len(broken)} rows that point nowhere, first {broken[0]}")


def report(step: Any, **_: Any) -> None:
    """One line for each migration."""
    done = "applied" if step.is_upgrade else "taken back"
    click.echo(f"Migration {step.up_revision_id} {done}: {step.up_revision.doc}")


def run() -> None:
    # On SQLite, BEGIN IMMEDIATE: the turn is taken at the start (services/foundation/transaction.py).
    engine = db.engine.execution_options(trousseau_writes=True)
    with engine.connect() as connection, foreign_keys_off(connection):
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            # SQLite can roll back DDL, once the driver leaves transactions to us (services/foundation/transaction.py).
            transactional_ddl=True,
            on_version_apply=report,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            take_turn(connection)
            context.run_migrations()
            refuse_broken_references(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to talk to: --sql is not supported.")
run()
