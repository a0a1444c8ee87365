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
from admin_views import labels
from admin_views.guard import DeskIndexView
from admin_views.lists.listing import MAX_SEARCH, Total
from admin_views.support.journal import Journal
from models import (
    CURRENCY,
    Company,
    License,
    MailState,
    Order,
    OrderIssue,
    OrderState,
    User,
    WebhookFault,
    db,
    same_address,
)
from services.foundation import checks
from services.foundation.formats import current_language, money, number
from services.reports import desk
from services.reports.counts import COUNT_LIMIT

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
        text = checks.sought(request.args.get("q", ""))[:MAX_SEARCH]
        return self.render(
            "support/home.html",
            q=text,
            found=_found(text) if text else [],
            waiting=_waiting(),
            issues=_open_issues(),
            figures=_figures(),
            entries=Journal.short(
                "support_journal", ("at", "verb", "subject", "actor", "company"), most=LATEST
            ),
        )


# --- What needs a person --------------------------------------------------------------------------------------------


def _waiting() -> list[Figure]:
    """What waits, worst first."""
    found = desk.waiting()
    mails = url_for("support_mail.index_view", state=MailState.FAILED.value)
    paying = url_for("support_orders.index_view", state=OrderState.PROCESSING.value)
    places = (
        (found.issues, _("Issues to look at"), url_for("support_issues.index_view", open="yes"), True),
        (found.failed_mails, _("Mail not delivered"), mails, True),
        (
            found.events,
            _("Stripe events not handled"),
            url_for("support_stripe-events.index_view", handled="no"),
            True,
        ),
        (found.processing, _("Payments in progress"), paying, False),
    )
    shown = [
        Figure(label, _shown(count), href, bool(urgent and count)) for count, label, href, urgent in places
    ]
    return shown + _refused_webhooks()


def _refused_webhooks() -> list[Figure]:
    """What Stripe seems to have told in vain, and why; nothing on a desk whose settings are right."""
    events = url_for("support_stripe-events.index_view")
    return [
        Figure(labels.word(WebhookFault, fault), _shown(count), events, True)
        for fault, count in desk.refused_webhooks()
    ]


def _open_issues() -> list[OrderIssue]:
    """The latest ones."""
    statement = (
        sa.select(OrderIssue)
        .where(OrderIssue.closed_at.is_(None))
        .options(joinedload(OrderIssue.order), joinedload(OrderIssue.company))
    )
    return list(db.session.scalars(statement.order_by(OrderIssue.id.desc()).limit(FOUND)))


# --- Figures --------------------------------------------------------------------------------------------------------


def _figures() -> list[Figure]:
    """How the desk does; what would take long to count is counted up to a limit, and says so."""
    found, language = desk.figures(), current_language()
    held = url_for("support_licenses.index_view", state="assigned")
    paid = url_for("support_orders.index_view", state=OrderState.PAID.value, paid=found.month)
    return [
        Figure(_("Customers"), _shown(found.companies), url_for("support_customers.index_view")),
        Figure(_("People"), _shown(found.people), url_for("support_people.index_view")),
        Figure(_("Live licenses"), _shown(found.licenses), url_for("support_licenses.index_view")),
        Figure(pgettext("seats", "Assigned"), _shown(found.assigned), held),
        Figure(_("Orders paid this month"), number(found.paid, language), paid),
        Figure(_("Revenue of the month, taxes included"), money(found.revenue, CURRENCY, language), paid),
    ]


def _shown(count: int) -> str:
    language = current_language()
    if count > COUNT_LIMIT:
        return Total(COUNT_LIMIT, capped=True).text(language)
    return number(count, language)


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
