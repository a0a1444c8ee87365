"""Where a person of a company arrives: an administrator's overview, everybody's own licence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import joinedload

import access
from access import Permission, current_actor
from admin_views.base import DeskIndexView, DeskPage
from admin_views.lists.rows import narrow, one
from admin_views.portal import activity
from admin_views.portal.options import OPTIONS
from admin_views.portal.own import own_company
from models import License, db, utcnow
from services import licenses
from services.buying import orders
from services.licenses import seat_counts
from services.reports import company as reports

SHOWN_EVENTS = 8


class Home(DeskIndexView):
    """An administrator sees the company's licences and what waits; everybody else their own licence."""

    title = _l("Home")
    permission = Permission.OWN_LICENSES
    menu_word = OPTIONS

    def is_visible(self) -> bool:
        return access.can(current_user, Permission.MANAGE_USERS)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        if not access.can(current_user, Permission.MANAGE_USERS):
            return _my_license_page(self)
        company, now = own_company(), utcnow()
        owned = seat_counts.summary(company.id, now)
        return self.render(
            "portal/home.html",
            company=company,
            owned=owned,
            free=sum(seat.available for seat in owned),
            figures=reports.figures(company.id, now),
            unpaid=orders.unpaid(company.id),
            moments=activity.recent(company.id, SHOWN_EVENTS, activity.reader(), current_user.zone),
        )


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
    page: str = view.render("portal/my_license.html", held=held, company=own_company())
    return page
