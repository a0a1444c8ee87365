"""The pages of `/support`, in the order of its menu."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from access import Permission
from admin_views.guard import DeskIndexView


class Home(DeskIndexView):
    title = _l("Home")
    permission = Permission.SUPPORT


HOME = Home
VIEWS: list[type] = []
