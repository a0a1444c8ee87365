"""Owning: licences, the terms that were paid, and who held them."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, code_index, day_in, enum_column, partial_index, random_code, utcnow
from tables.buying import OrderLine
from tables.catalogue import Plan
from tables.who import CompanyRow, User, person_in


class LicenseStatus(enum.StrEnum):
    """What is stored; people are shown the `LicenseState`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REMOVED = "removed"


# The statuses of a licence that is live until `usable_until`.
LIVE_STATUSES = (LicenseStatus.ACTIVE, LicenseStatus.SUSPENDED)


class LicenseState(enum.StrEnum):
    """What people are shown: derived from the stored columns and the clock, never stored."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    # Past its last day, and still usable for the days of grace that the vendor gives.
    GRACE = "grace"
    EXPIRED = "expired"
    # Given up by its company, or taken by the vendor.
    REMOVED = "removed"
    REVOKED = "revoked"


REMOVABLE = (LicenseState.AVAILABLE, LicenseState.GRACE, LicenseState.ASSIGNED, LicenseState.ACTIVATED)


class GoneWhy(enum.StrEnum):
    """Why a licence is gone for good."""

    REMOVED = "removed"
    REVOKED = "revoked"
    REFUNDED = "refunded"


class Renewal(enum.StrEnum):
    """What its company wants of a licence at its end. Not to renew one takes nothing away before."""

    UNDECIDED = "undecided"
    WANTED = "wanted"
    DECLINED = "declined"


class SuspensionReason(enum.StrEnum):
    """Why a licence cannot be used for a while."""

    DISPUTE = "dispute"
    SUPPORT = "support"


def state_of(
    *, status: LicenseStatus, usable: bool, in_term: bool, held: bool, activated: bool
) -> LicenseState:
    """The one rule that says a licence's state, of today and of any other instant.

    What is gone stays gone after its end; what is suspended is then expired.

    Args:
        status: What it was then.
        usable: Whether its grace was not over.
        in_term: Whether its last day was not over.
    """
    if status in _GONE:
        return _GONE[status]
    if not usable:
        return LicenseState.EXPIRED
    if status == LicenseStatus.SUSPENDED:
        return LicenseState.SUSPENDED
    if not in_term:
        return LicenseState.GRACE
    if not held:
        return LicenseState.AVAILABLE
    return LicenseState.ACTIVATED if activated else LicenseState.ASSIGNED


_GONE = {LicenseStatus.REMOVED: LicenseState.REMOVED, LicenseStatus.REVOKED: LicenseState.REVOKED}


# How long before its end a licence is shown as ending soon.
ENDS_SOON = dt.timedelta(days=60)


class License(Base, CompanyRow):
    """One seat, bought on one order line, held by at most one person. Without an order line, it was brought over."""

    __tablename__ = "licenses"
    __table_args__ = (
        sa.UniqueConstraint("order_line_id", "seat_no"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["plan_id", "product"], ["plans.id", "plans.product"]),
        # The holder is of the licence's own company.
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"], ["order_lines.company_id", "order_lines.id"]
        ),
        sa.CheckConstraint("valid_until > valid_from AND last_day >= first_day", name="validity"),
        sa.CheckConstraint("(order_line_id IS NULL) = (seat_no IS NULL)", name="seat_no_filled"),
        sa.CheckConstraint("(user_id IS NULL) = (assigned_at IS NULL)", name="assigned_at_filled"),
        sa.CheckConstraint("activated_at IS NULL OR user_id IS NOT NULL", name="activated_is_held"),
        sa.CheckConstraint("status NOT IN ('revoked', 'removed') OR user_id IS NULL", name="gone_is_unheld"),
        sa.CheckConstraint(
            "(gone_at IS NULL) = (gone_why IS NULL) AND (gone_at IS NULL) = (status IN ('active', 'suspended'))",
            name="gone_filled",
        ),
        sa.CheckConstraint("usable_until >= valid_until", name="grace"),
        partial_index(
            "uq_licenses_user_id_product",
            "user_id IS NOT NULL AND status IN ('active', 'suspended')",
            "user_id",
            "product",
            unique=True,
        ),
        partial_index(
            "ix_licenses_free",
            "user_id IS NULL AND status = 'active'",
            "company_id",
            "plan_id",
            "usable_until",
            "id",
        ),
        partial_index(
            "ix_licenses_assigned", "user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'", "id"
        ),
        # Who has not begun to use what they were given, and since when.
        partial_index(
            "ix_licenses_never_used",
            "user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'",
            "company_id",
            "assigned_at",
            "usable_until",
        ),
        partial_index("ix_licenses_gone_at", "gone_at IS NOT NULL", "gone_at"),
        partial_index("ix_licenses_activated", "activated_at IS NOT NULL AND status = 'active'", "id"),
        # In a desk without grace it is empty.
        partial_index("ix_licenses_grace", "status = 'active' AND usable_until > valid_until", "id"),
        partial_index("ix_licenses_suspended", "status = 'suspended'", "id"),
        partial_index("ix_licenses_gone", "gone_at IS NOT NULL", "id"),
        sa.Index("ix_licenses_company_id", "company_id", sa.text("id DESC")),
        sa.Index("ix_licenses_plan_id", "plan_id", sa.text("id DESC")),
        # Not of the free ones, for which SQLite would choose it.
        partial_index("ix_licenses_user_id", "user_id IS NOT NULL", "user_id"),
        sa.Index("ix_licenses_valid_until", "valid_until", "id"),
        sa.Index("ix_licenses_company_valid_until", "company_id", "valid_until", "id"),
        sa.Index("ix_licenses_usable_until", "usable_until"),
        code_index("licenses", '"key"'),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True, default=lambda: random_code(5, 5))
    order_line_id: Mapped[int | None] = mapped_column(BigId)
    seat_no: Mapped[int | None]
    # Today's plan; which it was on another day, its terms say.
    plan_id: Mapped[int] = mapped_column(BigId)
    product: Mapped[str] = mapped_column(sa.String(50))
    user_id: Mapped[int | None] = mapped_column(BigId)
    status: Mapped[LicenseStatus] = mapped_column(
        enum_column(LicenseStatus, "status"), default=LicenseStatus.ACTIVE
    )
    # For good: from then on nobody can hold it. `status` says the same, for the partial indexes.
    gone_at: Mapped[dt.datetime | None]
    gone_why: Mapped[GoneWhy | None] = mapped_column(enum_column(GoneWhy, "gone_why"))
    renewal: Mapped[Renewal] = mapped_column(enum_column(Renewal, "renewal"), default=Renewal.UNDECIDED)
    # Copies of its first term's beginning and its last term's end; `valid_until` itself is excluded.
    valid_from: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime]
    # `valid_until` and the vendor's days of grace, which `services/licenses/grace.py` keeps in step.
    usable_until: Mapped[dt.datetime]
    # The same as calendar days where it was bought, both included: what people are shown.
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    assigned_at: Mapped[dt.datetime | None]
    activated_at: Mapped[dt.datetime | None]

    plan: Mapped[Plan] = relationship(foreign_keys=[plan_id], primaryjoin="License.plan_id == Plan.id")
    user: Mapped[User | None] = person_in("License.user_id")
    order_line: Mapped[OrderLine | None] = relationship(
        foreign_keys=[order_line_id], primaryjoin="License.order_line_id == OrderLine.id", viewonly=True
    )

    def __str__(self) -> str:
        return self.key

    def state(self, now: dt.datetime | None = None) -> LicenseState:
        """The state at `now`, by its columns; `services/seats/history.py` has it of any instant."""
        now = now or utcnow()
        return state_of(
            status=self.status,
            usable=self.usable_until > now,
            in_term=self.valid_until > now,
            held=self.user_id is not None,
            activated=self.activated_at is not None,
        )

    def is_assignable(self, now: dt.datetime) -> bool:
        """Whether it can be given to somebody at `now`."""
        return self.state(now) == LicenseState.AVAILABLE

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it is usable at `now`, suspended or not: its holder can then get no other one of its product."""
        return self.status in LIVE_STATUSES and self.usable_until > now

    def is_removable(self, now: dt.datetime) -> bool:
        """Whether its company may give it up at `now`: neither what a dispute is about nor what is over."""
        return self.state(now) in REMOVABLE

    def gives_way(self, now: dt.datetime) -> bool:
        """Whether its holder may be given another one of its product at `now`, which takes its place: its last day is over."""
        return self.state(now) in {LicenseState.GRACE, LicenseState.EXPIRED}

    @classmethod
    def where_in_the_way(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """`not gives_way(now)` of one that somebody holds, as SQL."""
        suspended = sa.and_(cls.status == LicenseStatus.SUSPENDED, cls.usable_until > now)
        return sa.or_(cls.valid_until > now, suspended)

    def is_movable(self, now: dt.datetime) -> bool:
        """Whether its holder may have another one instead, or another person it, at `now`: not once its last day is over."""
        return self.state(now) in {LicenseState.ASSIGNED, LicenseState.ACTIVATED}

    @property
    def is_releasable(self) -> bool:
        """Whether it has a holder from whom it can be taken back: not while its payment is disputed."""
        return self.user_id is not None and self.status == LicenseStatus.ACTIVE

    @classmethod
    def where_live(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """`is_live(now)` as SQL."""
        return sa.and_(cls.status.in_(LIVE_STATUSES), cls.usable_until > now)

    @classmethod
    def where_ending_soon(cls, now: dt.datetime) -> sa.ColumnElement[bool]:
        """Whether it is live at `now` and ends within `ENDS_SOON`, as SQL."""
        return sa.and_(cls.where_live(now), cls.valid_until <= now + ENDS_SOON)

    @classmethod
    def where_unused_since(cls, given: dt.datetime, now: dt.datetime) -> sa.ColumnElement[bool]:
        """Whether it was given before `given` to somebody who has not begun to use it, live at `now`, as SQL."""
        return sa.and_(cls.where_state(LicenseState.ASSIGNED, now), cls.assigned_at <= given)

    @classmethod
    def where_state(cls, state: LicenseState, now: dt.datetime) -> sa.ColumnElement[bool]:
        """`state(now) == state` as SQL. Each predicate repeats the WHERE of its partial index, so that it is used."""
        active, live = cls.status == LicenseStatus.ACTIVE, cls.usable_until > now
        usual = sa.and_(active, live, cls.valid_until > now)
        predicates = {
            LicenseState.AVAILABLE: sa.and_(cls.user_id.is_(None), usual),
            LicenseState.ASSIGNED: sa.and_(cls.user_id.is_not(None), cls.activated_at.is_(None), usual),
            LicenseState.ACTIVATED: sa.and_(cls.activated_at.is_not(None), usual),
            LicenseState.SUSPENDED: sa.and_(cls.status == LicenseStatus.SUSPENDED, live),
            LicenseState.GRACE: sa.and_(
                active, cls.usable_until > cls.valid_until, live, cls.valid_until <= now
            ),
            LicenseState.EXPIRED: sa.and_(cls.status.in_(LIVE_STATUSES), cls.usable_until <= now),
            LicenseState.REMOVED: sa.and_(cls.gone_at.is_not(None), cls.status == LicenseStatus.REMOVED),
            LicenseState.REVOKED: sa.and_(cls.gone_at.is_not(None), cls.status == LicenseStatus.REVOKED),
        }
        return predicates[state]


# So few licences are in these that each has an index of its own, in the order of lists (`License.where_state`).
NARROW_STATES = frozenset(
    {LicenseState.SUSPENDED, LicenseState.GRACE, LicenseState.REMOVED, LicenseState.REVOKED}
)


class Suspension(Base, CompanyRow):
    """A while in which a licence cannot be used. Several may run at once, each lifted by what caused it."""

    __tablename__ = "suspensions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="period"),
        partial_index(
            "uq_suspensions_open", "ended_at IS NULL", "license_id", "reason", "cause", unique=True
        ),
        sa.Index("ix_suspensions_license_id", "license_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    license_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[SuspensionReason] = mapped_column(enum_column(SuspensionReason, "reason"))
    # The dispute at Stripe, or nothing.
    cause: Mapped[str] = mapped_column(sa.String(255), default="")
    started_at: Mapped[dt.datetime]
    # When it was lifted.
    ended_at: Mapped[dt.datetime | None]


class CartItemLicense(Base, CompanyRow):
    """A seat that a line of the cart renews or changes."""

    __tablename__ = "cart_item_licenses"
    __table_args__ = (
        sa.UniqueConstraint("cart_item_id", "license_id"),
        sa.ForeignKeyConstraint(
            ["company_id", "cart_item_id"], ["cart_items.company_id", "cart_items.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.Index("ix_cart_item_licenses_license_id", "license_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cart_item_id: Mapped[int] = mapped_column(BigId)
    license_id: Mapped[int] = mapped_column(BigId)


class OrderLineLicense(Base, CompanyRow):
    """A seat that a line of an order renews or changes."""

    __tablename__ = "order_line_licenses"
    __table_args__ = (
        sa.UniqueConstraint("order_line_id", "license_id"),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"], ["order_lines.company_id", "order_lines.id"]
        ),
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.Index("ix_order_line_licenses_license_id", "license_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_line_id: Mapped[int] = mapped_column(BigId)
    license_id: Mapped[int] = mapped_column(BigId)


class Assignment(Base, CompanyRow):
    """Who held a licence from when until when, who gave it and who took it back. Never erased."""

    __tablename__ = "assignments"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.ForeignKeyConstraint(["company_id", "user_id"], ["users.company_id", "users.id"]),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="period"),
        partial_index("uq_assignments_open", "ended_at IS NULL", "license_id", unique=True),
        sa.Index("ix_assignments_license_id", "license_id"),
        sa.Index("ix_assignments_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    license_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int] = mapped_column(BigId)
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    # When the holder began to use it; the licence has a copy while they hold it.
    activated_at: Mapped[dt.datetime | None]
    # The assignment that this one puts back.
    restores_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("assignments.id"), index=True)
    # Staff have no company, so these two are plain foreign keys; None is the system itself.
    given_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    taken_by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))

    user: Mapped[User] = person_in("Assignment.user_id")
    license: Mapped[License] = relationship(
        foreign_keys=[license_id], primaryjoin="Assignment.license_id == License.id", viewonly=True
    )

    @property
    def first_day(self) -> dt.date:
        """The day on which it was given, where the company is."""
        return day_in(self.company.zone, self.started_at)

    @property
    def last_day(self) -> dt.date | None:
        """The day on which it was taken back, where the company is; None while it is held."""
        return day_in(self.company.zone, self.ended_at) if self.ended_at else None
