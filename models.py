"""The data: every table, its constraints, and the questions a row answers about itself.

Money is an integer in minor units (cents) beside an ISO 4217 currency. Times are aware UTC. Enums are strings
held by CHECK constraints. Three mixins say who may see a table (`access.py` enforces it on every statement):
`TenantRow` (the company in its `company_id`, and the staff), `StaffRow` (the staff alone), `PublicRow` (everybody).
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import secrets
import uuid
import zoneinfo
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_security import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship

CURRENCY = "CAD"
MAX_QUANTITY = 1_000
DEFAULT_TIME_ZONE = "America/Toronto"
# Crockford's alphabet: no I, L, O or U, so that a key can be read aloud.
KEY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def utcnow() -> dt.datetime:
    """Now, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def random_code(groups: int, size: int) -> str:
    """A random identifier such as `7KQ2M-9XW4P`, 5 bits of chance per character."""
    return "-".join("".join(secrets.choice(KEY_ALPHABET) for _ in range(size)) for _ in range(groups))


# --- Column types ---------------------------------------------------------------------------------------------


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An instant. Refuses naive values, which SQLite would store without a word and give back shifted."""

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


# SQLite gives row ids only to INTEGER keys.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def enum_column(kind: type[enum.StrEnum], name: str) -> sa.Enum:
    """A string column held to the values of `kind` by a CHECK named after `name`."""
    return sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
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


db = SQLAlchemy(metadata=Base.metadata)


class StaffRow:
    """Seen by the vendor's staff alone."""


class PublicRow:
    """Seen by everybody: what the vendor sells, and who the vendor is."""


class TenantRow:
    """Seen by the people of the company that its `company_id` names, and by the staff."""

    @declared_attr
    def company_id(cls) -> Mapped[Any]:
        # Declared here too, because the query hook's criterion is first read off this very class (`access.py`).
        return mapped_column(BigId, sa.ForeignKey("companies.id"))


class CompanyRow(TenantRow):
    """A `TenantRow` that always belongs to a company."""

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        return mapped_column(BigId, sa.ForeignKey("companies.id"))

    @declared_attr
    def company(cls) -> Mapped[Company]:
        # The composite foreign keys write company_id too; this one is for reading.
        return relationship("Company", foreign_keys=[cls.company_id], viewonly=True)  # type: ignore[list-item]


def _person(column: str) -> Any:
    """A read-only relationship to the user whose id is in `column`."""
    return relationship("User", foreign_keys=column, viewonly=True)


def _partial(name: str, where: str, *columns: Any, unique: bool = False) -> sa.Index:
    """An index over the rows that satisfy `where`, on both databases."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


# --- Who: companies and people ----------------------------------------------------------------------------------


class Language(enum.StrEnum):
    FR = "fr"
    EN = "en"


class Role(enum.StrEnum):
    MEMBER = "member"
    ADMIN = "admin"
    SUPPORT = "support"


class Company(Base):
    """A customer account. `lock_version` is what `company_lock` writes to take its turn."""

    __tablename__ = "companies"
    __table_args__ = (
        sa.CheckConstraint("length(trim(name)) > 0", name="name_filled"),
        sa.Index("ix_companies_lower_name", sa.text("lower(name)")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    billing_email: Mapped[str] = mapped_column(sa.String(254))
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

    @property
    def place(self) -> str:
        """Where taxes are due, as ISO 3166-2: `CA-QC`, or the bare country where it has no province here."""
        return f"{self.country}-{self.province}" if self.province else self.country

    @property
    def address(self) -> str:
        """The postal address on one or two lines, without the country, whose name depends on the reader."""
        town = " ".join(filter(None, [self.city, self.province and f"({self.province})", self.postal_code]))
        return "\n".join(filter(None, [self.street, town]))

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class User(Base, TenantRow, UserMixin):
    """A person: of the vendor's staff (no company), or of exactly one company."""

    __tablename__ = "users"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.CheckConstraint("(role = 'support') = (company_id IS NULL)", name="staff_have_no_company"),
        sa.Index("uq_users_lower_email", sa.text("lower(email)"), unique=True),
        sa.Index("ix_users_company_name", "company_id", "last_name", "first_name", "id"),
        # The staff's own lists, over every company.
        sa.Index("ix_users_name", "last_name", "first_name", "id"),
        sa.Index("ix_users_role", "role", sa.text("id DESC")),
        sa.Index("ix_users_active", "active", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    email: Mapped[str] = mapped_column(sa.String(254))
    first_name: Mapped[str] = mapped_column(sa.String(100))
    last_name: Mapped[str] = mapped_column(sa.String(100))
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"), default=Role.MEMBER)
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"), default=Language.FR)
    time_zone: Mapped[str | None] = mapped_column(sa.String(64))
    password: Mapped[str | None] = mapped_column(sa.String(255))
    # What a session names: changing it signs the person out everywhere.
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True, default=lambda: uuid.uuid4().hex)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    signed_in_at: Mapped[dt.datetime | None]

    company: Mapped[Company | None] = relationship(back_populates="users")
    # What the person holds, expired or not; revoked licences have no holder.
    licenses: Mapped[list[License]] = relationship(
        primaryjoin="User.id == foreign(License.user_id)",
        order_by="License.valid_until.desc()",
        viewonly=True,
    )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_staff(self) -> bool:
        return self.role == Role.SUPPORT

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in and hold licences."""
        return self.active

    def get_id(self) -> str:
        return self.fs_uniquifier

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The person's time zone, or their company's."""
        name = self.time_zone or (self.company.time_zone if self.company else DEFAULT_TIME_ZONE)
        return zoneinfo.ZoneInfo(name)


