"""Licences: who holds each of the company's, until when; given to a person and taken back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from flask_login import current_user

from access import Permission, current_actor
from admin_views import labels, moves, removals, undo
from admin_views.batches.chosen import ManyLicenses
from admin_views.columns import (
    NAMED_LICENSE,
    PERSON,
    is_releasable,
    last_day_column,
    license_state_column,
)
from admin_views.forms import REQUIRED, DeskForm
from admin_views.journal import license_life
from admin_views.lists.columns import Act, Column, Empty, Fact, ListFilter, Tab
from admin_views.lists.filters import by_id
from admin_views.lists.finding import Begins, Whole, Words
from admin_views.pickers import PickerField, people_lookup
from admin_views.portal import activity
from admin_views.portal.own import own_company, own_plans
from models import Company, License, LicenseState, Plan, User, clock, utcnow
from services import licenses
from services.foundation import operations
from services.text.formats import current_language

PEOPLE = people_lookup("user", where=lambda statement: statement.where(User.active))


class AssignForm(DeskForm):
    user = PickerField(PEOPLE, _l("Person"), [REQUIRED])


def _in_state(state: LicenseState) -> sa.ColumnElement[bool]:
    return License.where_state(state, clock())


def _page_of(row: License) -> str:
    return url_for("portal_licenses.details_view", id=row.id)


class Licenses(moves.Moves, removals.Removals, ManyLicenses):
    """Every licence of the company, free ones included."""

    model = License
    permission = Permission.MANAGE_USERS
    title = _l("Licenses")
    slug = "licenses"
    icon = "key"
    can_view_details = True
    columns = (
        Column(
            "user",
            _l("Holder"),
            PERSON,
            kind="holder",
            blank=_l("Nobody holds it"),
            to=(".details_view", License.id),
        ),
        Column("plan", _l("Plan"), Plan.name, width="c-7", phone="line"),
        license_state_column(phone="line"),
        last_day_column(sort=License.valid_until, phone="line"),
        Column("key", _l("Key"), kind="key", to=(".details_view", License.id), width="c-11", mid=False),
    )
    joins = (License.plan, License.user)
    row_name = NAMED_LICENSE
    row_acts = (
        Act(
            ".release", _l("Release"), "person-dash", when=((License.user_id, License.status), is_releasable)
        ),
    )
    tabs = (
        Tab("all", _pl("licenses", "All")),
        Tab("available", _pl("licenses", "Available"), lambda: _in_state(LicenseState.AVAILABLE)),
        Tab("soon", _l("End within 60 days"), lambda: License.where_ending_soon(clock()), tone="wait"),
        Tab("expired", _pl("licenses", "Expired"), lambda: _in_state(LicenseState.EXPIRED), tone="wait"),
    )
    fixed = True
    empty = Empty(
        _l("You own no license yet."),
        _l("Buy licenses first: they are assigned to your people afterwards."),
        ("portal_plans.index_view", _l("Buy licenses")),
    )
    detail_columns = (
        Fact("key", _l("Key"), kind="mono"),
        Fact("plan", _l("Plan"), value=lambda row: row.plan.name(current_language())),
        Fact("state", _l("State"), value=lambda row: row.state(), kind="badge"),
        Fact("user", _l("Holder"), value=lambda row: row.user.name if row.user else None),
        Fact("first_day", _l("Valid from"), kind="day"),
        Fact("last_day", _l("Valid until"), kind="day"),
        Fact("assigned_at", _l("Assigned on"), kind="moment"),
        Fact("activated_at", _l("Activated on"), kind="moment"),
    )
    column_relations = (License.plan, License.user)
    search = (
        Whole(User.email, via=License.user_id),
        Words(User, via=License.user_id),
        Begins(License.key),
    )
    search_hint = _l("Holder or key")
    filters = (
        ListFilter(
            "state",
            _l("State"),
            lambda: labels.options(LicenseState),
            lambda statement, value: statement.where(License.where_state(LicenseState(value), clock())),
        ),
        by_id("plan", _l("Plan"), License.plan_id, own_plans),
        ListFilter(
            "holder",
            _l("Holder"),
            (("inactive", _l("Deactivated")),),
            lambda statement, _value: statement.where(
                License.where_live(clock()), sa.exists().where(User.id == License.user_id, ~User.active)
            ),
        ),
        ListFilter(
            "expiry",
            _l("Valid until"),
            (("soon", _l("Within 60 days")),),
            lambda statement, _value: statement.where(License.where_ending_soon(clock())),
        ),
    )
    export_columns = (
        Column("first_day", _l("Valid from"), kind="day"),
        Column("assigned_at", _l("Assigned on"), kind="moment"),
        Column("activated_at", _l("Activated on"), kind="moment"),
    )
    form_ajax_refs = {"user": PEOPLE, **moves.Moves.lookups}
    details_template = "portal/licenses/details.html"
    release_text = _l(
        "The license goes back to your account, still paid for, and can be assigned again at once. "
        "Its holder receives an email."
    )
    confirm_template = "portal/licenses/release.html"

    def owner(self) -> Company:
        return own_company()

    # --- One licence ------------------------------------------------------------------------------------------------

    def details_context(self, row: License) -> dict[str, Any]:
        return {
            "form": AssignForm(),
            "assignable": row.is_assignable(utcnow()),
            "now": utcnow(),
            "life": license_life.of(row, activity.reader(), current_user.zone, utcnow(), for_customers=True),
            "undoable": operations.undoable(row.company_id, utcnow()),
        }

    @expose("/details/", methods=("POST",))
    def assign(self) -> ResponseReturnValue:
        """Give this very licence to the person of the form, which stands on the licence's own page."""
        row = self.row_or_404()
        form = AssignForm()
        if not form.validate():
            context = self.details_context(row) | {"form": form}
            return self.render(self.details_template, row=row, **context), 422
        person: User = form.user.data
        name, plan, page = person.name, row.plan.name(current_language()), _page_of(row)
        licenses.assign_license(row, person, current_actor())
        undo.done(assigned_sentence(name, plan))
        return redirect(page, 303)


def assigned_sentence(name: str, plan: str) -> str:
    """What is said after a licence was given."""
    return _(
        "%(name)s now holds a license of the %(plan)s plan. "
        "An email with what to install and how to activate it is on its way.",
        name=name,
        plan=plan,
    )
