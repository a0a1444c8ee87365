"""Customers: the companies that buy."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Length, Optional

from access import Actor
from admin_views import labels
from admin_views.forms import REQUIRED, choices, zones
from admin_views.journal import timeline
from admin_views.lists.columns import Act, Column, Empty, Fact, ListFilter
from admin_views.lists.filters import by_member
from admin_views.lists.finding import Whole, Words
from admin_views.support.base import EditForm, SupportView, current_actor
from admin_views.support.journal import READER
from models import (
    Company,
    Language,
    Order,
    OutgoingMail,
    Role,
    SubjectKind,
    User,
    day_in,
    db,
    utcnow,
)
from services.buying import issues
from services.catalogue import vendor
from services.people import companies
from services.reports.desk import ENDING
from services.seats import seat_counts
from services.text import places
from services.text.formats import country, current_language

SHORT = 5


def _place(country: str, province: str) -> str:
    """As `Company.place`, of its columns."""
    return f"{country}-{province}" if province else country


def _since(zone: str, created_at: dt.datetime) -> dt.date:
    """As `Company.since`, of its columns."""
    return day_in(zoneinfo.ZoneInfo(zone), created_at)


class CompanyForm(EditForm):
    name = StringField(_l("Name"), [REQUIRED, Length(max=200)])
    billing_email = EmailField(_l("Billing email"), [REQUIRED, Length(max=254)])
    street = StringField(_l("Street"), [Length(max=200)])
    city = StringField(_l("City"), [Length(max=100)])
    province = SelectField(
        _l("Province"), description=_l("Taxes depend on it. Only for an address in Canada.")
    )
    postal_code = StringField(_l("Postal code"), [Length(max=20)])
    country = SelectField(_l("Country"), [REQUIRED], default=places.CANADA)
    language = SelectField(
        _l("Language"), choices=choices(labels.options(Language)), default=Language.FR.value
    )
    time_zone = SelectField(
        _l("Time zone"),
        choices=zones(),
        default="America/Toronto",
        description=_l(
            "What is bought from now on ends with its last day there; what was bought keeps its days."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.province.choices = choices([("", _("None")), *places.provinces()])
        self.country.choices = choices(places.countries(current_language()))


class NewCompanyForm(CompanyForm):
    """With the first administrator, or without: a customer may be opened before anybody is known there."""

    admin_email = EmailField(_l("Administrator’s email"), [Length(max=254)])
    admin_first_name = StringField(_l("Administrator’s first name"), [Length(max=100)])
    admin_last_name = StringField(_l("Administrator’s last name"), [Optional(), Length(max=100)])

    def administrator(self) -> dict[str, str] | None:
        """Who was named; None when the three fields are empty."""
        found = {
            "email": self.admin_email.data or "",
            "first_name": self.admin_first_name.data or "",
            "last_name": self.admin_last_name.data or "",
        }
        return found if any(found.values()) else None


def _address(row: Company) -> str:
    return ", ".join([*row.address.splitlines(), country(row.country, current_language())])


class Companies(SupportView):
    model = Company
    title = _l("Customers")
    slug = "customers"
    icon = "buildings"
    columns = (
        Column(
            "name",
            _l("Customer"),
            to=(".details_view", Company.id),
            sort=Company.sort_key,
        ),
        Column("billing_email", _l("Billing email"), phone="line"),
        Column("place", _l("Place"), (Company.country, Company.province), _place),
        Column("language", _l("Language"), value=labels.label),
        Column(
            "since",
            _l("Customer since"),
            (Company.time_zone, Company.created_at),
            _since,
            kind="day",
            phone="line",
        ),
    )
    row_acts = (Act(".edit_view", _l("Edit"), "pencil"),)
    beside = ((_l("Import an existing base"), "support_base.index"),)
    search_hint = _l("Name or address of the customer, whole address of a person")
    empty = Empty(_l("There is no customer yet."), None, (".create_view", _l("New customer")))
    detail_columns = (
        Fact("billing_email", _l("Billing email")),
        Fact("address", _l("Address"), value=_address),
        Fact("language", _l("Language"), value=lambda row: labels.label(row.language)),
        Fact("time_zone", _l("Time zone")),
        Fact("currency", _l("Currency")),
        Fact("stripe_customer_id", _l("Customer at Stripe"), kind="mono"),
        Fact("since", _l("Customer since"), kind="day"),
    )
    search = (
        # Who writes to support gives their own address.
        Whole(User.email, via=Company.id, key=User.company_id),
        Words(Company),
    )
    filters = (
        ListFilter(
            "province",
            _l("Province"),
            places.provinces,
            lambda query, code: query.where(Company.province == code),
        ),
        by_member("language", _l("Language"), Company.language, Language, labels.options(Language)),
    )
    export_columns = (
        Column("street", _l("Street")),
        Column("city", _l("City")),
        Column("province", _l("Province")),
        Column("postal_code", _l("Postal code")),
        Column("country", _l("Country")),
    )
    can_create = can_edit = can_view_details = True
    create_label = _l("New customer")
    create_template = "support/company_new.html"
    details_template = "support/company.html"
    form = CompanyForm
    editable = companies.EDITABLE

    def get_create_form(self) -> type[CompanyForm]:
        return NewCompanyForm

    def do_create(self, form: NewCompanyForm) -> Company:
        return companies.create_company(
            self.values(form), by=current_actor(), administrator=form.administrator()
        )

    def update(self, form: CompanyForm, row: Company, *, by: Actor, seen: str) -> None:
        companies.update_company(row, self.values(form), by=by, seen=seen)

    def details_context(self, row: Company) -> dict[str, Any]:
        seats = seat_counts.summary(row.id, utcnow())
        return {
            "place": _where(row),
            "seats": seats,
            "ending": _ending(seats),
            "issues": issues.open_of(row),
            "people": _people(row),
            "orders": _latest(Order, row, joinedload(Order.placed_by)),
            "mails": _latest(OutgoingMail, row, joinedload(OutgoingMail.user)),
            "moments": timeline.about(SubjectKind.COMPANY, row.id, READER),
        }


def _where(company: Company) -> str:
    """« Gatineau (Québec) »."""
    named = places.name(company.place, current_language())
    return f"{company.city} ({named})" if company.city else named


def _ending(seats: Sequence[seat_counts.PlanSeats]) -> int:
    """How many live licences end within `ENDING[0]` days."""
    last = vendor.current().today + dt.timedelta(days=ENDING[0])
    return sum(end.seats for owned in seats for end in owned.ends if end.last_day <= last)


def _people(company: Company) -> list[User]:
    """The administrators first: they are whom support writes to."""
    statement = sa.select(User).where(User.company_id == company.id)
    order = (User.role != Role.ADMIN, User.sort_key, User.id)
    return list(db.session.scalars(statement.order_by(*order).limit(SHORT)))


def _latest(model: Any, company: Company, *options: Any) -> list[Any]:
    statement = sa.select(model).where(model.company_id == company.id).options(*options)
    return list(db.session.scalars(statement.order_by(model.id.desc()).limit(SHORT)))
