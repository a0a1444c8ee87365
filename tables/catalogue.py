"""What is sold, by whom: plans, prices, tax rates, the vendor, conditions of sale."""

from __future__ import annotations

import datetime as dt
import enum
import zoneinfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.addresses import MailAddress
from tables.base import (
    CURRENCY,
    DEFAULT_TIME_ZONE,
    Base,
    BigId,
    Bilingual,
    Language,
    PublicRow,
    enum_column,
    random_code,
    utcnow,
)

# For a vendor who has not chosen one.
DEFAULT_COLOR = "#1f5fbf"


class Plan(Base, PublicRow):
    """What is sold. A person holds at most one live licence of a `product`, of whichever plan."""

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
    name = Bilingual()
    description_fr: Mapped[str] = mapped_column(sa.Text, default="")
    description_en: Mapped[str] = mapped_column(sa.Text, default="")
    description = Bilingual()
    term_months: Mapped[int] = mapped_column(default=12)
    devices_per_license: Mapped[int] = mapped_column(default=1)
    # Rows of the comparison table: [{"code", "label_fr", "label_en", "value_fr", "value_en"}, …]
    limits: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    on_sale: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    prices: Mapped[list[Price]] = relationship(back_populates="plan", order_by="Price.starts_on")

    def __str__(self) -> str:
        return self.called(Language.FR)

    def called(self, language: str) -> str:
        """What a page in `language` calls it."""
        return self.name(language)

    def limit_rows(self, language: str) -> list[tuple[str, str]]:
        """(label, value) pairs in `language`, in the vendor's order."""
        return [(row[f"label_{language}"], row[f"value_{language}"]) for row in self.limits]

    def price_on(self, day: dt.date, currency: str = CURRENCY) -> Price | None:
        """The price in force on `day` (the vendor's calendar), or None: then the plan cannot be bought."""
        held = [price for price in self.prices if price.currency == currency and price.starts_on <= day]
        return held[-1] if held else None


class Price(Base, PublicRow):
    """A plan's price per licence and term, before taxes, in cents, from `starts_on` until the next row's day."""

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
    """A tax of one place (ISO 3166-2), from `starts_on` until the day of the next row with its place and name."""

    __tablename__ = "tax_rates"
    __table_args__ = (
        sa.UniqueConstraint("place", "name_en", "starts_on"),
        sa.CheckConstraint("rate BETWEEN 0 AND 100000", name="rate_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(10))
    name_fr: Mapped[str] = mapped_column(sa.String(20))
    name_en: Mapped[str] = mapped_column(sa.String(20))
    name = Bilingual()
    # Thousandths of a percent: 9.975 % is 9975.
    rate: Mapped[int]
    registration: Mapped[Registration] = mapped_column(enum_column(Registration, "registration"))
    starts_on: Mapped[dt.date]

    def __str__(self) -> str:
        return self.called(Language.FR)

    def called(self, language: str) -> str:
        """What a page in `language` calls it: « TPS CA-QC »."""
        return f"{self.name(language)} {self.place}"


MAX_GRACE_DAYS = 90


class Vendor(Base, PublicRow):
    """Who sells: one row. Pages and mails show this name, never Trousseau's."""

    __tablename__ = "vendor"
    __table_args__ = (
        sa.CheckConstraint("id = 1", name="single_row"),
        sa.CheckConstraint(f"grace_days BETWEEN 0 AND {MAX_GRACE_DAYS}", name="grace_days"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(100))
    legal_name: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.Text, default="")
    gst_number: Mapped[str] = mapped_column(sa.String(30), default="")
    qst_number: Mapped[str] = mapped_column(sa.String(30), default="")
    # Said aloud: a small supplier who is not registered. Without it, a desk without numbers is reminded.
    charges_no_tax: Mapped[bool] = mapped_column(default=False)
    support_email: Mapped[str] = mapped_column(MailAddress(254))
    install_url_fr: Mapped[str] = mapped_column(sa.String(500), default="")
    install_url_en: Mapped[str] = mapped_column(sa.String(500), default="")
    install_url = Bilingual()
    color: Mapped[str] = mapped_column(sa.String(7), default=DEFAULT_COLOR)
    logo: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    logo_type: Mapped[str | None] = mapped_column(sa.String(50))
    time_zone: Mapped[str] = mapped_column(sa.String(64), default=DEFAULT_TIME_ZONE)
    # For how many days after its last one a licence still works.
    grace_days: Mapped[int] = mapped_column(default=0)
    # What the licences that are still alive have of it, once `services/licenses/grace.py` has moved them all.
    granted_days: Mapped[int] = mapped_column(default=0)
    # Incremented at each edit. It is in the URLs of the logo and the colour, so that browsers may cache them.
    revision: Mapped[int] = mapped_column(default=1)
    # Tells this database from another one's on the same Stripe account, for good (`services/payments/desks.py`).
    desk_code: Mapped[str] = mapped_column(sa.String(20), default=lambda: random_code(2, 5))

    def __str__(self) -> str:
        return self.name

    def number_for(self, registration: Registration) -> str:
        """The vendor's own registration number for a tax, empty when it is not registered."""
        return self.gst_number if registration == Registration.GST else self.qst_number

    @property
    def lacks_tax_numbers(self) -> bool:
        """Whether no tax is charged and nobody has said that this is meant."""
        return not (self.gst_number or self.qst_number or self.charges_no_tax)

    @property
    def today(self) -> dt.date:
        """Today in the vendor's time zone: prices and tax rates start at midnight there."""
        return utcnow().astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()


class Conditions(Base, PublicRow):
    """A published version of the conditions of sale. Versions are added, never edited: orders point at them."""

    __tablename__ = "conditions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text_fr: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)
    text = Bilingual()
    published_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
