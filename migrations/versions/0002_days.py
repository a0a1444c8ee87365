"""Days: licences and terms say their calendar days, and end where the next day begins."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator
from typing import Any

import click
import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DEFAULT_ZONE = "America/Toronto"
SECOND = dt.timedelta(seconds=1)
LAST_SECOND = dt.time(23, 59, 59)
INSTANT = sa.DateTime(timezone=True)
SHOWN = 20

terms = sa.table(
    "terms",
    sa.column("company_id", sa.BigInteger),
    sa.column("license_id", sa.BigInteger),
    sa.column("order_line_id", sa.BigInteger),
    sa.column("first_day", sa.Date),
    sa.column("last_day", sa.Date),
    sa.column("zone", sa.String),
    sa.column("anchor_day", sa.Integer),
    sa.column("starts_at", INSTANT),
    sa.column("ends_at", INSTANT),
)
licenses = sa.table(
    "licenses",
    sa.column("id", sa.BigInteger),
    sa.column("valid_until", INSTANT),
    sa.column("first_day", sa.Date),
    sa.column("last_day", sa.Date),
)
companies = sa.table("companies", sa.column("id", sa.BigInteger), sa.column("time_zone", sa.String))


def upgrade() -> None:
    for table, names in {"licenses": ("first_day", "last_day"), "terms": ("first_day", "last_day")}.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Date(), nullable=True))
    op.add_column("terms", sa.Column("zone", sa.String(length=64), nullable=True))
    op.add_column("terms", sa.Column("anchor_day", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("zone", sa.String(length=64), nullable=True))
    _fill()
    with altered("orders") as table:
        table.alter_column("zone", existing_type=sa.String(length=64), nullable=False)
    with altered("terms") as table:
        for name in ("first_day", "last_day"):
            table.alter_column(name, existing_type=sa.Date(), nullable=False)
        table.alter_column("zone", existing_type=sa.String(length=64), nullable=False)
        table.alter_column("anchor_day", existing_type=sa.Integer(), nullable=False)
        replace_check(table, "ck_terms_period", "ends_at > starts_at AND last_day >= first_day")
        table.create_check_constraint(op.f("ck_terms_anchor_day"), sa.text("anchor_day BETWEEN 1 AND 31"))
    with altered("licenses") as table:
        for name in ("first_day", "last_day"):
            table.alter_column(name, existing_type=sa.Date(), nullable=False)
        replace_check(table, "ck_licenses_validity", "valid_until > valid_from AND last_day >= first_day")


def downgrade() -> None:
    _to_the_last_second()
    with altered("licenses") as table:
        replace_check(table, "ck_licenses_validity", "valid_until > valid_from")
        for name in ("first_day", "last_day"):
            table.drop_column(name)
    with altered("terms") as table:
        table.drop_constraint(op.f("ck_terms_anchor_day"), type_="check")
        replace_check(table, "ck_terms_period", "ends_at > starts_at")
        for name in ("first_day", "last_day", "zone", "anchor_day"):
            table.drop_column(name)
    with altered("orders") as table:
        table.drop_column("zone")


# --- Rows of before -------------------------------------------------------------------------------------------------


def _fill() -> None:
    connection = op.get_bind()
    vendor = connection.scalar(sa.text("SELECT time_zone FROM vendor")) or DEFAULT_ZONE
    connection.execute(sa.text("UPDATE orders SET zone = :zone"), {"zone": vendor})
    homes = {row.id: row.time_zone for row in connection.execute(sa.select(companies))}
    known = list(dict.fromkeys([vendor, *homes.values(), *_canadian()]))
    odd: list[int] = []
    for group in _groups(connection):
        # A company may have moved since: the zone is the one in which the term ends with a day.
        zone = next((name for name in [homes[group.company_id], *known] if _ends_a_day(group.ends_at, name)), None)
        if zone is None:
            odd.append(group.order_line_id)
        place = zoneinfo.ZoneInfo(zone or homes[group.company_id])
        first = group.starts_at.astimezone(place).date()
        _update(
            connection,
            group,
            first_day=first,
            last_day=group.ends_at.astimezone(place).date(),
            zone=place.key,
            anchor_day=first.day,
            ends_at=group.ends_at + SECOND if zone else group.ends_at,
        )
    _report(odd)
    _copy_to_licenses(connection)


def _to_the_last_second() -> None:
    """Half-open ends become the last second again."""
    connection = op.get_bind()
    for group in _groups(connection, terms.c.zone):
        if _ends_a_day(group.ends_at - SECOND, group.zone):
            _update(connection, group, ends_at=group.ends_at - SECOND)
    _copy_to_licenses(connection)


def _groups(connection: sa.Connection, *more: Any) -> Iterator[_Group]:
    """The terms by order line and instants: those of a line are usually alike."""
    columns = (terms.c.company_id, terms.c.order_line_id, terms.c.starts_at, terms.c.ends_at, *more)
    for row in connection.execute(sa.select(*columns).distinct()).all():
        yield _Group(row)


class _Group:
    """One row of `_groups`, its instants aware: SQLite gives them naive."""

    def __init__(self, row: Any) -> None:
        self.company_id, self.order_line_id = row.company_id, row.order_line_id
        self.starts_at, self.ends_at = _aware(row.starts_at), _aware(row.ends_at)
        self.zone: str = getattr(row, "zone", DEFAULT_ZONE)


def _aware(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value


def _stored(value: Any) -> Any:
    """As the column holds it: SQLite would write an aware instant with its offset."""
    if isinstance(value, dt.datetime) and op.get_bind().dialect.name == "sqlite":
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def _update(connection: sa.Connection, group: _Group, **values: Any) -> None:
    connection.execute(
        sa.update(terms)
        .where(
            terms.c.order_line_id == group.order_line_id,
            terms.c.starts_at == _stored(group.starts_at),
            terms.c.ends_at == _stored(group.ends_at),
        )
        .values({name: _stored(value) for name, value in values.items()})
    )


def _copy_to_licenses(connection: sa.Connection) -> None:
    """A licence's beginning is that of its first term, its end that of its last."""

    def of_terms(what: Any) -> Any:
        return sa.select(what).where(terms.c.license_id == licenses.c.id).scalar_subquery()

    values = {
        "valid_until": of_terms(sa.func.max(terms.c.ends_at)),
        "first_day": of_terms(sa.func.min(terms.c.first_day)),
        "last_day": of_terms(sa.func.max(terms.c.last_day)),
    }
    connection.execute(sa.update(licenses).values(values))


def _ends_a_day(instant: dt.datetime, zone: str) -> bool:
    return instant.astimezone(zoneinfo.ZoneInfo(zone)).time() == LAST_SECOND


def _canadian() -> Iterable[str]:
    names = ("St_Johns", "Halifax", "Toronto", "Winnipeg", "Regina", "Edmonton", "Vancouver", "Whitehorse")
    return (f"America/{name}" for name in names)


def _report(lines: list[int]) -> None:
    """Name the order lines whose terms end in the middle of a day everywhere: they keep their instants."""
    if lines:
        shown = ", ".join(map(str, lines[:SHOWN])) + ("…" if len(lines) > SHOWN else "")
        click.echo(
            f"The terms of {len(lines)} order lines end within a day in every time zone known here. They keep their "
            f"instants; their last day is the one on which they end where the customer is. Order lines: {shown}"
        )
