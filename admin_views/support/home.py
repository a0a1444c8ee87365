"""The staff's home: what needs a person now, and how the desk does."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from access import Permission
from admin_views.guard import DeskIndexView
from admin_views.support import figures, waits
from services.reports import desk


class Home(DeskIndexView):
    title = _l("Home")
    permission = Permission.SUPPORT
    finds = _l("Find a customer, a person, an order or a license")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """How the desk does."""
        today = desk.today()
        return self.render("support/home.html", waits=waits.waiting(today), **figures.overview(today))