# --- What: plans, prices, taxes, the vendor ----------------------------------------------------------------------


class Plan(Base, PublicRow):
    """What is sold. A person holds at most one live licence of a `product`, whatever the plan."""

    __tablename__ = "plans"
    __table_args__ = (
        sa.UniqueConstraint("id", "product"),
        sa.CheckConstraint("term_months BETWEEN 1 AND 120", name="term_months"),
        sa.CheckConstraint("devices_per_license BETWEEN 1 AND 100", name="devices_per_license"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(50), unique=True)
    product: Mapped[str] = mapped_column(sa.String(50))
    name_fr: Mapped[str] = mapped_column(sa.String(100))
    name_en: Mapped[str] = mapped_column(sa.String(100))
    description_fr: Mapped[str] = mapped_column(sa.Text, default="")
    description_en: Mapped[str] = mapped_column(sa.Text, default="")
    term_months: Mapped[int] = mapped_column(default=12)
    devices_per_license: Mapped[int] = mapped_column(default=1)
    # Rows of the comparison table: [{"code", "label_fr", "label_en", "value_fr", "value_en"}, …]
    limits: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    on_sale: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    prices: Mapped[list[Price]] = relationship(back_populates="plan", order_by="Price.starts_on")

    def __str__(self) -> str:
        return self.name_fr

    def name(self, language: str) -> str:
        return self.name_en if language == Language.EN else self.name_fr

    def description(self, language: str) -> str:
        return self.description_en if language == Language.EN else self.description_fr

    def limit_rows(self, language: str) -> list[tuple[str, str]]:
        """(label, value) pairs in `language`, in the vendor's order."""
        return [(row[f"label_{language}"], row[f"value_{language}"]) for row in self.limits]

    def price_on(self, day: dt.date, currency: str = CURRENCY) -> Price | None:
        """The price that holds on `day` (the vendor's calendar), or None: then the plan cannot be bought."""
        held = [price for price in self.prices if price.currency == currency and price.starts_on <= day]
        return held[-1] if held else None


class Price(Base, PublicRow):
    """A plan's price per licence and term, before taxes, from `starts_on` until the next row's day."""

    __tablename__ = "prices"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "currency", "starts_on"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    currency: Mapped[str] = mapped_column(sa.String(3), default=CURRENCY)
    amount: Mapped[int] = mapped_column(BigId)
    starts_on: Mapped[dt.date]

    plan: Mapped[Plan] = relationship(back_populates="prices")


class Registration(enum.StrEnum):
    """Which of the vendor's numbers a tax needs; HST is collected under the GST number."""

    GST = "gst"
    QST = "qst"


class TaxRate(Base, PublicRow):
    """A tax of one place from `starts_on` until the next row of that place and name: two can never overlap."""

    __tablename__ = "tax_rates"
    __table_args__ = (
        sa.UniqueConstraint("place", "name_en", "starts_on"),
        sa.CheckConstraint("rate BETWEEN 0 AND 100000", name="rate_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(10))
    name_fr: Mapped[str] = mapped_column(sa.String(20))
    name_en: Mapped[str] = mapped_column(sa.String(20))
    # Thousandths of a percent: 9.975 % is 9975.
    rate: Mapped[int]
    registration: Mapped[Registration] = mapped_column(enum_column(Registration, "registration"))
    starts_on: Mapped[dt.date]

    def __str__(self) -> str:
        return f"{self.name_fr} {self.place}"


class Vendor(Base, PublicRow):
    """Who sells: one row. Customers and their mail see this name, never ours."""

    __tablename__ = "vendor"
    __table_args__ = (sa.CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(100))
    legal_name: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.Text, default="")
    gst_number: Mapped[str] = mapped_column(sa.String(30), default="")
    qst_number: Mapped[str] = mapped_column(sa.String(30), default="")
    support_email: Mapped[str] = mapped_column(sa.String(254))
    install_url_fr: Mapped[str] = mapped_column(sa.String(500), default="")
    install_url_en: Mapped[str] = mapped_column(sa.String(500), default="")
    color: Mapped[str] = mapped_column(sa.String(7), default="#1f5fbf")
    logo: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    logo_type: Mapped[str | None] = mapped_column(sa.String(50))
    time_zone: Mapped[str] = mapped_column(sa.String(64), default=DEFAULT_TIME_ZONE)
    # Goes up at each edit: it names the logo and the colour in URLs, so that browsers may keep them.
    revision: Mapped[int] = mapped_column(default=1)

    def __str__(self) -> str:
        return self.name

    def number_for(self, registration: Registration) -> str:
        """The vendor's own registration number for a tax, empty when it is not registered."""
        return self.gst_number if registration == Registration.GST else self.qst_number

    def install_url(self, language: str) -> str:
        return self.install_url_en if language == Language.EN else self.install_url_fr

    @property
    def today(self) -> dt.date:
        """Today on the vendor's calendar: prices and tax rates start at its midnight."""
        return utcnow().astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()


class Conditions(Base, PublicRow):
    """A published version of the conditions of sale. Versions are added, never edited: orders point at them."""

    __tablename__ = "conditions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text_fr: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)
    published_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    def text(self, language: str) -> str:
        return self.text_en if language == Language.EN else self.text_fr


# --- Buying -----------------------------------------------------------------------------------------------------


class CartItem(Base, CompanyRow):
    """A line of the cart that a company's administrators share."""

    __tablename__ = "cart_items"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "plan_id"),
        sa.ForeignKeyConstraint(["company_id", "added_by_id"], ["users.company_id", "users.id"]),
        sa.CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    quantity: Mapped[int]
    added_by_id: Mapped[int] = mapped_column(BigId)
    added_at: Mapped[dt.datetime] = mapped_column(default=utcnow)

    plan: Mapped[Plan] = relationship()
    added_by: Mapped[User] = _person("CartItem.added_by_id")


class OrderState(enum.StrEnum):
    """The states of `docs/payments.md`; what may follow what is `ORDER_TRANSITIONS`."""

    PENDING = "pending"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


# Money that arrives wins over every way of giving up: the customer has paid.
ORDER_TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset(
        {OrderState.PROCESSING, OrderState.PAID, OrderState.EXPIRED, OrderState.CANCELLED}
    ),
    OrderState.PROCESSING: frozenset({OrderState.PAID, OrderState.FAILED}),
    OrderState.FAILED: frozenset({OrderState.PAID, OrderState.PENDING, OrderState.CANCELLED}),
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.CANCELLED: frozenset({OrderState.PAID}),
    OrderState.PAID: frozenset({OrderState.REFUNDED, OrderState.DISPUTED}),
    OrderState.DISPUTED: frozenset({OrderState.PAID, OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset({OrderState.PAID}),
}


# Notes of an order that got a payment which does not fit it: support looks at it, and nobody should pay again.
LOOKED_AT_NOTES = frozenset({"wrong_amount", "wrong_mode"})


class Order(Base, CompanyRow):
    """A purchase. Names, prices, taxes and addresses are frozen when it is placed, so a receipt never changes."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "placed_by_id"], ["users.company_id", "users.id"]),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND total = net + tax", name="totals"),
        sa.CheckConstraint("refunded BETWEEN 0 AND total", name="refunded_range"),
        sa.CheckConstraint(
            "state NOT IN ('paid', 'refunded', 'disputed') OR paid_at IS NOT NULL", name="paid_at_filled"
        ),
        sa.Index("ix_orders_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_orders_state_id", "state", sa.text("id DESC")),
        sa.Index("ix_orders_placed_at", "placed_at"),
        sa.Index("ix_orders_paid_at", "paid_at"),
        # What staff must look at is among these few.
        _partial("ix_orders_noted", "note IS NOT NULL", "id"),
        # What `flask reconcile` asks Stripe about.
        _partial("ix_orders_waiting", "state IN ('pending', 'processing')", "placed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(sa.String(20), unique=True, default=lambda: random_code(2, 5))
    placed_by_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[OrderState] = mapped_column(enum_column(OrderState, "state"), default=OrderState.PENDING)
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"))
    currency: Mapped[str] = mapped_column(sa.String(3), default=CURRENCY)
    net: Mapped[int] = mapped_column(BigId)
    tax: Mapped[int] = mapped_column(BigId)
    total: Mapped[int] = mapped_column(BigId)
    refunded: Mapped[int] = mapped_column(BigId, default=0)
    customer_name: Mapped[str] = mapped_column(sa.String(200))
    customer_address: Mapped[str] = mapped_column(sa.Text)
    vendor_name: Mapped[str] = mapped_column(sa.String(200))
    vendor_address: Mapped[str] = mapped_column(sa.Text)
    conditions_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("conditions.id"))
    placed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    paid_at: Mapped[dt.datetime | None]
    # Numbers Stripe's idempotency keys: a new one means a new session.
    attempt: Mapped[int] = mapped_column(default=1)
    stripe_session_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    # What was confirmed, as `Quote.fingerprint`: the same confirmation sent twice is the same order.
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    # Why the last payment did not go through, or what staff must look at; a code of services/payments.py.
    note: Mapped[str | None] = mapped_column(sa.String(50))

    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    taxes: Mapped[list[OrderTax]] = relationship(back_populates="order", order_by="OrderTax.position")
    placed_by: Mapped[User] = _person("Order.placed_by_id")
    conditions: Mapped[Conditions | None] = relationship()

    def __str__(self) -> str:
        return self.reference

    def may_become(self, state: OrderState) -> bool:
        return state in ORDER_TRANSITIONS[self.state]

    @property
    def is_waiting(self) -> bool:
        """Whether the customer can still pay it or give it up. (An expired one left its lines in the cart.)"""
        return self.state in {OrderState.PENDING, OrderState.FAILED}

    @property
    def is_looked_at(self) -> bool:
        """Whether support has to look at a payment before anybody pays the order again or gives it up."""
        return self.is_waiting and self.note in LOOKED_AT_NOTES

    @property
    def is_delivered(self) -> bool:
        return self.paid_at is not None

    @property
    def has_left_cart(self) -> bool:
        """Whether its lines are no longer in the cart, because a payment of it was once accepted."""
        return self.stripe_payment_intent_id is not None

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


class OrderLine(Base, CompanyRow):
    """So many licences of a plan, at the name, price and term of that day."""

    __tablename__ = "order_lines"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        sa.CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity_range"),
        sa.CheckConstraint("unit_amount >= 0 AND net = unit_amount * quantity", name="net"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    position: Mapped[int]
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    plan_name_fr: Mapped[str] = mapped_column(sa.String(100))
    plan_name_en: Mapped[str] = mapped_column(sa.String(100))
    term_months: Mapped[int]
    quantity: Mapped[int]
    unit_amount: Mapped[int] = mapped_column(BigId)
    net: Mapped[int] = mapped_column(BigId)

    order: Mapped[Order] = relationship(back_populates="lines")
    plan: Mapped[Plan] = relationship()

    def plan_name(self, language: str) -> str:
        return self.plan_name_en if language == Language.EN else self.plan_name_fr


class OrderTax(Base, CompanyRow):
    """One tax on an order, rounded half up on the order's net, with the number the vendor collects it under."""

    __tablename__ = "order_taxes"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "position"),
        sa.ForeignKeyConstraint(["company_id", "order_id"], ["orders.company_id", "orders.id"]),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(BigId)
    position: Mapped[int]
    name_fr: Mapped[str] = mapped_column(sa.String(20))
    name_en: Mapped[str] = mapped_column(sa.String(20))
    rate: Mapped[int]
    registration_number: Mapped[str] = mapped_column(sa.String(30))
    amount: Mapped[int] = mapped_column(BigId)

    order: Mapped[Order] = relationship(back_populates="taxes")

    def name(self, language: str) -> str:
        return self.name_en if language == Language.EN else self.name_fr


# --- Owning: licences, their terms and who held them ---------------------------------------------------------------


class LicenseStatus(enum.StrEnum):
    """What is stored; what people read is `LicenseState`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REMOVED = "removed"


# Of a licence that is somebody's or can be: only the clock may end it.
LIVE_STATUSES = (LicenseStatus.ACTIVE, LicenseStatus.SUSPENDED)


class LicenseState(enum.StrEnum):
    """What people read: derived from the stored columns and the clock, never stored."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


class License(Base, CompanyRow):
    """One seat, bought on one order line, held by at most one person."""

    __tablename__ = "licenses"
    __table_args__ = (
        sa.UniqueConstraint("order_line_id", "seat_no"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["plan_id", "product"], ["plans.id", "plans.product"]),
        # A holder of another company cannot be stored at all.
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"], ["order_lines.company_id", "order_lines.id"]
        ),
        sa.CheckConstraint("valid_until > valid_from", name="validity"),
        sa.CheckConstraint("(user_id IS NULL) = (assigned_at IS NULL)", name="assigned_at_filled"),
        sa.CheckConstraint("activated_at IS NULL OR user_id IS NOT NULL", name="activated_is_held"),
        sa.CheckConstraint("status NOT IN ('revoked', 'removed') OR user_id IS NULL", name="gone_is_unheld"),
        _partial(
            "uq_licenses_user_id_product",
            "user_id IS NOT NULL AND status IN ('active', 'suspended')",
            "user_id",
            "product",
            unique=True,
        ),
        _partial(
            "ix_licenses_free",
            "user_id IS NULL AND status = 'active'",
            "company_id",
            "plan_id",
            "valid_until",
            "id",
        ),
        _partial(
            "ix_licenses_assigned", "user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'", "id"
        ),
        _partial("ix_licenses_activated", "activated_at IS NOT NULL AND status = 'active'", "id"),
        _partial("ix_licenses_suspended", "status = 'suspended'", "id"),
        _partial("ix_licenses_revoked", "status = 'revoked'", "id"),
        sa.Index("ix_licenses_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_licenses_plan_id", "plan_id", sa.text("id DESC")),
        sa.Index("ix_licenses_user_id", "user_id"),
        sa.Index("ix_licenses_valid_until", "valid_until"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True, default=lambda: random_code(5, 5))
    order_line_id: Mapped[int] = mapped_column(BigId)
    seat_no: Mapped[int]
    plan_id: Mapped[int] = mapped_column(BigId)
    product: Mapped[str] = mapped_column(sa.String(50))
    user_id: Mapped[int | None] = mapped_column(BigId)
    status: Mapped[LicenseStatus] = mapped_column(
        enum_column(LicenseStatus, "status"), default=LicenseStatus.ACTIVE
    )
    valid_from: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime]
    assigned_at: Mapped[dt.datetime | None]
    activated_at: Mapped[dt.datetime | None]

    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id], primaryjoin="License.plan_id == Plan.id")
    user: Mapped[User | None] = _person("License.user_id")
    order_line: Mapped[OrderLine] = relationship(
        foreign_keys=[order_line_id], primaryjoin="License.order_line_id == OrderLine.id", viewonly=True
    )

    def __str__(self) -> str:
        return self.key

    def state(self, now: dt.datetime | None = None) -> LicenseState:
        """What people read at `now`. A revoked licence stays revoked; only a live one can be expired."""
        if self.status in {LicenseStatus.REVOKED, LicenseStatus.REMOVED}:
            return LicenseState.REVOKED
        if self.valid_until <= (now or utcnow()):
            return LicenseState.EXPIRED
        if self.status == LicenseStatus.SUSPENDED:
            return LicenseState.SUSPENDED
        if self.user_id is None:
            return LicenseState.AVAILABLE
        return LicenseState.ACTIVATED if self.activated_at else LicenseState.ASSIGNED

    def is_assignable(self, now: dt.datetime) -> bool:
        """Whether it can be given to somebody at `now`."""
        return self.state(now) == LicenseState.AVAILABLE

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it is valid at `now`, suspended or not: it then stands in the way of another for its holder."""
        return self.status in LIVE_STATUSES and self.valid_until > now

    @property
    def is_releasable(self) -> bool:
        """Whether it can be taken back from whoever holds it: not while its payment is contested."""
        return self.user_id is not None and self.status == LicenseStatus.ACTIVE

    @classmethod
    def where_live(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """`is_live(now)` as SQL."""
        return sa.and_(cls.status.in_(LIVE_STATUSES), cls.valid_until > now)

    @classmethod
    def where_state(cls, state: LicenseState, now: dt.datetime) -> sa.ColumnElement[bool]:
        """`state(now) == state` as SQL. Each predicate repeats its partial index's WHERE, so that it is used."""
        active, live = cls.status == LicenseStatus.ACTIVE, cls.valid_until > now
        predicates = {
            LicenseState.AVAILABLE: sa.and_(cls.user_id.is_(None), active, live),
            LicenseState.ASSIGNED: sa.and_(
                cls.user_id.is_not(None), cls.activated_at.is_(None), active, live
            ),
            LicenseState.ACTIVATED: sa.and_(cls.activated_at.is_not(None), active, live),
            LicenseState.SUSPENDED: sa.and_(cls.status == LicenseStatus.SUSPENDED, live),
            LicenseState.EXPIRED: sa.and_(cls.status.in_(LIVE_STATUSES), cls.valid_until <= now),
            LicenseState.REVOKED: cls.status.in_([LicenseStatus.REVOKED, LicenseStatus.REMOVED]),
        }
        return predicates[state]


