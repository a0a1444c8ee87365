"""Who: companies and people. A row that belongs to a company is a `CompanyRow`."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
import zoneinfo
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_security import UserMixin
from sqlalchemy.dialects.postgresql import VARCHAR
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, relationship

from tables.addresses import MailAddress, readable_address
from tables.base import (
    CURRENCY,
    DEFAULT_TIME_ZONE,
    Base,
    BigId,
    Language,
    TenantRow,
    create_with,
    day_in,
    enum_column,
    partial_index,
    utcnow,
)
from tables.spelling import MOST_OF_A_KEY, search_text, sort_key

# Compared as bytes on either database.
_SORT_KEY = sa.String(MOST_OF_A_KEY).with_variant(VARCHAR(MOST_OF_A_KEY, collation="C"), "postgresql")


def _sort_key_of(*names: str) -> Any:
    """The column that holds what `names`, columns of the same row, are put in order by; of a new row it is made as it is written."""

    def made(context: Any) -> str:
        row = context.get_current_parameters()
        return sort_key(*(row[name] for name in names))

    return mapped_column(_SORT_KEY, default=made)


def _found_as_person(context: Any) -> str:
    row = context.get_current_parameters()
    names = row["first_name"], row["last_name"], readable_address(row["email"])
    return search_text(*names, _company_name(context, row.get("company_id")))


def _company_name(context: Any, company_id: int | None) -> str:
    """What the company is called, read once of many rows that are written together."""
    if company_id is None:
        return ""
    names: dict[int, str] = context.__dict__.setdefault("company_names", {})
    if company_id not in names:
        found = sa.select(Company.__table__.c.name).where(Company.__table__.c.id == company_id)
        names[company_id] = context.connection.execute(found).scalar_one_or_none() or ""
    return names[company_id]


def _found_as_company(context: Any) -> str:
    row = context.get_current_parameters()
    return search_text(row["name"], readable_address(row["billing_email"]))


def _search_text_of(made: Any) -> Any:
    """The column by which rows are found (`tables/spelling.py`); no row is read with it."""
    return mapped_column(sa.Text(), default=made, deferred=True)


def _search_index(table: str) -> sa.Index:
    """Finds any three letters in a row on PostgreSQL; SQLite has a table beside it (`_found_by_text`)."""
    index = sa.Index(
        f"ix_{table}_search_text",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    return index.ddl_if(dialect="postgresql")


class Role(enum.StrEnum):
    """A person's role: member or administrator of a company, or the vendor's support staff."""

    MEMBER = "member"
    ADMIN = "admin"
    SUPPORT = "support"


class ActorKind(enum.StrEnum):
    """Who acts: a person for themselves or their company, the vendor's staff on a company's behalf, the system itself."""

    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"


class Company(Base):
    """A customer account. `company_lock` increments `lock_version` to take the row's lock."""

    __tablename__ = "companies"
    __table_args__ = (
        sa.CheckConstraint("length(trim(name)) > 0", name="name_filled"),
        sa.Index("ix_companies_lower_name", sa.text("lower(name)"), "id"),
        sa.Index("ix_companies_sort_key", "sort_key", "id"),
        sa.Index("ix_companies_province", "province", sa.text("id DESC")),
        _search_index("companies"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    sort_key: Mapped[str] = _sort_key_of("name")
    search_text: Mapped[str] = _search_text_of(_found_as_company)
    # The name that is in the `search_text` of its people: the worker writes another one there (`services/search/following.py`).
    people_named: Mapped[str] = mapped_column(
        sa.String(200), default=lambda context: context.get_current_parameters()["name"], deferred=True
    )
    billing_email: Mapped[str] = mapped_column(MailAddress(254))
    street: Mapped[str] = mapped_column(sa.String(200), default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    province: Mapped[str] = mapped_column(sa.String(10), default="")
    postal_code: Mapped[str] = mapped_column(sa.String(20), default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="CA")
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"), default=Language.FR)
    time_zone: Mapped[str] = mapped_column(sa.String(64), default=DEFAULT_TIME_ZONE)
    currency: Mapped[str] = mapped_column(sa.String(3), default=CURRENCY)
    stripe_customer_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    lock_version: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    users: Mapped[list[User]] = relationship(back_populates="company")

    def __str__(self) -> str:
        return self.name

    def spell(self) -> None:
        """Write anew what the company is put in order and found by."""
        self.sort_key = sort_key(self.name)
        self.search_text = search_text(self.name, readable_address(self.billing_email))

    @property
    def place(self) -> str:
        """Where taxes are due, as ISO 3166-2: `CA-QC`, or the country alone when `province` is empty."""
        return f"{self.country}-{self.province}" if self.province else self.country

    @property
    def address(self) -> str:
        """The postal address on one or two lines, without the country: its name depends on the reader's language."""
        town = " ".join(filter(None, [self.city, self.province and f"({self.province})", self.postal_code]))
        return "\n".join(filter(None, [self.street, town]))

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def since(self) -> dt.date:
        """The day on which the account was opened, where the company is."""
        return day_in(self.zone, self.created_at)


def _deactivated_last(inactive: str, dialect: str) -> sa.Index:
    columns = ("company_id", sa.text(inactive), "sort_key", "id")
    return sa.Index("ix_users_company_active_name", *columns).ddl_if(dialect=dialect)


# Where the addresses of erased people are: no mail can be sent there (RFC 2606, section 2), and nobody may type one.
ERASED_DOMAIN = "erased.invalid"


def erased_address(user_id: int) -> str:
    """What stands in the place of an erased person's address: no two have the same."""
    return f"{user_id}@{ERASED_DOMAIN}"


def is_erased_address(email: str) -> bool:
    return email.endswith(f"@{ERASED_DOMAIN}")


def name_of(first: str | None, last: str | None, email: str) -> str:
    """What a person is called: first and last name, or the mail address when both are empty.

    Whoever was erased has no name: the reader is told so, in their own language.
    """
    if is_erased_address(email):
        return str(_("Erased person"))
    return f"{first or ''} {last or ''}".strip() or email


class User(Base, TenantRow, UserMixin):
    """A person: of the vendor's staff (no company), or of exactly one company."""

    __tablename__ = "users"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.CheckConstraint("(role = 'support') = (company_id IS NULL)", name="staff_have_no_company"),
        sa.CheckConstraint("(new_email IS NULL) = (new_email_at IS NULL)", name="new_email_filled"),
        # Nobody comes back from there, whoever forgets to ask.
        sa.CheckConstraint(
            "erased_at IS NULL OR (NOT active AND confirmed_at IS NULL AND password IS NULL)",
            name="erased_is_shut",
        ),
        # An address is claimed by whoever answers at it: others may have typed it before, each company once.
        sa.Index("uq_users_company_email", "company_id", sa.text("lower(email)"), unique=True),
        partial_index("uq_users_staff_email", "company_id IS NULL", sa.text("lower(email)"), unique=True),
        partial_index(
            "uq_users_confirmed_email", "confirmed_at IS NOT NULL", sa.text("lower(email)"), unique=True
        ),
        sa.Index("ix_users_lower_email", sa.text("lower(email)")),
        sa.Index("ix_users_company_name", "company_id", "sort_key", "id"),
        # The company's own list, in which whoever was deactivated comes last: the words of its order on each database.
        _deactivated_last("active = 0", "sqlite"),
        _deactivated_last("(NOT active)", "postgresql"),
        # For the staff's lists, over every company.
        sa.Index("ix_users_name", "sort_key", "id"),
        sa.Index("ix_users_role", "role", sa.text("id DESC")),
        sa.Index("ix_users_active", "active", sa.text("id DESC")),
        # Who has no licence, on the home page of a company of any size.
        sa.Index("ix_users_covered", "company_id", "active", "covered_until"),
        _search_index("users"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    email: Mapped[str] = mapped_column(MailAddress(254))
    first_name: Mapped[str] = mapped_column(sa.String(100))
    last_name: Mapped[str] = mapped_column(sa.String(100))
    sort_key: Mapped[str] = _sort_key_of("last_name", "first_name")
    search_text: Mapped[str] = _search_text_of(_found_as_person)
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"), default=Role.MEMBER)
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"), default=Language.FR)
    time_zone: Mapped[str | None] = mapped_column(sa.String(64))
    password: Mapped[str | None] = mapped_column(sa.String(255))
    # Stored in the session cookie: changing it signs the person out everywhere.
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True, default=lambda: uuid.uuid4().hex)
    active: Mapped[bool] = mapped_column(default=True)
    # When the person first answered at this address: by a link mailed there, or by their password.
    confirmed_at: Mapped[dt.datetime | None]
    # An address that was asked for, at which nobody has answered yet (`services/people/addresses.py`).
    new_email: Mapped[str | None] = mapped_column(MailAddress(254))
    new_email_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    signed_in_at: Mapped[dt.datetime | None]
    # When their personal information was erased; the row stays for what points at it.
    erased_at: Mapped[dt.datetime | None]
    # The latest `usable_until` of the licences that the person holds; None without any. A trigger keeps it
    # (`tables/counted.py`).
    covered_until: Mapped[dt.datetime | None]

    company: Mapped[Company | None] = relationship(back_populates="users")
    # The licences that the person holds, expired ones included; revoked ones have no holder.
    licenses: Mapped[list[Any]] = relationship(
        "License",
        primaryjoin="User.id == foreign(License.user_id)",
        order_by="License.valid_until.desc()",
        viewonly=True,
    )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As `name_of`."""
        return name_of(self.first_name, self.last_name, self.email)

    def spell(self, company: str) -> None:
        """Write anew what the person is put in order and found by, as one of `company`, a name; who was erased is not found."""
        self.sort_key = sort_key(self.last_name, self.first_name)
        names = self.first_name, self.last_name, readable_address(self.email)
        self.search_text = "" if self.erased_at else search_text(*names, company)

    @property
    def is_staff(self) -> bool:
        return self.role == Role.SUPPORT

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in and hold licences."""
        return self.active

    @classmethod
    def where_covered(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """Whether somebody holds a live licence at `now`, as SQL."""
        return cls.covered_until > now

    @classmethod
    def where_run_out(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """Whether somebody holds licences of which none is live any more at `now`, as SQL."""
        return cls.covered_until <= now

    @classmethod
    def where_uncovered(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """Whether somebody holds no live licence at `now`, as SQL."""
        return sa.or_(cls.covered_until.is_(None), cls.where_run_out(now))

    def get_id(self) -> str:
        return self.fs_uniquifier

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The person's time zone, or their company's."""
        name = self.time_zone or (self.company.time_zone if self.company else DEFAULT_TIME_ZONE)
        return zoneinfo.ZoneInfo(name)


# --- Found by their text ----------------------------------------------------------------------------------------------

sa.event.listen(
    Base.metadata,
    "before_create",
    sa.DDL("CREATE EXTENSION IF NOT EXISTS pg_trgm").execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
)


def found_by_text(table: str) -> list[str]:
    """What SQLite needs to find the rows of `table` by three letters of their `search_text`: an index beside it, and who keeps it.

    It holds no text of its own: it reads that of the table.
    """
    index = f"{table}_found"
    gone = f"INSERT INTO {index} ({index}, rowid, search_text) VALUES ('delete', old.id, old.search_text);"  # noqa: S608 - our own names
    new = f"INSERT INTO {index} (rowid, search_text) VALUES (new.id, new.search_text);"  # noqa: S608
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5 (search_text, content='{table}', content_rowid='id', tokenize='trigram')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {new} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {gone} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_text ON {table} BEGIN {gone} {new} END",
    ]


for _model in (Company, User):
    create_with(_model, {"sqlite": found_by_text(_model.__tablename__)})
    sa.event.listen(
        _model.__table__,
        "after_drop",
        sa.DDL(f"DROP TABLE IF EXISTS {_model.__tablename__}_found").execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call]
    )


@sa.event.listens_for(Session, "before_flush")
def _spell(session: Session, _context: Any, _instances: Any) -> None:
    """Keep what is made of a name true where the name is written again; a new row's is the column's default."""
    for row in session.dirty:
        if isinstance(row, User) and _is_changed(row, "last_name", "first_name", "email"):
            row.spell(row.company.name if row.company else "")
        elif isinstance(row, Company) and _is_changed(row, "name", "billing_email"):
            row.spell()
            if _is_changed(row, "name"):
                # Whatever it was called before, and is called again: somebody may have been written with either.
                row.people_named = ""


def _is_changed(row: Any, *names: str) -> bool:
    attributes = sa.inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in names)


class CompanyRow(TenantRow):
    """A `TenantRow` that always belongs to a company."""

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        return mapped_column(BigId, sa.ForeignKey("companies.id"))

    @declared_attr
    def company(cls) -> Mapped[Company]:
        # Read-only: company_id is part of the composite foreign keys too.
        return relationship("Company", foreign_keys=[cls.company_id], viewonly=True)  # type: ignore[list-item]


def acted_check(column: str, kind: str) -> sa.CheckConstraint:
    """The system alone has no row of its own. The person of `column` may be of the staff, who are of no company."""
    return sa.CheckConstraint(f"({kind} = 'system') = ({column} IS NULL)", name=kind)


def person_in(column: str) -> Any:
    """A read-only relationship to the user whose id is in `column`."""
    return relationship("User", foreign_keys=column, viewonly=True)
