"""What both sites offer of a person's account: the fields of its form, the invitation, deactivating and reactivating."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import Length

from access import current_actor
from admin_views import labels
from admin_views.edited import EditForm
from admin_views.forms import REQUIRED, DeskForm, choices
from admin_views.personal import PersonalView, held_live
from models import Language, Role, User, utcnow
from services.people import accounts, deactivation
from services.people.deactivation import Seats


class PersonForm(EditForm):
    """A person as the administrator of their company knows them."""

    first_name = StringField(_l("First name"), [REQUIRED, Length(max=100)])
    last_name = StringField(_l("Last name"), [REQUIRED, Length(max=100)])
    email = EmailField(_l("Email"), [REQUIRED, Length(max=254)])
    role = SelectField(_l("Role"), default=Role.MEMBER.value)
    language = SelectField(
        _l("Language"), choices=choices(labels.options(Language)), default=Language.FR.value
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = choices(pair for pair in labels.options(Role) if pair[0] != Role.SUPPORT)


class DeactivateForm(DeskForm):
    """What becomes of the seat. Neither is chosen beforehand: only who asks knows whether somebody takes over."""

    seats = RadioField(
        _l("What becomes of the license?"),
        [REQUIRED],
        choices=choices(
            [
                (
                    Seats.RELEASE.value,
                    _l("Release it: it goes back to the account and can be assigned at once."),
                ),
                (
                    Seats.KEEP.value,
                    _l("Keep it for this person until it ends: it is theirs if they come back."),
                ),
            ]
        ),
    )
    # The licences that the page showed.
    held = HiddenField()


class AccountView(PersonalView):
    """A table view of people, each with an account that can be edited, shut and opened again."""

    editable = accounts.EDITABLE
    can_create = can_edit = True
    create_label = _l("Add user")
    deactivate_template = "admin/deactivate.html"

    def saved_url(self, row: User) -> str:
        return self.person_url(row)

    @expose("/invite/", methods=("POST",))
    def invite(self) -> ResponseReturnValue:
        """Mail the invitation once more."""
        row = self.row_or_404()
        name, page = row.name, self.person_url(row)
        accounts.invite(row, current_actor())
        flash(
            _("An invitation is on its way to %(name)s. Its link works for seven days.", name=name), "success"
        )
        return redirect(page, 303)

    @expose("/deactivate/", methods=("GET", "POST"))
    def deactivate(self) -> ResponseReturnValue:
        """Ask what becomes of the seat, then shut the account."""
        row = self.row_or_404(request.args.get("id", ""))
        page, name = self.person_url(row), row.name
        if not row.active:
            return redirect(page)
        held, form = held_live(row), DeactivateForm()
        asked = deactivation.held_by(row, utcnow())
        if not asked:
            del form.seats
        if request.method != "POST":
            form.held.data = deactivation.seats_seen(asked)
        if not form.validate_on_submit():
            status = 422 if request.method == "POST" else 200
            return self.render(self.deactivate_template, row=row, form=form, held=held, back_url=page), status
        seats = Seats(form.seats.data) if asked else Seats.KEEP
        deactivation.deactivate(row, seats, by=current_actor(), seen=form.held.data or "")
        flash(_("%(name)s is deactivated, and signed out everywhere.", name=name), "success")
        return redirect(page, 303)

    @expose("/reactivate/", methods=("POST",))
    def reactivate(self) -> ResponseReturnValue:
        """Open the account again."""
        row = self.row_or_404()
        name, page = row.name, self.person_url(row)
        had_password = row.password is not None
        deactivation.reactivate(row, by=current_actor())
        if had_password:
            flash(_("%(name)s is active again, and signs in as before.", name=name), "success")
        else:
            flash(_("%(name)s is active again, and an invitation is on its way.", name=name), "success")
        return redirect(page, 303)
