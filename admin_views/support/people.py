"""People: those of the customers, and the vendor's own staff."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from sqlalchemy.orm import joinedload, selectinload
from wtforms import BooleanField, SelectField

from access import Actor
from admin_views import labels, moves, undo
from admin_views.accounts import AccountView, PersonForm
from admin_views.batches.chosen import ManyPeople
from admin_views.columns import LICENSE_STATE, PERSON, license_state
from admin_views.forms import choices, zones
from admin_views.journal import timeline
from admin_views.lists.columns import Act, Column, Fact, Tab
from admin_views.lists.filters import by_member, yes_or_no
from admin_views.lists.finding import Whole, Words
from admin_views.lists.rows import parse_id
from admin_views.pickers import PickerField
from admin_views.support import lookups
from admin_views.support.base import SupportView, company_column, company_link, current_actor
from admin_views.support.journal import READER
from models import (
    Assignment,
    License,
    LicenseRequest,
    Plan,
    Role,
    SubjectKind,
    User,
    db,
    same_address,
    utcnow,
)
from services import licenses
from services.foundation import operations
from services.licenses import requests
from services.people import accounts
from services.seats import seat_counts
from services.text.characters import isolated
from services.text.formats import current_language

HISTORY = 20


def _namesakes(row: User) -> str:
    """Where else the address was given to somebody, and who has answered at it."""
    same = sa.select(User).where(same_address(User.email, row.email), User.id != row.id)
    return ", ".join(
        _("%(name)s, address confirmed", name=name) if other.confirmed_at else name
        for other in db.session.scalars(same.options(joinedload(User.company)).order_by(User.id))
        for name in [other.company.name if other.company else _("Support")]
    )


class StaffPersonForm(PersonForm):
    """What can change of a person; never their company: an address and its history belong to one."""

    time_zone = SelectField(_l("Time zone"), default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = [*choices([("", _("The company’s"))]), *zones()]


class NewPersonForm(StaffPersonForm):
    company = PickerField(
        lookups.company_lookup(),
        _l("Company"),
        description=_l("Empty for the vendor’s own staff. It cannot be changed afterwards."),
    )
    invite = BooleanField(_l("Invite the person by mail: the link works for seven days"), default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = choices(labels.options(Role))


def _held(plan: str | None, *state: Any) -> str | None:
    found = license_state(*state)
    return f"{isolated(plan)} ({labels.label(found)})" if plan and found else None


class People(SupportView, AccountView, ManyPeople):
    title = _l("People")
    slug = "people"
    icon = "people"
    columns = (
        Column(
            "name",
            _l("Name"),
            PERSON,
            kind="person",
            to=(".details_view", User.id),
            sort=User.sort_key,
        ),
        company_column(User.company_id, blank=_l("Support"), phone="line"),
        Column("role", _l("Role"), value=labels.label),
        Column("license", _l("License"), (Plan.name, *LICENSE_STATE), _held, phone="line", gathers=True),
        Column("active", _l("Active"), value=labels.yes_no),
    )
    joins = (User.company, (License, License.user_id == User.id), License.plan)
    within = (License.valid_until.desc(),)
    row_acts = (
        Act(".assign", _l("License"), "key", when=(User.company_id, bool)),
        Act(".edit_view", _l("Edit"), "pencil"),
    )
    beside = ((_l("Recent acts on many"), "support_batches.index_view"),)
    tabs = (
        Tab("all", _pl("people", "All")),
        Tab("admins", _l("Administrators"), lambda: User.role == Role.ADMIN),
        Tab("inactive", _pl("people", "Deactivated"), lambda: User.active.is_(False)),
    )
    search_hint = _l("Name, email or customer")
    detail_columns = (
        Fact("email", _l("Email")),
        Fact("company", _l("Customer"), link=company_link),
        Fact("role", _l("Role"), kind="badge"),
        Fact("language", _l("Language"), value=lambda row: labels.label(row.language)),
        Fact("time_zone", _l("Time zone"), value=lambda row: row.zone.key),
        Fact("active", _l("Active"), value=lambda row: labels.yes_no(row.active)),
        Fact("created_at", _l("Account opened"), kind="moment"),
        Fact("signed_in_at", _l("Last sign-in"), kind="moment"),
        Fact("confirmed_at", _l("Address confirmed on"), kind="moment"),
        Fact("namesakes", _l("Other accounts with this address"), value=_namesakes),
    )
    column_relations = (User.company, selectinload(User.licenses).joinedload(License.plan))
    search = (Whole(User.email), Words(User))
    filters = (
        by_member("role", _l("Role"), User.role, Role, labels.options(Role)),
        yes_or_no("active", _l("Active"), User.active),
        lookups.of_company(User.company_id),
    )
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = {**picked, **AccountView.form_ajax_refs}
    export_columns = (Column("signed_in_at", _l("Last sign-in"), kind="moment"),)
    can_view_details = True
    details_template = "support/person.html"
    form = StaffPersonForm

    # --- Forms ------------------------------------------------------------------------------------------------------

    def person_url(self, row: User) -> str:
        return str(self.get_url(".details_view", id=row.id))

    def get_create_form(self) -> type[PersonForm]:
        return NewPersonForm

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if request.method != "POST" and (company_id := request.args.get("company")):
            form.company.data = form.company.lookup.get_one(company_id)
            if form.company.data is not None:
                form.language.data = form.company.data.language.value
        return form

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        if obj.is_staff:
            del form.role
        return form

    def do_create(self, form: NewPersonForm) -> User:
        company = form.company.data
        return accounts.create_person(
            self.values(form),
            company_id=company.id if company else None,
            by=current_actor(),
            invite=form.invite.data,
        )

    def update(self, form: PersonForm, row: User, *, by: Actor, seen: str) -> None:
        accounts.update_person(row, self.values(form), by=by, seen=seen)

    def details_context(self, row: User) -> dict[str, Any]:
        history = (
            sa.select(Assignment)
            .where(Assignment.user_id == row.id)
            .options(joinedload(Assignment.license).joinedload(License.plan))
            .order_by(Assignment.id.desc())
            .limit(HISTORY)
        )
        return {
            "asked": requests.open_of(row.id),
            "history": db.session.scalars(history).all(),
            "moments": timeline.about(SubjectKind.USER, row.id, READER),
            "undoable": operations.undoable(row.company_id, utcnow()) if row.company_id else {},
        }

    # --- Actions ----------------------------------------------------------------------------------------------------

    @expose("/assign/", methods=("GET", "POST"))
    def assign(self) -> ResponseReturnValue:
        """Give the person a licence of their company: the same verb as in the portal."""
        row = self.row_or_404(request.args.get("id", ""))
        if row.company_id is None:
            return redirect(self.get_url(".details_view", id=row.id))
        plan, last_day = moves.chosen_seats()
        if request.method != "POST" or plan is None:
            return self._assign_page(row, asked_for=request.method == "POST")
        name, plan_name, page = (
            row.name,
            plan.name(current_language()),
            self.get_url(".details_view", id=row.id),
        )
        asked = parse_id(LicenseRequest, request.form.get("asked", ""))
        licenses.assign(plan, row, current_actor(), last_day=last_day, asked=asked)
        undo.done(_("%(plan)s license assigned to %(name)s.", plan=plan_name, name=name))
        return redirect(self.keeping_way(page), 303)

    def _assign_page(self, row: User, *, asked_for: bool) -> ResponseReturnValue:
        """What the company has to give; with a fault where a plan was asked for that it has not."""
        offer = seat_counts.offer(row, utcnow())
        page = self.render(
            "support/assign.html",
            row=row,
            offered=offer.plans,
            must_release=offer.must_release,
            asked=requests.open_of(row.id),
            error=_("Choose a plan that has an available license.") if asked_for else None,
        )
        return page, 422 if asked_for else 200

    @expose("/sign-in-link/", methods=("POST",))
    def send_link(self) -> ResponseReturnValue:
        row = self.row_or_404(request.form.get("id", ""))
        row_id, name = row.id, row.name
        accounts.send_sign_in_link(row, current_actor())
        flash(_("A sign-in link is on its way to %(name)s.", name=name), "success")
        return redirect(self.get_url(".details_view", id=row_id))
