"""*Options*: the page of its entries, which stand below it in the menu as well."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from access import Permission
from admin_views import menu
from admin_views.guard import DeskPage

OPTIONS = _l("Options")


class Options(DeskPage):
    """Leads to what an administrator needs less often; on a phone as on a desktop."""

    title = OPTIONS
    slug = "options"
    permission = Permission.PURCHASE
    heads = OPTIONS
    in_menu = False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        role = current_user.role
        whole = menu.entries(self.admin, role, None, menu.numbers(self.admin, role))
        listed = [entry for entry in whole if entry.group == OPTIONS]
        page: str = self.render("portal/options.html", entries=listed)
        return page
