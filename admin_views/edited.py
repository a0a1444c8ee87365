"""Table views whose rows are edited: a form that knows what it showed, and what is said when a rival came first."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask_babel import gettext as _
from wtforms import HiddenField

from access import Actor, current_actor
from admin_views.base import DeskModelView
from admin_views.forms import DeskForm
from models import db
from services.catalogue.examples import Unconfirmed
from services.forms.words import field_words
from services.foundation import edits
from services.foundation.errors import Code, Refused


class EditForm(DeskForm):
    """A form that knows what its row held when it was opened."""

    seen = HiddenField()


class ConfirmedForm(EditForm):
    """A form of what buyers pay: what it would change is shown before it is saved."""

    # What was shown, once it was.
    confirmed = HiddenField()


class EditedView(DeskModelView):
    """A table view with a form that notices a rival's edit.

    Attributes:
        editable: What is edited together: the service's `EDITABLE`; with `can_create` or `can_edit`.
    """

    editable: ClassVar[edits.Sheet]

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        if request.method != "POST":
            form.seen.data = self.editable.version(obj)
        return form

    def do_update(self, form: Any, row: Any) -> None:
        try:
            self.update(form, row, by=current_actor(), seen=form.seen.data or "")
        except Refused as refused:
            if refused.code == Code.CHANGED_MEANWHILE:
                # Saving again, after having been told, replaces what the other one wrote.
                db.session.rollback()
                form.seen.data = self.editable.version(self.row_or_404(request.args.get("id", "")))
                say_what_changed(form, refused)
            ask_to_confirm(form, refused)
            raise

    def update(self, form: Any, row: Any, *, by: Actor, seen: str) -> None:
        """Call the verb that changes `row` to what `form` says, unless it is no longer as it was `seen`."""
        raise NotImplementedError

    def values(self, form: Any) -> dict[str, Any]:
        """What the form says of the `editable` columns."""
        return {name: form[name].data for name in self.editable if name in form}


def ask_to_confirm(form: Any, refused: Refused) -> None:
    """Let the form, saved again, confirm what was shown."""
    if isinstance(refused, Unconfirmed):
        form.confirmed.data = refused.confirm


def say_what_changed(form: Any, refused: Refused) -> None:
    """Name, above the form, what somebody else has changed since it was opened."""
    if refused.fields:
        form.form_errors.append(
            _("Changed by somebody else: %(fields)s.", fields=field_words(refused.fields))
        )
