"""What every table uses: column types, the declarative base, who may see a table, key codes.

Money is an integer in minor units (cents) beside an ISO 4217 currency. Times are aware UTC. Enums are strings
held by CHECK constraints.
"""

from __future__ import annotations

import datetime as dt
import enum
import secrets
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, overload

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from pydantic_core import from_json, to_json
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, declared_attr, mapped_column

CURRENCY = "CAD"
MAX_QUANTITY = 1_000
DEFAULT_TIME_ZONE = "America/Toronto"
# Crockford's base 32: no I, L, O or U, which are mistaken for other characters when a key is read aloud.
KEY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def utcnow() -> dt.datetime:
    """Now, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def day_in(zone: zoneinfo.ZoneInfo, instant: dt.datetime) -> dt.date:
    """The day that a calendar in `zone` shows at an aware `instant`."""
    return instant.astimezone(zone).date()


def random_code(groups: int, size: int) -> str:
    """A random identifier such as `7KQ2M-9XW4P`, 5 random bits per character."""
    return "-".join("".join(secrets.choice(KEY_ALPHABET) for _ in range(size)) for _ in range(groups))


# --- Column types ---------------------------------------------------------------------------------------------


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An instant, aware UTC. Raises ValueError for a naive value, which SQLite would store and return shifted."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which instant is meant")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Clock(sa.BindParameter[dt.datetime]):
    """The present instant, or one some while from it, read when a statement is sent: the statement itself may be kept."""

    inherit_cache = True

    def __init__(self, later: dt.timedelta) -> None:
        super().__init__(None, callable_=lambda: utcnow() + later, type_=UtcDateTime(), unique=True)
        self._later = later

    def __add__(self, later: Any) -> Any:
        return Clock(self._later + later)

    def __sub__(self, sooner: Any) -> Any:
        return Clock(self._later - sooner)


def clock() -> Any:
    """What stands for `utcnow()` in a condition that is kept: it takes a `timedelta` more or less, as an instant does."""
    return Clock(dt.timedelta())


# SQLite numbers the rows of an INTEGER key only.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def enum_column(kind: type[enum.StrEnum], name: str) -> sa.Enum:
    """A string column with a CHECK, named after `name`, that allows the values of `kind` only."""
    return sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class Language(enum.StrEnum):
    FR = "fr"
    EN = "en"


class Bilingual:
    """A text in two languages, in the attributes `<name>_fr` and `<name>_en` of its class.

    With `name = Bilingual()`, `plan.name("en")` is `plan.name_en`, and `Plan.name("en")` the column `Plan.name_en`.
    Any language but English gives the French text, the desk's default.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._stem = name

    @overload
    def __get__(self, row: None, owner: type) -> Callable[[str], InstrumentedAttribute[str]]: ...

    @overload
    def __get__(self, row: object, owner: type) -> Callable[[str], str]: ...

    def __get__(self, row: object | None, owner: type) -> Callable[[str], Any]:
        holder = owner if row is None else row
        return lambda language: getattr(
            holder, f"{self._stem}_{Language.EN if language == 'en' else Language.FR}"
        )


# --- Base and visibility ----------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {dt.datetime: UtcDateTime(), dict[str, Any]: sa.JSON()}

    def __str__(self) -> str:
        """What a page calls the row where its table says nothing better: its key."""
        return "-".join(str(part) for part in sa.inspect(self).identity or ())


def as_json(value: Any) -> str:
    """A value of a JSON column as it is written: a tenth of what Python's own `json` takes, and an import writes 140,000 of them.

    It takes more than JSON has types for, an instant in a spelling of its own: what writes a document spells them first
    (`operations.plain`), and the tests refuse any other.
    """
    return to_json(value).decode()


db = SQLAlchemy(
    metadata=Base.metadata, engine_options={"json_serializer": as_json, "json_deserializer": from_json}
)


class StaffRow:
    """Visible to the vendor's staff alone."""


class PublicRow:
    """Visible to everybody: what the vendor sells, and who the vendor is."""


class TenantRow:
    """Visible to the people of the company in `company_id`, and to the vendor's staff."""

    @declared_attr
    def company_id(cls) -> Mapped[Any]:
        # Declared here too, because the query hook evaluates its criterion on this class first (`access/rows.py`).
        return mapped_column(BigId, sa.ForeignKey("companies.id"))


def partial_index(name: str, where: str, *columns: Any, unique: bool = False) -> sa.Index:
    """An index over the rows that satisfy the SQL condition `where`, on both databases."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def code_index(table: str, column: str) -> sa.Index:
    """An index by which a key or a reference is found by its beginning, with or without hyphens (`begins_with`).

    The operator class is named: PostgreSQL would not look in the index for a beginning under another collation than C.
    """
    return sa.Index(
        f"ix_{table}_bare",
        sa.literal_column(f"upper(replace(replace({column}, '-', ''), ' ', ''))").label("bare"),
        postgresql_ops={"bare": "text_pattern_ops"},
    )


def create_with(table: type[Base], statements: Mapping[str, Sequence[str]]) -> None:
    """Execute the `statements` of the database in use, by the name of its dialect, right after the table was created."""
    for dialect, texts in statements.items():
        for text in texts:
            ddl = sa.DDL(text.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            sa.event.listen(table.__table__, "after_create", ddl)
