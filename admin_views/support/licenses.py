"""Licences of every customer. They change through verbs alone: no form edits one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from flask_login import current_user

from admin_views import labels, moves, removals, undo
from admin_views.batches.chosen import ManyLicenses
from admin_views.columns import (
    LICENSE_STATE,
    NAMED_LICENSE,
    is_available,
    is_releasable,
    last_day_column,
    license_state_column,
)
from admin_views.forms import REQUIRED, DeskForm
from admin_views.journal import license_life
from admin_views.lists.cells import SOON
from admin_views.lists.columns import Act, Column, Empty, Fact, ListFilter, Tab
from admin_views.lists.filters import by_id
from admin_views.lists.finding import Begins, Whole, Words
from admin_views.support import lookups
from admin_views.support.base import SupportView, company_column, company_link, current_actor, person_column
from admin_views.support.journal import READER
from models import (
    NARROW_STATES,
    Company,
    License,
    LicenseState,
    Order,
    OrderLine,
    Plan,
    Renewal,
    User,
    clock,
    db,
    utcnow,
)
from services import licenses
from services.foundation import operations
from services.reports.desk import ENDING, UNUSED_AFTER
from services.text.formats import current_language


def holder_link(row: License) -> str | None:
    return url_for("support_people.details_view", id=row.user_id) if row.user_id else None


def _ending() -> sa.ColumnElement[bool]:
    now = clock()
    return sa.and_(License.where_live(now), License.valid_until <= now + dt.timedelta(days=SOON))


def _of_order(query: Any, order_id: str) -> Any:
    lines = sa.select(OrderLine.id).where(OrderLine.order_id == int(order_id))
    return query.where(License.order_line_id.in_(lines))


def _by_holder(query: Any, value: str) -> Any:
    if value == "idle":
        now = clock()
        return query.where(License.where_unused_since(now - UNUSED_AFTER, now))
    return query.where(License.user_id.is_not(None) if value == "with" else License.user_id.is_(None))


def _by_end(query: Any, value: str) -> Any:
    now = clock()
    query = query.where(License.where_live(now))
    return (
        query if value == "live" else query.where(License.valid_until <= now + dt.timedelta(days=int(value)))
    )


def _end_options() -> list[tuple[str, str]]:
    within = [(str(days), _("Within %(days)s days", days=days)) for days in ENDING]
    return [("live", _("In force")), *within]


def _order_reference(order_id: str) -> str:
    order = db.session.get(Order, int(order_id))
    return order.reference if order else order_id


class AssignLicenseForm(DeskForm):
    holder = moves.ColleagueField(lookups.colleague_lookup("holder"), _l("Person"), [REQUIRED])


class Licenses(moves.Moves, removals.Removals, SupportView, ManyLicenses):
    model = License
    title = _l("Licenses")
    slug = "licenses"
    icon = "key"
    columns = (
        person_column("user", _l("Holder"), License.user_id, blank=_l("Nobody holds it")),
        company_column(License.company_id, width="c-14", phone="line"),
        Column("plan", _l("Plan"), Plan.name, width="c-5", phone="line"),
        license_state_column(),
        last_day_column(sort=License.valid_until, phone="cell"),
        Column(
            "key",
            _l("Key"),
            kind="key",
            to=(".details_view", License.id),
            width="c-11",
            phone="line",
            mid=False,
        ),
    )
    joins = (License.company, License.plan, License.user)
    row_name = NAMED_LICENSE
    row_acts = (
        Act(
            ".release",
            _l("Release"),
            "arrow-counterclockwise",
            when=((License.user_id, License.status), is_releasable),
        ),
        Act(".assign", _l("Assign"), "person-plus", when=(LICENSE_STATE, is_available)),
    )
    fixed = True
    tabs = (
        Tab("all", _pl("licenses", "All")),
        Tab("soon", _l("End within 30 days"), _ending, tone="wait"),
        Tab(
            "expired", _pl("licenses", "Expired"), lambda: License.where_state(LicenseState.EXPIRED, clock())
        ),
        Tab("assigned", _l("Never activated"), lambda: License.where_state(LicenseState.ASSIGNED, clock())),
        Tab(
            "suspended",
            _pl("licenses", "Suspended"),
            lambda: License.where_state(LicenseState.SUSPENDED, clock()),
            tone="wait",
            narrow=True,
        ),
    )
    search_hint = _l("Holder, customer or key")
    empty = Empty(_l("There is no license yet."))
    detail_columns = (
        Fact("company", _l("Customer"), link=company_link),
        Fact("plan", _l("Plan"), value=lambda row: row.plan.name(current_language())),
        Fact("state", _l("State"), value=lambda row: row.state(), kind="badge"),
        Fact("user", _l("Holder"), link=holder_link),
        Fact("assigned_at", _l("Assigned on"), kind="moment"),
        Fact("activated_at", _l("Activated on"), kind="moment"),
        Fact("first_day", _l("Valid from"), kind="day"),
        Fact("last_day", _l("Valid until"), kind="day"),
        Fact("renewal", _l("At its end"), value=lambda row: labels.word(Renewal, row.renewal)),
    )
    column_relations = (License.company, License.plan, License.user)
    search = (
        Whole(User.email, via=License.user_id),
        Words(User, via=License.user_id),
        Words(Company, via=License.company_id),
        Begins(License.key),
    )
    filters = (
        ListFilter(
            "state",
            _l("State"),
            labels.options(LicenseState),
            lambda query, code: query.where(License.where_state(LicenseState(code), clock())),
            narrow=NARROW_STATES,
        ),
        by_id("plan", _l("Plan"), License.plan_id, labels.plan_options, broad=True),
        lookups.of_company(License.company_id),
        ListFilter(
            "holder",
            _l("Holder"),
            (
                ("with", _l("With")),
                ("without", _l("Without")),
                ("idle", _l("Has not activated it for 14 days")),
            ),
            _by_holder,
        ),
        ListFilter("expiry", _l("Valid until"), _end_options, _by_end),
        ListFilter("order", _l("Order"), None, _of_order, _order_reference),
    )
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = {**picked, "holder": lookups.colleague_lookup("holder"), **moves.Moves.lookups}
    export_columns = (
        Column("code", _l("Code"), Plan.code),
        Column("first_day", _l("Valid from"), kind="day"),
        Column("assigned_at", _l("Assigned on"), kind="moment"),
        Column("activated_at", _l("Activated on"), kind="moment"),
    )
    can_view_details = True
    details_template = "support/license.html"
    release_text = _l(
        "Who holds it can no longer use the software, and is told so by mail. The license returns to the "
        "customer’s account, still paid for."
    )
    confirm_template = "support/license_release.html"

    def owner(self) -> Company:
        company = lookups.company_lookup().get_one(request.values.get("company", ""))
        if company is None:
            abort(404)
        return company

    def details_context(self, row: License) -> dict[str, Any]:
        now = utcnow()
        return {
            "life": license_life.of(row, READER, current_user.zone, now, for_customers=False),
            "undoable": operations.undoable(row.company_id, now),
        }

    # --- Assign -----------------------------------------------------------------------------------------------------

    @expose("/assign/", methods=("GET", "POST"))
    def assign(self) -> ResponseReturnValue:
        """Give this very licence to a person of the same company."""
        row = self.row_or_404(request.args.get("id", ""))
        form = AssignLicenseForm()
        if form.validate_on_submit():
            name, row_id = form.holder.data.name, row.id
            licenses.assign_license(row, form.holder.data, current_actor())
            undo.done(_("License assigned to %(name)s.", name=name))
            return redirect(self.keeping_way(self.get_url(".details_view", id=row_id)))
        status = 422 if request.method == "POST" else 200
        return self.render("support/license_assign.html", row=row, form=form), status
