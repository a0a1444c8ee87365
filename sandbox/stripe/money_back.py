"""Money that goes back: refunds from Stripe's dashboard, and payments that their payer contests at the bank.

Each function runs inside the caller's transaction, in which the charge was read. What is refused is a
ValueError with the key of a sentence of `pages/wording.py`.
"""

from sandbox.base.store import Object, Transaction
from sandbox.stripe import objects
from sandbox.stripe.events import emit


def refund(tx: Transaction, charge: Object, amount: int) -> Object:
    """Give back `amount` cents of a charge; ValueError when it is not between 1 and what is left of it."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not 1 <= amount <= left:
        raise ValueError("bad_refund")
    made = tx.insert(objects.refund(charge, amount))
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    tx.save(charge)
    emit(tx, "refund.created", made)
    emit(tx, "charge.refunded", charge)
    return made


def contest(tx: Transaction, charge: Object) -> Object:
    """Open a dispute, and take the money back; ValueError while another one is open."""
    if any(is_open(found) for found in disputes_of(tx, charge)):
        raise ValueError("contested_already")
    made = tx.insert(objects.dispute(charge))
    charge["disputed"] = True
    tx.save(charge)
    emit(tx, "charge.dispute.created", made)
    emit(tx, "charge.dispute.funds_withdrawn", made)
    return made


def decide(tx: Transaction, dispute: Object, *, won: bool) -> None:
    """End a dispute for the merchant, or against them; one that has ended stays as it is."""
    if not is_open(dispute):
        return
    dispute["status"] = "won" if won else "lost"
    tx.save(dispute)
    emit(tx, "charge.dispute.closed", dispute)
    if won:
        emit(tx, "charge.dispute.funds_reinstated", dispute)


def disputes_of(tx: Transaction, charge: Object) -> list[Object]:
    """Return the disputes of a charge, the latest first."""
    rows = tx.sql("SELECT data FROM object WHERE kind = 'dispute' ORDER BY seq DESC")
    return [dispute for dispute in map(tx.load, rows) if dispute["charge"] == charge["id"]]


def is_open(dispute: Object) -> bool:
    """Return whether the bank has not decided yet."""
    return bool(dispute["status"] not in {"won", "lost"})
