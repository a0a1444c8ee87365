"""Gestion des utilisateurs: the company's people, and the page that gives one of them a licence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from sqlalchemy.orm import selectinload

from access import Actor, Permission, current_actor
from admin_views import labels, moves, undo
from admin_views.accounts import AccountView, PersonForm
from admin_views.batches.chosen import ManyPeople
from admin_views.columns import PERSON, last_day_column, license_state_column
from admin_views.guard import local_url
from admin_views.journal import timeline
from admin_views.lists.columns import Act, Column, Empty, ListFilter, Tab
from admin_views.lists.finding import Whole, Words
from admin_views.lists.rows import parse_id
from admin_views.portal import activity, errands
from admin_views.portal.licenses import assigned_sentence
from admin_views.portal.own import own_company, own_plans
from models import License, LicenseRequest, LicenseState, Plan, Role, SubjectKind, User, clock, utcnow
from services import licenses
from services.foundation import operations
from services.licenses import requests
from services.people import accounts
from services.seats import seat_counts
from services.text.formats import current_language


def _expired() -> sa.ColumnElement[bool]:
    return sa.and_(User.active, User.where_run_out(clock()))


def _holding(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value == "expired":
        return statement.where(_expired())
    return statement.where((User.where_covered if value == "with" else User.where_uncovered)(clock()))


def _with_plan(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
    """The people who hold a live licence of a plan."""
    held = License.user_id == User.id, License.plan_id == int(value), License.where_live(clock())
    return statement.where(sa.exists().where(*held))


def _with_account(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value == "unconfirmed":
        return statement.where(User.active, User.confirmed_at.is_(None))
    return statement.where(User.active == (value == "active"))


def _unusual(role: Role, active: bool) -> str | None:
    """What is not so of most people."""
    if not active:
        return _("Deactivated")
    return labels.label(role) if role == Role.ADMIN else None


class Users(AccountView, ManyPeople):
    """The people of the company."""

    permission = Permission.MANAGE_USERS
    title = _l("User management")
    slug = "users"
    icon = "people"
    columns = (
        # Whoever was deactivated comes last.
        Column(
            "name",
            _l("Name"),
            PERSON,
            kind="person",
            sort=(~User.active, User.sort_key),
            to=(".license", User.id, "user_id"),
            tag=((User.role, User.active), _unusual),
        ),
        Column(
            "plan", _l("Plan"), Plan.name, blank=_l("No license"), width="c-7", phone="line", gathers=True
        ),
        license_state_column(blank="\u00a0", phone="line", gathers=True),
        last_day_column(blank="\u00a0", phone="line", gathers=True),
    )
    default_order = ("name", False)
    # A person holds one licence of a product; expired ones stay theirs until they are taken back.
    joins = ((License, License.user_id == User.id), License.plan)
    within = (License.valid_until.desc(),)
    row_acts = (Act(".license", _l("Manage license"), "key", argument="user_id"),)
    fixed = True
    beside = (
        (_l("Import users"), "portal_imports.index"),
        (_l("Recent acts on many"), "portal_batches.index_view"),
        (_l("Invitation link"), "portal_invitation-links.index_view"),
    )
    tabs = (
        Tab("all", _pl("people", "All")),
        Tab("without", _l("Without a license"), lambda: sa.and_(User.active, User.where_uncovered(clock()))),
        Tab("expired", _pl("licenses", "Expired"), _expired, tone="wait"),
    )
    empty = Empty(_l("Nobody is in the list yet."), None, (".create_view", _l("Add user")))
    column_relations = (selectinload(User.licenses).joinedload(License.plan),)
    search = (Whole(User.email), Words(User))
    search_hint = _l("Name or email")
    filters = (
        ListFilter(
            "license",
            _l("License"),
            (("with", _l("With")), ("without", _l("Without")), ("expired", _l("Expired"))),
            _holding,
        ),
        ListFilter(
            "plan",
            _l("Plan"),
            own_plans,
            _with_plan,
        ),
        ListFilter(
            "account",
            _l("Account"),
            (
                ("active", _l("Active")),
                ("unconfirmed", _l("Address not confirmed")),
                ("inactive", _l("Deactivated")),
            ),
            _with_account,
        ),
    )
    # What is unusual of a person stands beside their name on the screen.
    export_columns = (
        Column("role", _l("Role"), value=labels.label),
        Column("active", _l("Active"), value=labels.yes_no),
        Column("signed_in_at", _l("Last sign-in"), kind="moment"),
    )
    form = PersonForm
    create_template = edit_template = "portal/users/form.html"

    # --- Accounts ---------------------------------------------------------------------------------------------------

    def person_url(self, row: User) -> str:
        return str(self.get_url(".license", user_id=row.id))

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if request.method != "POST":
            form.language.data = own_company().language.value
        return form

    def do_create(self, form: PersonForm) -> User:
        return accounts.create_person(
            self.values(form), company_id=own_company().id, by=current_actor(), invite=True
        )

    def update(self, form: PersonForm, row: User, *, by: Actor, seen: str) -> None:
        accounts.update_person(row, self.values(form), by=by, seen=seen)

    def saved_sentence(self, row: User) -> str:
        if request.endpoint == f"{self.endpoint}.create_view":
            return _(
                "%(name)s is added, and an invitation is on its way: its link works for seven days. "
                "You can assign a license below already.",
                name=row.name,
            )
        return super().saved_sentence(row)

    # --- Licences ---------------------------------------------------------------------------------------------------

    @expose("/<user_id>/license", methods=("GET",))
    def license(self, user_id: str) -> ResponseReturnValue:
        """Who the person is, what they hold, and the plans that have a licence to give."""
        return self._license_page(self.row_or_404(user_id))

    @expose("/<user_id>/license", methods=("POST",))
    def assign(self, user_id: str) -> ResponseReturnValue:
        """Give the person a licence of the chosen plan."""
        user = self.row_or_404(user_id)
        plan, last_day = moves.chosen_seats()
        if plan is None:
            return self._license_page(user, error=_("Choose a plan that has an available license.")), 422
        name, plan_name = user.name, plan.name(current_language())
        asked = parse_id(LicenseRequest, request.form.get("asked", ""))
        licenses.assign(plan, user, current_actor(), last_day=last_day, asked=asked)
        undo.done(assigned_sentence(name, plan_name))
        return redirect(self._list(), 303)

    def _list(self) -> str:
        """The list that led here, narrowed as it was."""
        return local_url(request.args.get("url")) or str(self.get_url(".index_view"))

    def _license_page(self, user: User, error: str | None = None) -> str:
        errands.end(user)
        now = utcnow()
        offer = seat_counts.offer(user, now)
        page: str = self.render(
            "portal/users/license.html",
            person=user,
            back=self._list(),
            held=[row for row in user.licenses if row.is_live(now)],
            expired=[row for row in user.licenses if row.state(now) == LicenseState.EXPIRED],
            asked=requests.open_of(user.id),
            offered=offer.plans,
            must_release=offer.must_release,
            moments=timeline.for_customers(SubjectKind.USER, user.id, activity.reader()),
            undoable=operations.undoable(own_company().id, now),
            now=now,
            error=error,
        )
        return page
