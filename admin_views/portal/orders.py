"""Commandes et reçus: the company's orders, paying and giving them up, the way back from paying, receipts."""

from __future__ import annotations

import datetime as dt
import logging
import re
import zoneinfo

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl
from sqlalchemy.orm import joinedload, selectinload

from access import Permission, current_actor
from admin_views import labels
from admin_views.base import DeskModelView
from admin_views.columns import PERSON, state, who
from admin_views.journal import timeline
from admin_views.lists.columns import Act, Column, Empty, Tab
from admin_views.lists.filters import by_member
from admin_views.lists.finding import Amount, Begins
from admin_views.portal import activity, errands
from admin_views.portal.options import OPTIONS
from admin_views.portal.order_words import state_sentence
from models import Order, OrderLine, OrderState, Outcome, SubjectKind, Term, day_in, db
from services.payments import checkout, gateway, records, settlement

log = logging.getLogger(__name__)


# Those whose customer can still pay them.
UNPAID = (OrderState.PENDING, OrderState.FAILED)
_QUANTITY = (
    sa.select(sa.func.coalesce(sa.func.sum(OrderLine.quantity), 0))
    .where(OrderLine.order_id == Order.id)
    .correlate(Order)
    .scalar_subquery()
)


def _day_there(at: dt.datetime, zone: str) -> dt.date:
    """As `Order.placed_on`, of its columns."""
    return day_in(zoneinfo.ZoneInfo(zone), at)


def order_page(order: Order) -> str:
    """The address of an order's page."""
    return url_for("portal_orders.show", reference=order.reference)


