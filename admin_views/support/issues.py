"""What staff must look at, of every order: closed with what was done about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from wtforms import TextAreaField
from wtforms.validators import Length

from admin_views import labels
from admin_views.columns import PERSON
from admin_views.forms import REQUIRED, DeskForm
from admin_views.lists.columns import Column, Empty, Fact, ListFilter, Tab
from admin_views.lists.filters import by_member
from admin_views.support import lookups
from admin_views.support.base import RecordView, company_column, company_link, current_actor
from models import IssueKind, Order, OrderIssue, name_of
from services.buying import issues
from services.mail.alerts import alert_sentence
from services.payments import gateway


class CloseForm(DeskForm):
    reason = TextAreaField(
        _l("What was done"),
        [REQUIRED, Length(max=500)],
        description=_l("Colleagues read it here; the customer does not see it."),
        render_kw={"rows": 3},
    )


def order_page(row: OrderIssue) -> str:
    return url_for("support_orders.details_view", id=row.order_id)


def closer(row: OrderIssue) -> str:
    """Who closed it; what had settled itself was closed by nobody."""
    if row.is_open:
        return ""
    return row.closed_by.name if row.closed_by else _("By itself")


def _closer_of(closed_at: dt.datetime | None, first: str, last: str, email: str | None) -> str | None:
    """As `closer`, of its columns."""
    if closed_at is None:
        return None
    return _("By itself") if email is None else name_of(first, last, email)


class Issues(RecordView):
    model = OrderIssue
    title = _l("To look at")
    slug = "issues"
    icon = "exclamation-octagon"
    menu_category = None
    columns = (
        Column("kind", _l("Issue"), value=labels.issue_words, to=(".details_view", OrderIssue.id)),
        Column("opened_at", _l("Reported on"), kind="moment", sort=OrderIssue.opened_at, phone="line"),
        Column(
            "order",
            _l("Order"),
            Order.reference,
            kind="mono",
            to=("support_orders.details_view", OrderIssue.order_id),
        ),
        company_column(OrderIssue.company_id, phone="line"),
        Column("closed_at", _l("Closed on"), kind="moment"),
        Column("closed_by", _l("Closed by"), (OrderIssue.closed_at, *PERSON), _closer_of, mid=False),
        Column("reason", _l("What was done"), phone="line"),
    )
    joins = (OrderIssue.order, OrderIssue.company, OrderIssue.closed_by)
    row_name = (
        (OrderIssue.kind, Order.reference),
        lambda kind, reference: f"{labels.issue_words(kind)}, {reference}",
    )
    tabs = (
        Tab("all", _pl("issues", "All")),
        Tab("open", _l("Open"), lambda: OrderIssue.closed_at.is_(None), tone="wait"),
    )
    empty = Empty(_l("There is nothing to look at."))
    detail_columns = (
        Fact("order", _l("Order"), kind="mono", link=order_page),
        Fact("company", _l("Customer"), link=company_link),
        Fact("opened_at", _l("Reported on"), kind="moment"),
        Fact("closed_at", _l("Closed on"), kind="moment"),
        Fact("closed_by", _l("Closed by"), value=closer),
        Fact("reason", _l("What was done")),
    )
    column_relations = (OrderIssue.order, OrderIssue.company, OrderIssue.closed_by)
    filters = (
        ListFilter(
            "open",
            _l("Open"),
            lambda: [("yes", _("Yes"))],
            lambda query, _code: query.where(OrderIssue.closed_at.is_(None)),
        ),
        by_member("kind", _l("Issue"), OrderIssue.kind, IssueKind, lambda: labels.words(IssueKind)),
        lookups.of_company(OrderIssue.company_id),
    )
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = picked
    export_columns = (Column("stripe_id", _l("Object at Stripe"), kind="mono"),)
    default_order = ("opened_at", True)
    can_view_details = True
    details_template = "support/issue.html"

    def details_context(self, row: OrderIssue) -> dict[str, Any]:
        return {
            "said": alert_sentence(row.kind),
            "at_stripe": gateway.dashboard_url(row.stripe_id) if row.stripe_id else None,
            "form": CloseForm(),
        }

    @expose("/close/", methods=("POST",))
    def close(self) -> ResponseReturnValue:
        """Close the issue with what was done; what was typed is kept where that is refused."""
        row = self.row_or_404(request.args.get("id", ""))
        row_id, order = row.id, order_page(row)
        form = CloseForm()
        if self._submitted(
            form, lambda: issues.close(row, reason=form.reason.data, by=current_actor()) or True
        ):
            flash(_("This issue is closed. The order keeps it, with what was done."), "success")
            return redirect(order, 303)
        row = self.get_one(row_id)
        return self.render(self.details_template, row=row, **self.details_context(row) | {"form": form}), 422
