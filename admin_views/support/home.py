"""The staff's home: what needs a person now, how the desk does, and where to find anybody."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from access import Permission
from admin_views.guard import DeskIndexView
from admin_views.lists.listing import MAX_SEARCH
from admin_views.support import figures, waits
from models import Company, License, Order, User, db, same_address
from services.foundation import checks
from services.reports import desk

FOUND = 8


class Home(DeskIndexView):
    title = _l("Home")
    permission = Permission.SUPPORT
    finds = _l("Find a customer, a person, an order or a license")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """With a text, what it finds; else how the desk does."""
        text = checks.sought(request.args.get("q", ""))[:MAX_SEARCH]
        if text:
            return self.render("support/home.html", q=text, found=_found(text))
        today = desk.today()
        return self.render("support/home.html", q="", waits=waits.waiting(today), **figures.overview(today))


# --- Finding ----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Found:
    kind: str
    text: str
    detail: str
    href: str


def _found(text: str) -> list[Found]:
    """Whom or what `text` names: a whole address, reference or key, or the beginning of a name. Four statements."""
    return [*_companies(text), *_people(text), *_orders(text), *_licenses(text)]


def _companies(text: str) -> list[Found]:
    named = sa.func.lower(Company.name).startswith(text.lower(), autoescape=True)
    billed = same_address(Company.billing_email, text)
    rows = db.session.scalars(sa.select(Company).where(sa.or_(named, billed)).limit(FOUND))
    return [
        Found(
            _("Customer"), row.name, row.billing_email, url_for("support_customers.details_view", id=row.id)
        )
        for row in rows
    ]


def _people(text: str) -> list[Found]:
    """An address is whoever was given it, by its index; anything else is the beginning of a last name."""
    if "@" in text:
        condition = same_address(User.email, text)
    else:
        condition = User.last_name.istartswith(text, autoescape=True)
    rows = db.session.scalars(sa.select(User).where(condition).options(joinedload(User.company)).limit(FOUND))
    return [
        Found(
            _("Person"),
            row.name,
            ", ".join(filter(None, [row.email, row.company.name if row.company else ""])),
            url_for("support_people.details_view", id=row.id),
        )
        for row in rows
    ]


def _orders(text: str) -> list[Found]:
    row = db.session.scalar(
        sa.select(Order).where(Order.reference == text.upper()).options(joinedload(Order.company))
    )
    if row is None:
        return []
    return [
        Found(_("Order"), row.reference, row.company.name, url_for("support_orders.details_view", id=row.id))
    ]


def _licenses(text: str) -> list[Found]:
    row = db.session.scalar(
        sa.select(License).where(License.key == text.upper()).options(joinedload(License.company))
    )
    if row is None:
        return []
    return [
        Found(_("License"), row.key, row.company.name, url_for("support_licenses.details_view", id=row.id))
    ]