class Orders(DeskModelView):
    """The orders of the company. They are reached by their reference, which is what receipts and mails name."""

    model = Order
    permission = Permission.BILLING
    title = _l("Orders and receipts")
    slug = "orders"
    menu_category = OPTIONS
    icon = "receipt"
    lead = _l("What was bought, by whom, and the receipts to print")
    columns = (
        Column(
            "reference", _l("Order"), kind="mono", to=(".show", Order.reference, "reference"), width="c-9"
        ),
        state("state", _l("State"), phone="line"),
        Column(
            "placed_on", _l("Placed on"), (Order.placed_at, Order.zone), _day_there, kind="day", phone="line"
        ),
        Column("placed_by", _l("Placed by"), (Order.placed_as, *PERSON), who),
        Column("quantity", _l("Licenses"), _QUANTITY, kind="number"),
        Column("total", _l("Total"), (Order.total, Order.currency), kind="money", phone="cell"),
    )
    joins = (Order.placed_by,)
    row_acts = (
        Act(
            ".receipt",
            _l("Receipt"),
            "receipt",
            of=Order.reference,
            argument="reference",
            when=(Order.paid_at, lambda paid_at: paid_at is not None),
            panel=False,
        ),
    )
    tabs = (
        Tab("all", _pl("orders", "All")),
        Tab("waiting", _l("To be paid"), lambda: Order.state.in_(UNPAID), tone="wait"),
    )
    empty = Empty(
        _l("There is no order yet."),
        _l("Your orders and their receipts will be here once you have bought licenses."),
        ("portal_plans.index_view", _l("Buy licenses")),
    )
    search = (Begins(Order.reference), Amount(Order.total))
    search_hint = _l("Order number or amount")
    filters = (by_member("state", _l("State"), Order.state, OrderState, labels.options(OrderState)),)

    # --- One order --------------------------------------------------------------------------------------------------

    @expose("/<reference>")
    def show(self, reference: str) -> ResponseReturnValue:
        order = self._find(reference)
        return self.render(
            "portal/orders/order.html",
            order=order,
            terms=terms_of(order),
            payment=records.paid_with(order),
            sentence=state_sentence(order),
            payable=order.is_waiting and not order.is_looked_at,
            moments=timeline.for_customers(SubjectKind.ORDER, order.id, activity.reader()),
        )

    @expose("/<reference>/receipt")
    def receipt(self, reference: str) -> ResponseReturnValue:
        """A page to print, of orders that were paid."""
        order = self._find(reference)
        if not order.is_delivered:
            abort(404)
        payment = records.paid_with(order)
        return self.render("portal/orders/receipt.html", order=order, terms=terms_of(order), payment=payment)

    @expose("/<reference>/pay", methods=("POST",))
    def pay(self, reference: str) -> ResponseReturnValue:
        return redirect(checkout.pay(self._find(reference), current_actor()), 303)

    @expose("/<reference>/cancel", methods=("POST",))
    def cancel(self, reference: str) -> ResponseReturnValue:
        checkout.cancel(self._find(reference), current_actor())
        flash(_("Order %(order)s is cancelled. Nothing was charged.", order=reference), "success")
        return redirect(url_for(".show", reference=reference), 303)

    def _find(self, reference: str) -> Order:
        """The company's order of that reference, all of it, or the same 404 for a stranger's and a missing one."""
        found = self.scope(sa.select(Order)).where(Order.reference == reference)
        everything = (
            joinedload(Order.placed_by),
            joinedload(Order.conditions),
            selectinload(Order.lines),
            selectinload(Order.taxes),
        )
        order: Order | None = db.session.scalar(found.options(*everything))
        return order or abort(404)

    # --- Back from the payment page ---------------------------------------------------------------------------------

    @expose("/done")
    def done(self) -> ResponseReturnValue:
        """Where Stripe sends people back to: look at the session in their own scope, then show what came of it.

        The session's order is looked for among the company's own, so another company's session is a 404.
        """
        session_id = request.args.get("session_id", "")
        if not re.fullmatch(r"cs_[A-Za-z0-9_]{1,250}", session_id):
            abort(404)
        try:
            outcome = settlement.fulfil(session_id)
        except (gateway.NotFound, settlement.UnknownOrder):
            abort(404)
        except (gateway.Unavailable, gateway.Rejected):
            log.warning("the payment of a returning customer could not be looked at")
            return self.render("portal/orders/confirming.html", again=request.full_path, safe=False)
        except sa.exc.SQLAlchemyError as error:
            return self._unwritten(session_id, error)
        if outcome == Outcome.FOREIGN:
            abort(404)
        return self._after(session_id, outcome)

    def _unwritten(self, session_id: str, error: sa.exc.SQLAlchemyError) -> ResponseReturnValue:
        """The database reads and does not write. Whoever has just paid must not be told that nothing was done."""
        db.session.rollback()
        log.error("a payment could not be written down: %s", type(getattr(error, "orig", error)).__name__)
        try:
            session = gateway.find_session(session_id)
        except (gateway.Unavailable, gateway.Rejected):
            session = None
        safe = session is not None and session.is_complete
        return self.render("portal/orders/confirming.html", again=request.full_path, safe=safe), 503

    def _after(self, session_id: str, outcome: Outcome) -> ResponseReturnValue:
        found = self.scope(sa.select(Order)).where(Order.stripe_session_id == session_id)
        order = db.session.scalar(found)
        if outcome == Outcome.PAID_TWICE:
            flash(
                _("This order was paid already. Support has been told, and will refund this second payment."),
                "warning",
            )
        if order is None or outcome == Outcome.PAID_TWICE:
            return redirect(self.get_url(".index_view"), 303)
        if order.is_delivered or order.state == OrderState.PROCESSING:
            return redirect(self.get_url(".result", reference=order.reference), 303)
        return redirect(order_page(order), 303)

    @expose("/<reference>/result")
    def result(self, reference: str) -> ResponseReturnValue:
        """What a payment brought: the licences delivered, or when they will be."""
        order = self._find(reference)
        if not (order.is_delivered or order.state == OrderState.PROCESSING):
            return redirect(order_page(order), 303)
        return self.render(
            "portal/orders/result.html", order=order, terms=terms_of(order), person=errands.of()
        )


def terms_of(order: Order) -> dict[int, tuple[dt.date, dt.date]]:
    """By order line, the period that it paid; empty before delivery. One statement."""
    lines = [line.id for line in order.lines]
    periods = (
        sa.select(Term.order_line_id, sa.func.min(Term.first_day), sa.func.max(Term.last_day))
        .where(Term.order_line_id.in_(lines))
        .group_by(Term.order_line_id)
    )
    return {line_id: (start, end) for line_id, start, end in db.session.execute(periods)}
