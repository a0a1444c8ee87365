"""Where a person of a company arrives: an administrator's overview, everybody's own licence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload

import access
from access import ROLE_PERMISSIONS, Permission, current_actor
from admin_views.base import DeskIndexView, DeskPage
from admin_views.lists.rows import narrow, one
from admin_views.portal import activity, todo
from admin_views.portal.comparison import features
from admin_views.portal.options import OPTIONS
from admin_views.portal.own import own_company
from models import Company, License, Plan, Role, day_in, db, utcnow
from services import licenses
from services.buying import orders
from services.catalogue import vendor as vendors
from services.foundation import operations
from services.licenses import seat_counts
from services.people import dismissals
from services.reports import company as reports
from services.text.formats import current_language

SHOWN_EVENTS = 8
# Whoever may do one of these has a home page of the company's.
MANAGING = frozenset({Permission.MANAGE_USERS, Permission.PURCHASE})


class Home(DeskIndexView):
    """Who manages people or buys sees the company's licences and what is to do; everybody else their own licence."""

    title = _l("Home")
    permission = Permission.OWN_LICENSES
    menu_word = OPTIONS

    def is_listed_for(self, role: Role) -> bool:
        return not MANAGING.isdisjoint(ROLE_PERMISSIONS[role])

    @expose("/")
    def index(self) -> ResponseReturnValue:
        if not _manages():
            return _my_license_page(self)
        company, now = own_company(), utcnow()
        overview = _overview(company, now)
        if not overview["owned"] and not overview["unpaid"]:
            return self.render("portal/first_day.html", company=company, prices=_prices(company), **overview)
        away = dismissals.put_away_by(current_user)
        may_undo = access.can(current_user, Permission.MANAGE_USERS)
        shown = todo.shown(overview["tasks"], away)
        return self.render(
            "portal/home.html",
            company=company,
            today=day_in(company.zone, now),
            shown=shown,
            hidden=len(overview["tasks"]) - len(shown),
            ending=todo.ending(overview["owned"], day_in(company.zone, now)),
            moments=activity.recent(company.id, SHOWN_EVENTS, activity.reader(), current_user.zone),
            undoable=operations.undoable(company.id, now) if may_undo else {},
            **overview,
        )

    @expose("/put-away/", methods=("POST",))
    def put_away(self) -> ResponseReturnValue:
        """Do not tell this person of one thing again until it changes."""
        _only_for_managers()
        found = _overview(own_company(), utcnow())["tasks"]
        key, mark = request.form.get("key", ""), request.form.get("mark", "")
        known = [task for task in found if task.can_be_put_away and (task.key, task.mark) == (key, mark)]
        if known:
            dismissals.put_away(current_user, key, mark)
            flash(_("You will not be told of it again until it changes."), "success")
        else:
            flash(_("This has changed in the meantime. Nothing was changed."), "danger")
        return redirect(url_for(".index"), 303)

    @expose("/bring-back/", methods=("POST",))
    def bring_back(self) -> ResponseReturnValue:
        """Tell this person of everything again."""
        _only_for_managers()
        dismissals.bring_back(current_user)
        return redirect(url_for(".index"), 303)


def _manages() -> bool:
    return any(access.can(current_user, permission) for permission in MANAGING)


def _only_for_managers() -> None:
    """Raises: Forbidden, for whoever is told of nothing."""
    if not _manages():
        abort(403)


def _overview(company: Company, now: dt.datetime) -> dict[str, Any]:
    owned, found = seat_counts.summary(company.id, now), reports.figures(company.id, now)
    unpaid = orders.unpaid(company.id)
    return {
        "owned": owned,
        "figures": found,
        "unpaid": unpaid,
        "tasks": todo.tasks(owned, found, unpaid, now),
    }


def _prices(company: Company) -> list[int]:
    """What a licence of each plan on sale costs today, in cents, the cheapest first."""
    plans = sa.select(Plan).where(Plan.on_sale).options(selectinload(Plan.prices))
    today = vendors.current().today
    found = [plan.price_on(today, company.currency) for plan in db.session.scalars(plans)]
    return sorted(price.amount for price in found if price)


class MyLicense(DeskPage):
    """A person's own licence: what they hold, until when, and how to begin."""

    title = _l("My license")
    slug = "my-license"
    icon = "person-badge"
    permission = Permission.OWN_LICENSES

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return _my_license_page(self)

    @expose("/activate/", methods=("POST",))
    def activate(self) -> ResponseReturnValue:
        """Begin to use a licence that one holds."""
        license = one(_own_licenses(), License, request.form.get("id", ""))
        if license is not None and _begin_use(license):
            flash(_("Your license is activated."), "success")
        else:
            flash(_("This license is not yours any more. Nothing was changed."), "danger")
        return redirect(url_for("portal_my-license.index"), 303)


def _begin_use(license: License) -> bool:
    """Activate it; False when it was taken back since it was read."""
    try:
        licenses.activate(license, current_actor())
    except LookupError:
        return False
    return True


def _own_licenses() -> sa.Select[Any]:
    """The licences that the signed-in person holds."""
    held = narrow(sa.select(License), License).where(License.user_id == current_user.id)
    return held.options(joinedload(License.plan)).order_by(License.valid_until.desc())


def _my_license_page(view: Any) -> str:
    now = utcnow()
    held = [(license, license.state(now)) for license in db.session.scalars(_own_licenses())]
    allowed = features([license.plan for license, _state in held], current_language())
    page: str = view.render("portal/my_license.html", held=held, features=allowed, company=own_company())
    return page