class Term(Base, CompanyRow):
    """Which order line paid which period of a licence, and how many cents of it: each cent is shared out once."""

    __tablename__ = "terms"
    __table_args__ = (
        sa.UniqueConstraint("license_id", "order_line_id"),
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"], ["order_lines.company_id", "order_lines.id"]
        ),
        sa.CheckConstraint("ends_at > starts_at", name="period"),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND refunded BETWEEN 0 AND net + tax", name="amounts"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    license_id: Mapped[int] = mapped_column(BigId)
    order_line_id: Mapped[int] = mapped_column(BigId, index=True)
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    net: Mapped[int] = mapped_column(BigId)
    tax: Mapped[int] = mapped_column(BigId)
    refunded: Mapped[int] = mapped_column(BigId, default=0)


class Assignment(Base, CompanyRow):
    """Who held a licence from when until when, given and taken by whom. Never erased."""

    __tablename__ = "assignments"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="period"),
        _partial("uq_assignments_open", "ended_at IS NULL", "license_id", unique=True),
        sa.Index("ix_assignments_license_id", "license_id"),
        sa.Index("ix_assignments_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    license_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int] = mapped_column(BigId)
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    # Staff have no company, so these two are plain foreign keys; None is the system itself.
    given_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    taken_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))

    user: Mapped[User] = _person("Assignment.user_id")


