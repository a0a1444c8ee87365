"""Table views whose rows are edited: a form that knows what it showed, and what is said when a rival came first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from access import Actor, current_actor
from admin_views.base import DeskModelView
from admin_views.forms import DeskForm
from models import db
from services.catalogue.examples import Unconfirmed
from services.foundation import edits
from services.foundation.errors import Code, Refused

FIELDS = {
    "active": _l("Active"),
    "address": _l("Address"),
    "charges_no_tax": _l("We charge no sales taxes"),
    "color": _l("Color"),
    "description_en": _l("Description in English"),
    "description_fr": _l("Description in French"),
    "devices_per_license": _l("Devices per license"),
    "gst_number": _l("GST/HST number"),
    "install_url_en": _l("Installation instructions in English"),
    "install_url_fr": _l("Installation instructions in French"),
    "legal_name": _l("Legal name"),
    "limits": _l("Limits"),
    "name_en": _l("Name in English"),
    "name_fr": _l("Name in French"),
    "place": _l("Place"),
    "position": _l("Position"),
    "postal_code": _l("Postal code"),
    "qst_number": _l("QST number"),
    "registration": _l("Registration number"),
    "street": _l("Street"),
    "support_email": _l("Support address"),
    "term_months": _l("Term in months"),
    "amount": _l("Price"),
    "billing_email": _l("Billing email"),
    "city": _l("City"),
    "code": _l("Code"),
    "country": _l("Country"),
    "currency": _l("Currency"),
    "email": _l("Email"),
    "first_name": _l("First name"),
    "issue": _l("Issue"),
    "language": _l("Language"),
    "last_name": _l("Last name"),
    "name": _l("Name"),
    "note": _l("Note"),
    "on_sale": _l("On sale"),
    "product": _l("Product"),
    "province": _l("Province"),
    "quantity": _l("Number of licenses"),
    "rate": _l("Rate"),
    "role": _l("Role"),
    "starts_on": _l("From"),
    "state": _l("State"),
    "time_zone": _l("Time zone"),
    "total": _l("Total"),
    "user": _l("Person"),
}


def field_words(names: Iterable[str]) -> str:
    """The fields, in the words of the forms."""
    return ", ".join(str(FIELDS.get(name, name)) for name in names)


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
