"""Where a person of a company arrives: an administrator's overview; everybody else's own licence (`my_license.py`)."""

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
from sqlalchemy.orm import selectinload

import access
from access import ROLE_PERMISSIONS, Permission
from admin_views.base import DeskIndexView
from admin_views.portal import activity, todo
from admin_views.portal.my_license import my_license_page
from admin_views.portal.options import OPTIONS
from admin_views.portal.own import own_company
from models import Company, Plan, Role, day_in, db, utcnow
from services.buying import orders
from services.catalogue import vendor as vendors
from services.foundation import operations
from services.reports import company as reports
from services.reports import dismissals
from services.seats import seat_counts

SHOWN_EVENTS = 8
# Whoever may do one of these has a home page of the company's.
MANAGING = frozenset({Permission.MANAGE_USERS, Permission.PURCHASE})


class Home(DeskIndexView):
    """Who manages people or buys sees the company's licences and what is to do; everybody else their own licence."""

    title = _l("Home")
    permission = Permission.OWN_LICENSES
    menu_word = OPTIONS
    finds = _l("Find a person, a license, an order or a page")

    def is_listed_for(self, role: Role) -> bool:
        return not MANAGING.isdisjoint(ROLE_PERMISSIONS[role])

    @expose("/")
    def index(self) -> ResponseReturnValue:
        if not _manages():
            return my_license_page(self)
        company, now = own_company(), utcnow()
        overview = _overview(company, now)
        if not overview["owned"] and not overview["unpaid"] and not overview["figures"].asking:
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