# --- Journal ----------------------------------------------------------------------------------------------------


class JournalEntry(Base, TenantRow):
    """Who did what, when, to which rows. Append-only, by trigger and in Python; people are named by id alone."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        sa.Index("ix_journal_entries_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_journal_entries_subject", "subject_type", "subject_id", sa.text("id DESC")),
        sa.Index("ix_journal_entries_operation", "operation"),
        sa.Index("ix_journal_entries_verb", "verb", sa.text("id DESC")),
        sa.Index("ix_journal_entries_actor_id", "actor_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The same for every entry of one operation: one click is one operation, however many rows it moved.
    operation: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    verb: Mapped[str] = mapped_column(sa.String(50))
    # None is the system itself: a payment that arrived, a command.
    actor_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    # The company the vendor's staff acted for; None when people acted for themselves.
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    subject_type: Mapped[str] = mapped_column(sa.String(50))
    subject_id: Mapped[int] = mapped_column(BigId)
    # The other rows concerned: {"user": 12, "order": 3}
    related: Mapped[dict[str, Any]] = mapped_column(default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)

    actor: Mapped[User | None] = _person("JournalEntry.actor_id")
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id], viewonly=True)
    personal: Mapped[JournalPersonal | None] = relationship(back_populates="entry")


class JournalPersonal(Base, TenantRow):
    """What an entry knows of a person, apart, so that erasing it touches no entry."""

    __tablename__ = "journal_personal"

    entry_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("journal_entries.id"), primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    address: Mapped[str | None] = mapped_column(sa.String(45))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)

    entry: Mapped[JournalEntry] = relationship(back_populates="personal")


class AppendOnlyError(RuntimeError):
    """Something tried to change or delete a journal entry."""


@sa.event.listens_for(JournalEntry, "before_update")
@sa.event.listens_for(JournalEntry, "before_delete")
def _refuse_journal_change(_mapper: Any, _connection: Any, entry: JournalEntry) -> None:
    raise AppendOnlyError(f"journal entry {entry.id} cannot be changed or deleted")


_SQLITE_APPEND_ONLY = """
CREATE TRIGGER journal_entries_no_{verb} BEFORE {verb} ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries is append-only'); END
"""
_POSTGRESQL_APPEND_ONLY = (
    """
    CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'journal_entries is append-only'; END $$
    """,
    """
    CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
    """,
    """
    CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
    """,
)
for _dialect, _statements in {
    "sqlite": [_SQLITE_APPEND_ONLY.format(verb=verb) for verb in ("UPDATE", "DELETE")],
    "postgresql": _POSTGRESQL_APPEND_ONLY,
}.items():
    for _statement in _statements:
        sa.event.listen(
            JournalEntry.__table__,
            "after_create",
            sa.DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )


# --- Mail, links, Stripe ------------------------------------------------------------------------------------------


class MailState(enum.StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    # Not sent, because it was no longer true when its turn came: `last_error` says why.
    DROPPED = "dropped"


class OutgoingMail(Base, TenantRow):
    """The outbox. Holds ids to render from, never a token and never a body: the worker mints links as it sends."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        sa.CheckConstraint("(user_id IS NULL) <> (address IS NULL)", name="one_recipient"),
        sa.CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="lease_filled"),
        sa.Index("ix_outgoing_mail_company_id", "company_id", sa.text("id DESC")),
        _partial("ix_outgoing_mail_due", "state IN ('queued', 'sending')", "due_at", "id"),
        _partial("ix_outgoing_mail_failed", "state = 'failed'", "id"),
        sa.Index("ix_outgoing_mail_template", "template", sa.text("id DESC")),
        sa.Index("ix_outgoing_mail_user_id", "user_id", sa.text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    user_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    address: Mapped[str | None] = mapped_column(sa.String(254))
    template: Mapped[str] = mapped_column(sa.String(50))
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"))
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dedupe_key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    state: Mapped[MailState] = mapped_column(enum_column(MailState, "state"), default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    lease_until: Mapped[dt.datetime | None]
    message_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    sent_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(sa.String(500))

    user: Mapped[User | None] = _person("OutgoingMail.user_id")
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id], viewonly=True)


