"""Taking back what was just done: « Annuler » beside the message, « Revenir à l’état précédent » where it is told, for ten minutes."""

from __future__ import annotations

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from access import Permission, current_actor
from admin_views.base import DeskPage
from admin_views.guard import local_url
from admin_views.lists.rows import narrow, one
from models import Operation, db
from services.foundation import operations
from services.foundation.errors import Refused


class Undo(DeskPage):
    """No page: a form's target. What moved since is named and left."""

    title = _l("Undo")
    slug = "undo"
    in_menu = False

    @expose("/", methods=("POST",))
    def index(self) -> ResponseReturnValue:
        back = local_url(request.form.get("url")) or url_for(f"{self.admin.index_view.endpoint}.index")
        operation: Operation | None = one(
            narrow(sa.select(Operation), Operation), Operation, request.form.get("operation", "")
        )
        if operation is None:
            flash(_("This cannot be taken back. Nothing was changed."), "danger")
            return redirect(back, 303)
        try:
            left = operations.undo(operation, current_actor())
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "danger")
            return redirect(back, 303)
        flash(_("Things are again as they were. Whoever was told has been told of it."), "success")
        for sentence in left:
            flash(sentence, "warning")
        return redirect(back, 303)


class PortalUndo(Undo):
    permission = Permission.MANAGE_USERS


class SupportUndo(Undo):
    permission = Permission.SUPPORT


def said(sentence: str) -> None:
    """Say that something was done by the verb that was just called, with a button that takes it back."""
    site = (request.blueprint or "").partition("_")[0]
    act = {
        "url": url_for(f"{site}_undo.index"),
        "fields": {"operation": operations.latest(), "url": _here()},
        "label": _("Undo"),
        "name": _("Undo: %(what)s", what=sentence),
    }
    flash({"text": sentence, "act": act}, "success")  # type: ignore[arg-type]


def _here() -> str:
    return local_url(request.values.get("url")) or request.path
