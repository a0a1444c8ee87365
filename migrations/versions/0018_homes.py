"""Seats counted as they change, who has a licence until when, and what an administrator has put away from home."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
STATES = ("available", "assigned", "activated", "suspended", "expired", "revoked")
NEVER_USED = "user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'"

_LIVE = "'active', 'suspended'"
_KEY = (
    "company_id",
    "plan_id",
    "first_day",
    "last_day",
    "valid_until",
    "usable_until",
    "state",
    "held",
)
_COLUMNS = ", ".join(_KEY)


def _values(row: str) -> tuple[str, ...]:
    """What `_KEY` is of a row of `licenses`, as SQL: `LicenseState` by the stored columns alone."""
    state = (
        f"CASE WHEN {row}.status = 'suspended' THEN 'suspended' WHEN {row}.user_id IS NULL THEN 'available'"
        f" WHEN {row}.activated_at IS NULL THEN 'assigned' ELSE 'activated' END"
    )
    return (*(f"{row}.{name}" for name in _KEY[:-2]), state, f"{row}.user_id IS NOT NULL")


_MORE = f"""
    INSERT INTO seat_counts ({_COLUMNS}, seats)
    SELECT {", ".join(_values("new"))}, 1 WHERE new.status IN ({_LIVE})
    ON CONFLICT ({_COLUMNS}) DO UPDATE SET seats = seats + 1;"""
_FEWER = f"""
    UPDATE seat_counts SET seats = seats - 1
    WHERE ({_COLUMNS}) = ({", ".join(_values("old"))}) AND old.status IN ({_LIVE});"""
_COVER = f"""
    UPDATE users SET covered_until = (
        SELECT max(usable_until) FROM licenses WHERE user_id = users.id AND status IN ({_LIVE})
    ) WHERE id IN"""


def _sqlite(event: str, body: str, name: str = "counted") -> str:
    verb = event.partition(" ")[0].lower()
    return f"CREATE TRIGGER licenses_{name}_{verb} AFTER {event} ON licenses BEGIN {body}\nEND"


def _postgresql(changes: str, people: str) -> str:
    """`changes`: the rows with `n`, 1 or -1; `people`: whose cover may have changed."""
    return f"""
        INSERT INTO seat_counts AS counted ({_COLUMNS}, seats)
        SELECT {_COLUMNS}, sum(n) FROM ({changes}) AS changed ({_COLUMNS}, n)
        GROUP BY {_COLUMNS} HAVING sum(n) <> 0 ORDER BY {_COLUMNS}
        ON CONFLICT ({_COLUMNS}) DO UPDATE SET seats = counted.seats + excluded.seats;
        PERFORM id FROM users WHERE id IN (SELECT user_id FROM ({people}) AS person)
        ORDER BY id FOR NO KEY UPDATE;
        {_COVER} (SELECT user_id FROM ({people}) AS person);"""


def _rows(name: str, n: int) -> str:
    return f"SELECT {', '.join(_values(name))}, {n} FROM {name} WHERE status IN ({_LIVE})"


_HELD = "SELECT id, user_id, usable_until, status FROM"
_MOVED = (
    f"({_HELD} new_rows EXCEPT {_HELD} old_rows) UNION ALL ({_HELD} old_rows EXCEPT {_HELD} new_rows)"
)

TRIGGERS = {
    "sqlite": [
        _sqlite("INSERT", f"{_MORE}{_COVER} (new.user_id);"),
        _sqlite("DELETE", f"{_FEWER}{_COVER} (old.user_id);"),
        _sqlite(
            f"UPDATE OF {', '.join(_KEY[:-2])}, status, user_id, activated_at",
            f"{_FEWER}{_MORE}",
        ),
        _sqlite(
            "UPDATE OF status, user_id, usable_until", f"{_COVER} (old.user_id, new.user_id);", "covering"
        ),
    ],
    "postgresql": [
        f"""
        CREATE OR REPLACE FUNCTION count_seats() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {_postgresql(_rows("new_rows", 1), "SELECT user_id FROM new_rows")}
            ELSIF TG_OP = 'DELETE' THEN {_postgresql(_rows("old_rows", -1), "SELECT user_id FROM old_rows")}
            ELSE {_postgresql(f"{_rows('new_rows', 1)} UNION ALL {_rows('old_rows', -1)}", _MOVED)}
            END IF;
            RETURN NULL;
        END $$
        """,
        *(
            f"""
            CREATE TRIGGER licenses_counted_{event.lower()} AFTER {event} ON licenses
            REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION count_seats()
            """
            for event, tables in (
                ("INSERT", "NEW TABLE AS new_rows"),
                ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                ("DELETE", "OLD TABLE AS old_rows"),
            )
        ),
    ],
}


def upgrade() -> None:
    op.create_table(
        "seat_counts",
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("usable_until", INSTANT, nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="state", native_enum=False, create_constraint=True, length=20), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_seat_counts_company_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_seat_counts_plan_id")),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_seat_counts")),
    )
    op.create_table(
        "dismissals",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("task", sa.String(length=50), nullable=False),
        sa.Column("mark", sa.String(length=100), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_dismissals_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"], ["users.company_id", "users.id"], name=op.f("fk_dismissals_company_id_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dismissals")),
        sa.UniqueConstraint("user_id", "task", name=op.f("uq_dismissals_user_id_task")),
    )
    with altered("users") as table:
        table.add_column(sa.Column("covered_until", INSTANT, nullable=True))
    op.create_index("ix_users_covered", "users", ["company_id", "active", "covered_until"])
    for name, where, columns in (
        ("ix_licenses_never_used", NEVER_USED, ["company_id", "assigned_at", "usable_until"]),
        ("ix_licenses_gone_at", "gone_at IS NOT NULL", ["gone_at"]),
    ):
        condition = sa.text(where)
        op.create_index(name, "licenses", columns, sqlite_where=condition, postgresql_where=condition)
    _count_what_is_there()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _count_what_is_there() -> None:
    op.execute(
        sa.text(
            f"INSERT INTO seat_counts ({_COLUMNS}, seats) SELECT {', '.join(_values('licenses'))}, count(*)"
            f" FROM licenses WHERE status IN ({_LIVE}) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
        )
    )
    op.execute(sa.text(f"{_COVER} (SELECT user_id FROM licenses WHERE user_id IS NOT NULL)"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER licenses_counted_{event} ON licenses")
        op.execute("DROP FUNCTION count_seats()")
    else:
        for name in ("counted_insert", "counted_update", "counted_delete", "covering_update"):
            op.execute(f"DROP TRIGGER licenses_{name}")
    op.drop_index("ix_licenses_gone_at", "licenses")
    op.drop_index("ix_licenses_never_used", "licenses")
    op.drop_index("ix_users_covered", "users")
    with altered("users") as table:
        table.drop_column("covered_until")
    op.drop_table("dismissals")
    op.drop_table("seat_counts")
