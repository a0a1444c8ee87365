"""Orders of every customer. They change through verbs alone: Stripe is asked again, or the order is given up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from sqlalchemy.orm import selectinload

from admin_views import labels
from admin_views.columns import PERSON, state, who
from admin_views.journal import timeline
from admin_views.lists.columns import Act, Column, Empty, Fact, ListFilter, Tab
from admin_views.lists.filters import by_member
from admin_views.lists.finding import Amount, Begins, Whole, Words
from admin_views.support import lookups
from admin_views.support.base import SupportView, company_column, company_link, current_actor
from admin_views.support.journal import READER
from models import (
    Company,
    IssueKind,
    Order,
    OrderIssue,
    OrderLine,
    OrderState,
    Payment,
    StripeEvent,
    SubjectKind,
    Term,
    User,
    db,
)
from services.buying import issues
from services.catalogue import vendor
from services.foundation.errors import Code, Refused
from services.payments import checkout, gateway, records, settlement
from services.reports import desk

MONTHS = 24
# Each is a call to Stripe, which somebody waits for.
MAX_AT_ONCE = 20
SHORT = 10


def _issue(kind: IssueKind | None) -> str | None:
    return labels.issue_words(kind) if kind else None


def _is_waiting(state: OrderState) -> bool:
    """As `Order.is_waiting`, of its state."""
    return state in {OrderState.PENDING, OrderState.FAILED}


def _may_be_asked(state: OrderState, session_id: str | None) -> bool:
    """Whether Stripe may know more of the order than the desk does."""
    return session_id is not None and state in {
        OrderState.PENDING,
        OrderState.PROCESSING,
        OrderState.FAILED,
    }


def month_options() -> list[tuple[str, str]]:
    """The last two years, month by month on the vendor's calendar, the latest first."""
    today = vendor.current().today
    count = today.year * 12 + today.month - 1
    firsts = [dt.date(number // 12, number % 12 + 1, 1) for number in range(count, count - MONTHS, -1)]
    return [(f"{first:%Y-%m}", format_date(first, "MMMM y")) for first in firsts]


def _placed_in(query: Any, month: str) -> Any:
    start, end = desk.month_bounds(month)
    return query.where(Order.placed_at >= start, Order.placed_at < end)


def _paid_in(query: Any, month: str) -> Any:
    start, end = desk.month_bounds(month)
    return query.where(Order.paid_at >= start, Order.paid_at < end)


def _buyer_link(row: Order) -> str | None:
    return url_for("support_people.details_view", id=row.placed_by_id) if row.placed_by_id else None


def _buyer(row: Order) -> str:
    return labels.who(row.placed_as, row.placed_by)


class Orders(SupportView):
    model = Order
    title = _l("Orders")
    slug = "orders"
    icon = "receipt"
    columns = (
        Column("reference", _l("Reference"), kind="mono", to=(".details_view", Order.id)),
        company_column(Order.company_id, phone="line"),
        state("state", _l("State"), phone="line"),
        Column("total", _l("Total"), (Order.total, Order.currency), kind="money", phone="cell"),
        Column("placed_at", _l("Placed on"), kind="moment", sort=Order.placed_at, phone="line"),
        Column(
            "placed_by",
            _l("Buyer"),
            (Order.placed_as, *PERSON),
            who,
            to=("support_people.details_view", Order.placed_by_id),
            mid=False,
        ),
        Column("open_issues", _l("To look at"), OrderIssue.kind, value=_issue, blank="\u00a0", gathers=True),
    )
    joins = (
        Order.company,
        Order.placed_by,
        (OrderIssue, sa.and_(OrderIssue.order_id == Order.id, OrderIssue.closed_at.is_(None))),
    )
    within = (OrderIssue.id,)
    row_acts = (
        Act(".cancel", _l("Cancel"), "x-circle", when=(Order.state, _is_waiting)),
        Act(
            ".check",
            _l("Check with Stripe"),
            "arrow-counterclockwise",
            when=((Order.state, Order.stripe_session_id), _may_be_asked),
        ),
    )
    bulk = {"check": None, "cancel": (Order.state, _is_waiting)}
    tabs = (
        Tab("all", _pl("orders", "All")),
        Tab("attention", _l("To look at"), Order.open_issues.any, tone="wait"),
        Tab("waiting", _l("Awaiting payment"), lambda: Order.state == OrderState.PENDING),
        Tab("processing", _l("Payment in progress"), lambda: Order.state == OrderState.PROCESSING),
    )
    search_hint = _l("Number, customer, amount or Stripe id")
    empty = Empty(_l("No order yet."))
    detail_columns = (
        Fact("company", _l("Customer"), link=company_link),
        Fact("state", _l("State"), kind="badge"),
        Fact("placed_by", _l("Buyer"), value=_buyer, link=_buyer_link),
        Fact("placed_at", _l("Placed on"), kind="moment"),
        Fact("paid_at", _l("Paid on"), kind="moment"),
        Fact("attempt", _l("Payment attempts"), kind="number"),
        Fact("declined_at", _l("Last card declined on"), kind="moment"),
        Fact("stripe_session_id", _l("Session at Stripe"), kind="mono"),
        Fact("stripe_payment_intent_id", _l("Payment at Stripe"), kind="mono"),
    )
    column_relations = (Order.company, Order.placed_by, selectinload(Order.open_issues))
    search = (
        *(
            Whole(column, via=Order.id, key=Payment.order_id, as_written=True)
            for column in (
                Payment.stripe_session_id,
                Payment.stripe_payment_intent_id,
                Payment.stripe_charge_id,
            )
        ),
        Whole(Order.stripe_payment_intent_id, as_written=True),
        Words(Company, via=Order.company_id),
        Begins(Order.reference),
        Amount(Order.total),
    )
    filters = (
        by_member("state", _l("State"), Order.state, OrderState, labels.options(OrderState)),
        # When a month begins is asked of the vendor's zone.
        ListFilter("month", _l("Placed in"), month_options, _placed_in, steady=False),
        ListFilter("paid", _l("Paid in"), month_options, _paid_in, steady=False),
        ListFilter(
            "attention",
            _l("To look at"),
            lambda: [("yes", _("Yes"))],
            lambda query, _code: query.where(Order.open_issues.any()),
        ),
        lookups.of_company(Order.company_id),
    )
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = picked
    export_columns = (
        Column("net", _l("Net"), (Order.net, Order.currency), kind="money"),
        Column("tax", _l("Taxes"), (Order.tax, Order.currency), kind="money"),
        Column("refunded", _l("Refunded"), (Order.refunded, Order.currency), kind="money"),
        Column("currency", _l("Currency")),
        Column("paid_at", _l("Paid on"), kind="moment"),
        Column("address", _l("Buyer’s email"), User.email),
        Column("payment", _l("Payment at Stripe"), Order.stripe_payment_intent_id, kind="mono"),
    )
    can_view_details = True
    details_template = "support/order.html"
    confirm_template = "support/order_confirm.html"

    def details_context(self, row: Order) -> dict[str, Any]:
        lines = sa.select(OrderLine).where(OrderLine.order_id == row.id).order_by(OrderLine.position)
        sessions = [key for key in (row.stripe_session_id, row.stripe_payment_intent_id) if key]
        events = sa.select(StripeEvent).where(StripeEvent.object_id.in_(sessions))
        delivered = (
            sa.select(sa.func.count(), sa.func.min(Term.first_day), sa.func.max(Term.last_day))
            .select_from(Term)
            .join(OrderLine, OrderLine.id == Term.order_line_id)
            .where(OrderLine.order_id == row.id)
        )
        return {
            "lines": db.session.scalars(lines).all(),
            "events": db.session.scalars(events.order_by(StripeEvent.received_at.desc()).limit(SHORT)).all(),
            "moments": timeline.about(SubjectKind.ORDER, row.id, READER),
            "delivered": db.session.execute(delivered).one(),
            "payments": records.of_order(row),
            "issues": issues.of_order(row),
        }

    # --- Actions ----------------------------------------------------------------------------------------------------

    @action("check", _l("Check with Stripe"))
    def action_check(self, rows: list[Order]) -> ResponseReturnValue:
        _not_too_many(rows)
        return self.confirm(
            rows,
            heading=_("Check with Stripe"),
            text=_("Stripe is asked what became of each payment, and the orders follow what it answers."),
            button=_("Check with Stripe"),
            endpoint=".check_many",
        )

    @expose("/check/")
    def check(self) -> ResponseReturnValue:
        """The page that asks before Stripe is asked about one order."""
        return self.action_check([self.row_or_404()])

    @action("cancel", _l("Cancel orders"))
    def action_cancel(self, rows: list[Order]) -> ResponseReturnValue:
        return self._ask_cancel(rows)

    @expose("/cancel/")
    def cancel(self) -> ResponseReturnValue:
        """The page that asks before one order is cancelled."""
        return self._ask_cancel([self.row_or_404()])

    def _ask_cancel(self, rows: list[Order]) -> ResponseReturnValue:
        _not_too_many(rows)
        return self.confirm(
            rows,
            heading=ngettext("Cancel %(num)s order", "Cancel %(num)s orders", len(rows)),
            text=_("Its payment page is closed and nothing is charged. The customer’s cart is kept."),
            button=ngettext("Cancel %(num)s order", "Cancel %(num)s orders", len(rows)),
            endpoint=".cancel_many",
            tone="danger",
        )

    @expose("/check-many/", methods=("POST",))
    def check_many(self) -> ResponseReturnValue:
        rows = self.posted_rows()
        _not_too_many(rows)
        done, refusals = self.each(rows, _check)
        if done and len(rows) > 1:
            flash(ngettext("%(num)s order checked.", "%(num)s orders checked.", done), "success")
        return self._after(rows, refusals)

    @expose("/cancel-many/", methods=("POST",))
    def cancel_many(self) -> ResponseReturnValue:
        rows = self.posted_rows()
        _not_too_many(rows)
        done, refusals = self.each(rows, lambda row: checkout.cancel(row, current_actor()))
        if done:
            flash(ngettext("%(num)s order cancelled.", "%(num)s orders cancelled.", done), "success")
        return self._after(rows, refusals)

    def _after(self, rows: list[Order], refusals: list[str]) -> ResponseReturnValue:
        for sentence in refusals:
            flash(sentence, "danger")
        return redirect(self.after(rows))


def _not_too_many(rows: list[Order]) -> None:
    if len(rows) > MAX_AT_ONCE:
        raise Refused(
            Code.TOO_MANY,
            _("Choose at most %(count)s orders at once: Stripe is asked about each.", count=MAX_AT_ONCE),
        )


def _check(row: Order) -> None:
    """Ask Stripe about one order, and say what it answered."""
    reference, session_id = row.reference, row.stripe_session_id
    if session_id is None:
        raise Refused(Code.NO_SESSION, _("Nobody has opened its payment page yet: there is nothing to ask."))
    try:
        outcome = settlement.fulfil(session_id)
    except gateway.NotFound:
        raise Refused(Code.UNKNOWN_SESSION, _("Stripe does not know this payment.")) from None
    except gateway.Unavailable:
        raise Refused(
            Code.PAYMENT_UNAVAILABLE, _("Stripe does not answer at the moment: try again later.")
        ) from None
    except (gateway.Rejected, settlement.UnknownOrder):
        raise Refused(
            Code.PAYMENT_SETUP,
            _("Stripe refused to answer: run the check-stripe command, it says what is wrong."),
        ) from None
    tone = "warning" if outcome in set(IssueKind) else "success"
    flash(_("%(row)s: %(sentence)s", row=reference, sentence=labels.outcome_words(outcome)), tone)
