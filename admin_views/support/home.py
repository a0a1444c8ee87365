"""The staff's home: what needs a person now, how the desk does, and where to find anybody."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from sqlalchemy.orm import joinedload

from access import Permission
from admin_views.guard import DeskIndexView
from admin_views.lists.listing import COUNT_LIMIT, MAX_SEARCH, Total
from admin_views.support import words
from admin_views.support.base import chosen, current_vendor
from admin_views.support.orders import live_licenses, month_bounds, paid_since
from admin_views.support.records import Journal
from models import (
    CURRENCY,
    Company,
    JournalEntry,
    License,
    MailState,
    Order,
    OrderState,
    OutgoingMail,
    StripeEvent,
    User,
    db,
)
from services.foundation.formats import current_language, money, number

FOUND = 8
LATEST = 8


@dataclasses.dataclass(frozen=True)
class Figure:
    label: Any
    text: str
    href: str
    urgent: bool = False


class Home(DeskIndexView):
    title = _l("Home")
    permission = Permission.SUPPORT

    @expose("/")
    def index(self) -> ResponseReturnValue:
        text = request.args.get("q", "").strip()[:MAX_SEARCH]
        return self.render(
            "support/home.html",
            q=text,
            found=_found(text) if text else [],
            waiting=_waiting(),
            noted=_noted(),
            figures=_figures(),
            entries=_latest_entries(),
            columns={"entries": chosen(Journal.columns, "at", "verb", "subject", "actor", "company")},
            words=words,
        )


# --- What needs a person --------------------------------------------------------------------------------------------


def _waiting() -> list[Figure]:
    """What waits, each count by its own partial index. One statement."""
    alerts = sa.select(Order.id).where(Order.note.is_not(None), Order.note.in_(words.ALERTS))
    failed = sa.select(OutgoingMail.id).where(OutgoingMail.state == MailState.FAILED)
    events = sa.select(StripeEvent.id).where(StripeEvent.handled_at.is_(None))
    processing = sa.select(Order.id).where(Order.state == OrderState.PROCESSING)
    counts = _counts(alerts, failed, events, processing)
    places = (
        (_("Orders to look at"), url_for("support_orders.index_view", attention="yes"), True),
        (_("Mail not delivered"), url_for("support_mail.index_view", state=MailState.FAILED.value), True),
        (_("Stripe events not handled"), url_for("support_stripe-events.index_view", handled="no"), True),
        (
            _("Payments in progress"),
            url_for("support_orders.index_view", state=OrderState.PROCESSING.value),
            False,
        ),
    )
    return [
        Figure(label, _shown(count), href, bool(urgent and count))
        for count, (label, href, urgent) in zip(counts, places, strict=True)
    ]


def _noted() -> list[Order]:
    statement = sa.select(Order).where(Order.note.is_not(None), Order.note.in_(words.ALERTS))
    return list(
        db.session.scalars(
            statement.options(joinedload(Order.company)).order_by(Order.id.desc()).limit(FOUND)
        )
    )


# --- Figures --------------------------------------------------------------------------------------------------------


def _figures() -> list[Figure]:
    """Two statements; what would take long to count is counted up to a limit, and says so."""
    live = live_licenses()
    companies, people, licenses, assigned = _counts(
        sa.select(Company.id),
        sa.select(User.id).where(User.company_id.is_not(None)),
        live,
        live.where(License.user_id.is_not(None)),
    )
    month = f"{current_vendor().today:%Y-%m}"
    paid, revenue = db.session.execute(paid_since(month_bounds(month)[0])).one()
    return [
        Figure(_("Customers"), _shown(companies), url_for("support_customers.index_view")),
        Figure(_("People"), _shown(people), url_for("support_people.index_view")),
        Figure(_("Live licenses"), _shown(licenses), url_for("support_licenses.index_view")),
        Figure(
            pgettext("seats", "Assigned"),
            _shown(assigned),
            url_for("support_licenses.index_view", state="assigned"),
        ),
        Figure(
            _("Orders paid this month"),
            number(paid, current_language()),
            url_for("support_orders.index_view", state=OrderState.PAID.value, month=month),
        ),
        Figure(
            _("Revenue of the month"),
            money(revenue, CURRENCY, current_language()),
            url_for("support_orders.index_view", state=OrderState.PAID.value, month=month),
        ),
    ]


def _counts(*statements: Any) -> list[int]:
    """How many rows each select of keys has, up to `COUNT_LIMIT` and one more. One statement."""
    limited = [statement.limit(COUNT_LIMIT + 1).subquery() for statement in statements]
    counts = [sa.select(sa.func.count()).select_from(part).scalar_subquery() for part in limited]
    return list(db.session.execute(sa.select(*counts)).one())


def _shown(count: int) -> str:
    language = current_language()
    if count > COUNT_LIMIT:
        return Total(COUNT_LIMIT, capped=True).text(language)
    return number(count, language)


def _latest_entries() -> list[JournalEntry]:
    statement = sa.select(JournalEntry).options(
        joinedload(JournalEntry.actor), joinedload(JournalEntry.company)
    )
    return list(db.session.scalars(statement.order_by(JournalEntry.id.desc()).limit(LATEST)))


# --- Finding ----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Found:
    kind: str
    text: str
    detail: str
    href: str


def _found(text: str) -> list[Found]:
    """Whom or what `text` names: a whole address, reference or key, or the beginning of a name. Four statements."""
    if "\0" in text:
        return []
    return [*_companies(text), *_people(text), *_orders(text), *_licenses(text)]


def _companies(text: str) -> list[Found]:
    named = sa.func.lower(Company.name).startswith(text.lower(), autoescape=True)
    billed = sa.func.lower(Company.billing_email) == text.lower()
    rows = db.session.scalars(sa.select(Company).where(sa.or_(named, billed)).limit(FOUND))
    return [
        Found(
            _("Customer"), row.name, row.billing_email, url_for("support_customers.details_view", id=row.id)
        )
        for row in rows
    ]


def _people(text: str) -> list[Found]:
    """An address is one person, by its unique index; anything else is the beginning of a last name."""
    if "@" in text:
        condition = sa.func.lower(User.email) == text.lower()
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
