"""How a migration alters a table on both databases: SQLite makes a new one, copies the rows and drops the old one."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations


@contextlib.contextmanager
def altered(name: str) -> Iterator[BatchOperations]:
    """As `op.batch_alter_table`, and keeps what that loses on SQLite: triggers, and indexes over expressions.

    A trigger of another table that names this one is put aside meanwhile: without the table SQLite would not read it.
    """
    kept = _made_for(name)
    aside = _triggers_naming(name)
    for trigger in aside:
        op.execute(sa.text(f"DROP TRIGGER {trigger}"))
    # A column could be added in place, but then the table's own SQL would not be written as that of a new one.
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection", sa.exc.SAWarning)
        with op.batch_alter_table(name, recreate=recreate, reflect_kwargs={"resolve_fks": False}) as table:
            yield table
    if op.get_bind().dialect.name == "sqlite":
        for thing, sql in kept.items():
            if thing in _made_for(name):
                op.execute(sa.text(f"DROP INDEX {thing}"))
            op.execute(sa.text(sql.replace(":", r"\:")))
        for sql in aside.values():
            op.execute(sa.text(sql.replace(":", r"\:")))


def replace_check(table: BatchOperations, name: str, condition: str) -> None:
    """Give the CHECK called `name` another condition."""
    table.drop_constraint(op.f(name), type_="check")
    table.create_check_constraint(op.f(name), sa.text(condition))


def _made_for(name: str) -> dict[str, str]:
    """{name: SQL} of the indexes and triggers of a table, on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return {}
    made = sa.text(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = :name AND type <> 'table' AND sql IS NOT NULL"
    )
    return {row.name: row.sql for row in connection.execute(made, {"name": name})}


def _triggers_naming(name: str) -> dict[str, str]:
    """{name: SQL} of the triggers of other tables whose SQL has the word `name`, on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return {}
    made = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name <> :name")
    rows = connection.execute(made, {"name": name})
    return {row.name: row.sql for row in rows if re.search(rf"\b{name}\b", row.sql)}
