"""Refunds and disputes that Stripe tells of. Each opens an issue for staff; it changes nothing else of a delivered order.

Whoever gives money back, or contests a payment, does so at Stripe or at the bank, before delivery or after it. What
was not delivered yet is withheld (`settlement.apply`).
"""

from __future__ import annotations

from collections.abc import Callable

from models import IssueKind, Order, OrderState, Outcome, db
from services.buying import issues
from services.foundation.transaction import CompanyTurn, company_lock
from services.payments import gateway, settlement
from services.payments.sessions import Session


def note_refund(charge_id: str) -> Outcome:
    """Tell staff that money of an order was given back, part of it or all.

    Raises:
        settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    return _note(gateway.payment_of_charge(charge_id), IssueKind.REFUNDED, settlement.tell_refund)


def note_dispute(dispute_id: str) -> Outcome:
    """Tell staff that the payment of an order is contested, or what the bank has decided of it: each once.

    Raises:
        As `note_refund`.
    """
    dispute = gateway.fetch_dispute(dispute_id)
    kind = IssueKind.DISPUTED if dispute.is_open else IssueKind.DISPUTE_ENDED

    def tell(turn: CompanyTurn, order: Order, _session: Session) -> None:
        issues.open_issue(turn, order, kind, about=dispute.id, cause=f"{dispute.id}:{dispute.status}")

    return _note(dispute.payment_intent_id, kind, tell)


def _note(
    payment_intent_id: str | None, kind: IssueKind, tell: Callable[[CompanyTurn, Order, Session], None]
) -> Outcome:
    session = gateway.session_of_payment(payment_intent_id) if payment_intent_id else None
    if session is None or (found := settlement.ids(session)) is None:
        return Outcome.FOREIGN
    company_id, order_id = found
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        outcome = settlement.apply(turn, order, session)
        withheld = outcome == Outcome.WITHHELD or order.state == OrderState.WITHHELD
        if withheld and kind != IssueKind.DISPUTE_ENDED:
            # Its issue says so already.
            return outcome
        tell(turn, order, session)
    return Outcome(kind)