class LinkPurpose(enum.StrEnum):
    SIGN_IN = "sign_in"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose, not a secret
    ACTIVATION = "activation"


class Link(Base, StaffRow):
    """A one-time link. Only the hash of its token is stored; GET shows a button, POST uses it, once."""

    __tablename__ = "links"
    __table_args__ = (sa.Index("ix_links_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose, "purpose"))
    user_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("users.id"))
    license_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("licenses.id"))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    user: Mapped[User] = _person("Link.user_id")


class StripeEvent(Base, StaffRow):
    """An event that Stripe sent, kept whether or not it could be used. Stripe's id is the key."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        _partial("ix_stripe_events_unhandled", "handled_at IS NULL", "received_at"),
        sa.Index("ix_stripe_events_object_id", "object_id"),
        sa.Index("ix_stripe_events_received_at", "received_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    type: Mapped[str] = mapped_column(sa.String(100))
    object_id: Mapped[str] = mapped_column(sa.String(255))
    livemode: Mapped[bool]
    created_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    handled_at: Mapped[dt.datetime | None]
    # What came of it: a code of services/payments.py, such as `fulfilled`, `foreign`, `amount_mismatch`.
    outcome: Mapped[str | None] = mapped_column(sa.String(50))


def as_json(value: Any) -> str:
    """JSON as people read it in the back office: keys in order, accents kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
