"""What both sites offer of a person's account: the fields of its form, the invitation, deactivating and reactivating."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import Length

from access import current_actor
from admin_views import labels, moves, undo
from admin_views.edited import EditForm
from admin_views.forms import REQUIRED, DeskForm, choices
from admin_views.lists.rows import parse_id
from admin_views.personal import PersonalView, held_live
from admin_views.pickers import Lookup, people_lookup
from models import Language, License, Role, User, clock, utcnow
from services.people import accounts, addresses, deactivation
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


def _may_take_over(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Of what the person `?id=` holds: they hold it themselves, and are not found."""
    leaving = parse_id(User, request.args.get("id"))
    return moves.may_receive(statement, sa.and_(License.user_id == leaving, License.where_live(clock())))


SUCCESSORS = people_lookup("successor", where=_may_take_over)


class DeactivateForm(DeskForm):
    """What becomes of the seat. Nothing is chosen beforehand: only who asks knows whether somebody takes over."""

    seats = RadioField(
        _l("What becomes of the license?"),
        [REQUIRED],
        choices=choices(
            [
                (
                    Seats.RELEASE.value,
                    _l("Release it: it goes back to the account and can be assigned at once."),
                ),
                (Seats.TRANSFER.value, _l("Give it to a colleague: choose whom below.")),
                (
                    Seats.KEEP.value,
                    _l("Keep it for this person until it ends: it is theirs if they come back."),
                ),
            ]
        ),
    )
    successor = moves.ColleagueField(SUCCESSORS, _l("Colleague"))
    # The licences that the page showed.
    held = HiddenField()


class AccountView(PersonalView):
    """A table view of people, each with an account that can be edited, shut and opened again."""

    editable = accounts.EDITABLE
    form_ajax_refs: ClassVar[dict[str, Lookup]] = {"successor": SUCCESSORS}
    can_create = can_edit = True
    create_label = _l("Add user")
    deactivate_template = "admin/deactivate.html"

    def saved_url(self, row: User) -> str:
        return self.person_url(row)

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        if obj.confirmed_at is not None:
            form.email.description = _(
                "A new address is mailed a link first. Until it is used, the person signs in as before; the address of "
                "today is told."
            )
        return form

    def say_saved(self, row: User) -> None:
        """Adding somebody can be taken back, as long as they have not come in."""
        if request.endpoint == f"{self.endpoint}.create_view" and row.company_id is not None:
            undo.done(self.saved_sentence(row))
        else:
            super().say_saved(row)

    def saved_sentence(self, row: User) -> str:
        if request.endpoint == f"{self.endpoint}.edit_view" and addresses.is_asked(row, utcnow()):
            return _(
                "Your changes were saved. %(email)s becomes the address of %(name)s once the link that is mailed there "
                "is used.",
                email=row.new_email,
                name=row.name,
            )
        return super().saved_sentence(row)

    @expose("/withdraw-address/", methods=("POST",))
    def withdraw_address(self) -> ResponseReturnValue:
        """Keep the address of today: the new one was wrong, or nobody answers there."""
        row = self.row_or_404()
        name, page = row.name, self.person_url(row)
        addresses.withdraw(row, by=current_actor())
        flash(_("%(name)s keeps the address of today.", name=name), "success")
        return redirect(page, 303)

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
        asked = deactivation.held_by([row.id], utcnow())
        if not asked:
            del form.seats, form.successor
        elif not any(license.is_movable(utcnow()) for license in held):
            # What is over is of no use to a colleague.
            form.seats.choices = [choice for choice in form.seats.choices if choice.value != Seats.TRANSFER]
            del form.successor
        if request.method != "POST":
            form.held.data = deactivation.seats_seen(asked)
        if not (form.validate_on_submit() and _names_whom(form)):
            status = 422 if request.method == "POST" else 200
            return self.render(self.deactivate_template, row=row, form=form, held=held, back_url=page), status
        seats = Seats(form.seats.data) if asked else Seats.KEEP
        to = form.successor.data if seats is Seats.TRANSFER else None
        deactivation.deactivate(row, seats, by=current_actor(), to=to, seen=form.held.data or "")
        undo.done(_("%(name)s is deactivated, and signed out everywhere.", name=name))
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


def _names_whom(form: DeactivateForm) -> bool:
    """Whether a licence that goes to a colleague says to whom."""
    if form.successor and form.seats.data == Seats.TRANSFER and form.successor.data is None:
        form.successor.errors = [_("Choose who takes the license over.")]
        return False
    return True
