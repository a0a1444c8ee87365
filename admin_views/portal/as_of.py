"""« Situation au… » of one's own company."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue
from flask_admin import expose

from access import Permission
from admin_views.as_of import SHOWN, AsOfPage
from admin_views.portal.own import own_company
from services.reports import situation


class AsOf(AsOfPage):
    """For the company's administrators."""

    permission = Permission.MANAGE_USERS
    in_menu = False

    def asked_company(self, form: Any) -> int | None:
        return own_company().id

    @expose("/")
    def index(self) -> ResponseReturnValue:
        form, instant = self.read()
        found = situation.shown(own_company().id, instant, SHOWN)
        page: str = self.render("portal/as_of.html", found=found, **self.context(form, instant))
        return page, 422 if form.errors else 200
