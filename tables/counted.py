"""Counted: how many seats a company has of each kind, kept true by triggers, so that no page counts a hundred thousand rows.

The triggers of `licenses` keep `seat_counts`, and `users.covered_until`, whoever writes and however: nothing else may. Whoever adds people with
their seats in one transaction may say of them beforehand what the triggers will say.
"""

# ruff: noqa: S608 - the SQL of the triggers is made of names in this file alone

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, create_with, enum_column
from tables.owning import LIVE_STATUSES, License, LicenseState
from tables.who import CompanyRow


class SeatCount(Base, CompanyRow):
    """How many seats of one plan, days and state a company has. What is gone for good is not counted; what has ended is.

    `state` is what the stored columns alone say: of a seat that has ended, what it was until then.
    """

    __tablename__ = "seat_counts"

    company_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("companies.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"), primary_key=True)
    first_day: Mapped[dt.date] = mapped_column(primary_key=True)
    last_day: Mapped[dt.date] = mapped_column(primary_key=True)
    valid_until: Mapped[dt.datetime] = mapped_column(primary_key=True)
    usable_until: Mapped[dt.datetime] = mapped_column(primary_key=True)
    state: Mapped[LicenseState] = mapped_column(enum_column(LicenseState, "state"), primary_key=True)
    held: Mapped[bool] = mapped_column(primary_key=True)
    seats: Mapped[int]

    @classmethod
    def where_live(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """As `License.where_live`: whether these seats are usable at `now`, suspended or not."""
        return cls.usable_until > now

    @classmethod
    def where_available(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """As `License.where_state(AVAILABLE, now)`: what is in grace is given to nobody."""
        return sa.and_(cls.state == LicenseState.AVAILABLE, cls.where_live(now), cls.valid_until > now)


_LIVE = ", ".join(f"'{status.value}'" for status in LIVE_STATUSES)
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
_UNTIL = f"""(
        SELECT max(usable_until) FROM licenses WHERE user_id = users.id AND status IN ({_LIVE})
    )"""
_COVER = f"""
    UPDATE users SET covered_until = {_UNTIL} WHERE id IN"""


def _sqlite(event: str, body: str, name: str = "counted") -> str:
    verb = event.partition(" ")[0].lower()
    return f"CREATE TRIGGER licenses_{name}_{verb} AFTER {event} ON licenses BEGIN {body}\nEND"


def _postgresql(changes: str, people: str) -> str:
    """`changes`: the rows with `n`, 1 or -1; `people`: whose cover may have changed.

    They are locked before their licences are read: whoever changes another licence of theirs meanwhile would not be seen. Each
    write of one would be one of every index of theirs: who is covered as before is not written.
    """
    return f"""
        INSERT INTO seat_counts AS counted ({_COLUMNS}, seats)
        SELECT {_COLUMNS}, sum(n) FROM ({changes}) AS changed ({_COLUMNS}, n)
        GROUP BY {_COLUMNS} HAVING sum(n) <> 0 ORDER BY {_COLUMNS}
        ON CONFLICT ({_COLUMNS}) DO UPDATE SET seats = counted.seats + excluded.seats;
        PERFORM id FROM users WHERE id IN (SELECT user_id FROM ({people}) AS person)
        ORDER BY id FOR NO KEY UPDATE;
        {_COVER} (SELECT user_id FROM ({people}) AS person) AND covered_until IS DISTINCT FROM {_UNTIL};"""


def _rows(name: str, n: int) -> str:
    return f"SELECT {', '.join(_values(name))}, {n} FROM {name} WHERE status IN ({_LIVE})"


_HELD = "SELECT id, user_id, usable_until, status FROM"
_MOVED = f"({_HELD} new_rows EXCEPT {_HELD} old_rows) UNION ALL ({_HELD} old_rows EXCEPT {_HELD} new_rows)"

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
create_with(License, TRIGGERS)
