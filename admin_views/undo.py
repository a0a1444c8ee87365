"""Taking back what was just done: « Annuler » beside the message, « Revenir à l’état précédent » where it is told, for ten minutes."""

from __future__ import annotations

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from access import Permission, current_actor
from admin_views import said
from admin_views.base import DeskPage
from admin_views.guard import local_url
from admin_views.lists.rows import narrow, one
from models import Operation
from services.foundation import operations


class Undo(DeskPage):
    """No page: a form's target. What moved since is named and left."""

    title = _l("Undo")
    slug = "undo"
    in_menu = False

    @expose("/", methods=("POST",))
    def index(self) -> ResponseReturnValue:
        own = narrow(sa.select(Operation), Operation)
        operation: Operation | None = one(own, Operation, request.form.get("operation", ""))
        if operation is None:
            raise operations.not_undoable()
        left = operations.undo(operation, current_actor())
        if left:
            said.done(_("What has not moved since is again as it was. Whoever was told has been told of it."))
        else:
            said.done(_("Things are again as they were. Whoever was told has been told of it."))
        for sentence in left:
            flash(sentence, "warning")
        return redirect(self._way_back(), 303)

    def _way_back(self) -> str:
        """It has no page of its own to lead to."""
        home = url_for(f"{self.admin.index_view.endpoint}.index")
        return local_url(request.form.get("url")) or local_url(request.referrer) or home


class PortalUndo(Undo):
    permission = Permission.MANAGE_USERS


class SupportUndo(Undo):
    permission = Permission.SUPPORT


def address() -> str:
    """Where the forms of the site that is shown are sent."""
    site = (request.blueprint or "").partition("_")[0]
    return url_for(f"{site}_undo.index")


def done(sentence: str) -> None:
    """As `said.done`, with a button that takes back the operation of this request; without it where there was none, or several."""
    found = operations.done()
    if len(found) != 1:
        said.done(sentence)
        return
    back = local_url(request.values.get("url")) or request.path
    values: dict[str, str | int] = {"operation": found[0], "url": back}
    said.done(sentence, said.Act(_("Undo"), _("Undo: %(what)s", what=sentence), address(), values))
