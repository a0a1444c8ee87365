"""What staff must look at, order by order: opened by what Stripe says, closed by a person who says why."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import SYSTEM, Actor
from models import Company, IssueKind, JournalVerb, Order, OrderIssue, db
from services.foundation import checks, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.mail import letters

log = logging.getLogger(__name__)


def close(issue: OrderIssue, *, reason: str, by: Actor) -> None:
    """Say what was done about an issue. It stays on the order, and may not be opened again.

    Raises:
        Refused: `empty` without a reason; what `checks.texts` refuses; `issue_closed` when somebody was faster.
    """
    issue_id = issue.id
    said = checks.texts(OrderIssue, {"reason": reason})
    checks.filled(said, "reason")
    with company_lock(issue.company_id) as turn:
        issue = db.session.get_one(OrderIssue, issue_id)
        if not issue.is_open:
            raise _closed(issue)
        _end(turn, issue, said["reason"], by)


def _closed(issue: OrderIssue) -> Refused:
    return Refused(
        Code.ISSUE_CLOSED,
        _(
            "%(name)s has closed this already: “%(reason)s”. Nothing was changed.",
            name=issue.closed_by or _("The system"),
            reason=issue.reason,
        ),
    )


# --- Questions ------------------------------------------------------------------------------------------------------


def of_order(order: Order) -> list[OrderIssue]:
    """Every issue of the order, the open ones first, then the latest. One statement."""
    return list(
        db.session.scalars(
            sa.select(OrderIssue)
            .where(OrderIssue.order_id == order.id)
            .options(joinedload(OrderIssue.closed_by))
            .order_by(OrderIssue.closed_at.is_not(None), OrderIssue.id.desc())
        )
    )


def open_of(company: Company, most: int = 5) -> list[OrderIssue]:
    """What staff must look at among a customer's orders, the latest first. One statement."""
    return list(
        db.session.scalars(
            sa.select(OrderIssue)
            .where(OrderIssue.company_id == company.id, OrderIssue.closed_at.is_(None))
            .options(joinedload(OrderIssue.order))
            .order_by(OrderIssue.id.desc())
            .limit(most)
        )
    )


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def open_issue(turn: CompanyTurn, order: Order, kind: IssueKind, *, about: str = "", cause: str = "") -> None:
    """Put before staff that they must look at an order, and mail them. What they were told before opens nothing.

    Args:
        about: The payment, charge or dispute at Stripe.
        cause: The session that tells it, or how far its refunds or the dispute had come: the same one opens an issue
            once, also when that was closed.
    """
    same = (OrderIssue.cause == cause) & (OrderIssue.cause != "")
    # Each refund of a charge is a thing of its own; a dispute is one, however many events tell of it.
    if kind != IssueKind.REFUNDED:
        same |= OrderIssue.closed_at.is_(None) & (OrderIssue.stripe_id == about)
    told = sa.select(OrderIssue.id).where(OrderIssue.order_id == order.id, OrderIssue.kind == kind, same)
    if db.session.scalar(told.limit(1)) is not None:
        return
    issue = OrderIssue(
        company_id=order.company_id,
        order_id=order.id,
        kind=kind,
        stripe_id=about,
        cause=cause,
        opened_at=turn.now,
    )
    db.session.add(issue)
    db.session.flush()
    journal.record(turn, JournalVerb.ISSUE_OPENED, by=SYSTEM, subject=order, after={"issue": kind})
    letters.staff_alert(turn, issue)
    log.warning("order %s needs a person: %s", order.id, kind)


def settle(turn: CompanyTurn, order: Order, kind: IssueKind) -> None:
    """Close the open issues of that kind, whose cause has gone by itself."""
    found = sa.select(OrderIssue).where(
        OrderIssue.order_id == order.id, OrderIssue.kind == kind, OrderIssue.closed_at.is_(None)
    )
    for issue in db.session.scalars(found):
        _end(turn, issue, "", SYSTEM)


def _end(turn: CompanyTurn, issue: OrderIssue, reason: str, by: Actor) -> None:
    issue.closed_at, issue.closed_by_id, issue.reason = turn.now, by.user_id, reason
    journal.record(turn, JournalVerb.ISSUE_CLOSED, by=by, subject=_order(issue), after={"issue": issue.kind})


def _order(issue: OrderIssue) -> Order:
    return db.session.get_one(Order, issue.order_id)
