"""Refunds and disputes that Stripe tells of. Each opens an issue for staff; it changes nothing else of a delivered order.

Whoever gives money back, or contests a payment, does so at Stripe or at the bank, before delivery or after it. What
was not delivered yet is withheld (`settlement.apply`).
"""

from __future__ import annotations

from models import IssueKind, Order, OrderState, Outcome, db
from services.buying import issues
from services.foundation.transaction import company_lock
from services.payments import gateway, settlement


def note_refund(charge_id: str, *, cause: str) -> Outcome:
    """Tell staff that money of an order was given back, part of it or all. `cause` is the event that told it.

    Raises:
        settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected
    """
    return _note(gateway.payment_of_charge(charge_id), IssueKind.REFUNDED, about=charge_id, cause=cause)


def note_dispute(dispute_id: str, *, cause: str) -> Outcome:
    """Tell staff that the payment of an order is contested, or what the bank has decided of it.

    Raises:
        As `note_refund`.
    """
    dispute = gateway.fetch_dispute(dispute_id)
    kind = IssueKind.DISPUTED if dispute.is_open else IssueKind.DISPUTE_ENDED
    return _note(dispute.payment_intent_id, kind, about=dispute_id, cause=cause)


def _note(payment_intent_id: str | None, kind: IssueKind, *, about: str, cause: str) -> Outcome:
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
        issues.open_issue(turn, order, kind, about=about, cause=cause)
    return Outcome(kind)
