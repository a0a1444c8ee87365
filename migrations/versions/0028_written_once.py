"""What an act of thousands made the database do twice: on PostgreSQL, a sixth of the time of an import of ten thousand people.

A foreign key is checked row by row there: the company of what belongs to a journal entry or an operation is that of the entry or
operation, and is looked up with those alone. And until when somebody is covered is written where it differs alone: each write of a
person is one of each of their indexes.
"""

from __future__ import annotations

from alembic import op

from migrations.altering import altered

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = ("journal_subjects", "journal_personal", "operation_rows")

# --- What `licenses_counted_…` run on PostgreSQL; SQLite writes no index of what stays the same -------------------------

_LIVE = "'active', 'suspended'"
_KEY = "company_id plan_id first_day last_day valid_until usable_until".split()
_COLUMNS = ", ".join((*_KEY, "state", "held"))
_UNTIL = f"""(
        SELECT max(usable_until) FROM licenses WHERE user_id = users.id AND status IN ({_LIVE})
    )"""
_HELD = "SELECT id, user_id, usable_until, status FROM"
_MOVED = (
    f"({_HELD} new_rows EXCEPT {_HELD} old_rows) UNION ALL ({_HELD} old_rows EXCEPT {_HELD} new_rows)"
)


def _rows(name: str, n: int) -> str:
    state = (
        f"CASE WHEN {name}.status = 'suspended' THEN 'suspended' WHEN {name}.user_id IS NULL THEN 'available'"
        f" WHEN {name}.activated_at IS NULL THEN 'assigned' ELSE 'activated' END"
    )
    values = ", ".join((*(f"{name}.{column}" for column in _KEY), state, f"{name}.user_id IS NOT NULL"))
    return f"SELECT {values}, {n} FROM {name} WHERE status IN ({_LIVE})"


def _counted(changes: str, people: str, differs: str) -> str:
    return f"""
        INSERT INTO seat_counts AS counted ({_COLUMNS}, seats)
        SELECT {_COLUMNS}, sum(n) FROM ({changes}) AS changed ({_COLUMNS}, n)
        GROUP BY {_COLUMNS} HAVING sum(n) <> 0 ORDER BY {_COLUMNS}
        ON CONFLICT ({_COLUMNS}) DO UPDATE SET seats = counted.seats + excluded.seats;
        PERFORM id FROM users WHERE id IN (SELECT user_id FROM ({people}) AS person)
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE users SET covered_until = {_UNTIL} WHERE id IN (SELECT user_id FROM ({people}) AS person){differs};"""


def _function(differs: str) -> str:
    both = f"{_rows('new_rows', 1)} UNION ALL {_rows('old_rows', -1)}"
    return f"""
        CREATE OR REPLACE FUNCTION count_seats() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {_counted(_rows("new_rows", 1), "SELECT user_id FROM new_rows", differs)}
            ELSIF TG_OP = 'DELETE' THEN {_counted(_rows("old_rows", -1), "SELECT user_id FROM old_rows", differs)}
            ELSE {_counted(both, _MOVED, differs)}
            END IF;
            RETURN NULL;
        END $$
        """


def upgrade() -> None:
    for name in TABLES:
        with altered(name) as table:
            table.drop_constraint(op.f(f"fk_{name}_company_id"), type_="foreignkey")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_function(f" AND covered_until IS DISTINCT FROM {_UNTIL}"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_function(""))
    for name in TABLES:
        with altered(name) as table:
            table.create_foreign_key(op.f(f"fk_{name}_company_id"), "companies", ["company_id"], ["id"])
