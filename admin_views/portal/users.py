"""Gestion des utilisateurs: the company's people, and the page that gives one of them a licence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from access import Actor, Permission, current_actor
from admin_views.accounts import AccountView, PersonForm
from admin_views.guard import local_url
from admin_views.journal import timeline
from admin_views.lists.columns import Column, ListFilter, Search
from admin_views.lists.rows import one
from admin_views.portal import activity, errands
from admin_views.portal.licenses import assigned_sentence
from admin_views.portal.own import own_company, own_plans
from models import LIVE_STATUSES, License, LicenseState, Plan, SubjectKind, User, utcnow
from services import licenses
from services.foundation.formats import current_language
from services.licenses import seat_counts
from services.people import accounts


def _live(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a person holds a live licence that satisfies `conditions`, as SQL."""
    return sa.exists().where(License.user_id == User.id, License.where_live(utcnow()), *conditions)


def _holding(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value == "expired":
        held = sa.exists().where(License.user_id == User.id, License.status.in_(LIVE_STATUSES))
        return statement.where(User.active, held, ~_live())
    return statement.where(_live() if value == "with" else ~_live())


def _with_account(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value == "unconfirmed":
        return statement.where(User.active, User.confirmed_at.is_(None))
    return statement.where(User.active == (value == "active"))


def _names(user: User) -> str:
    """The plans that the person holds; when none is live, the one that has expired, whose state stands beside it."""
    now = utcnow()
    held = [row for row in user.licenses if row.is_live(now)] or user.licenses[:1]
    return ", ".join(row.plan.name(current_language()) for row in held) or _("No license")


def _first(user: User) -> License | None:
    """The licence to say something about: the live one, else one that has expired."""
    return user.licenses[0] if user.licenses else None


def _state(user: User) -> LicenseState | None:
    first = _first(user)
    return first.state() if first else None


def license_page(user: User) -> str:
    """Where a person's licence is given and taken; it leads back to the list as it was narrowed."""
    return url_for("portal_users.license", user_id=user.id, url=request.full_path.rstrip("?"))


class Users(AccountView):
    """The people of the company."""

    permission = Permission.MANAGE_USERS
    title = _l("User management")
    slug = "users"
    icon = "people"
    columns = (
        # Whoever was deactivated comes last.
        Column("name", _l("Name"), sort=(~User.active, User.last_name, User.first_name), link=license_page),
        Column("email", _l("Email")),
        Column("role", _l("Role"), kind="badge"),
        Column("licenses", _l("License"), value=_names),
        Column("state", _l("State"), value=_state, kind="badge"),
        Column(
            "last_day",
            _l("Valid until"),
            value=lambda user: first.last_day if (first := _first(user)) else None,
            kind="day",
        ),
    )
    default_order = ("name", False)
    column_relations = (selectinload(User.licenses).joinedload(License.plan),)
    search = (Search(User.email, exact=True), Search(User.first_name), Search(User.last_name))
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
            lambda statement, value: statement.where(_live(License.plan_id == int(value))),
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
    form = PersonForm
    list_template = "portal/users/list.html"

    # --- Accounts ---------------------------------------------------------------------------------------------------

    def person_url(self, row: User) -> str:
        return str(self.get_url(".license", user_id=row.id))

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if request.method != "POST":
            form.language.data = own_company().language.value
        return form

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        # An address is the account's: another one is another person's, or support's to change.
        del form.email
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
        plan: Plan | None = one(sa.select(Plan), Plan, request.form.get("plan", ""))
        if plan is None:
            return self._license_page(user, error=_("Choose a plan that has an available license.")), 422
        name, plan_name = user.name, plan.name(current_language())
        licenses.assign(plan, user, current_actor())
        flash(assigned_sentence(name, plan_name), "success")
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
            offered=offer.plans,
            must_release=offer.must_release,
            moments=timeline.for_customers(SubjectKind.USER, user.id, activity.reader()),
            error=error,
        )
        return page
