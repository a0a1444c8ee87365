"""Paying an open Checkout Session.

Each function runs inside the caller's transaction, in which the caller has read the session as open, so two payments
of one session run one after another. It returns what comes next: `Paid`, `Refused(reason)` or `Challenge`.
"""

from dataclasses import dataclass

from sandbox.base.store import Object, Transaction
from sandbox.stripe import cards, objects
from sandbox.stripe.events import emit


@dataclass(frozen=True)
class Paid:
    """The session is complete; a bank debit may still be under way."""


@dataclass(frozen=True)
class Challenge:
    """The bank asks for 3-D Secure: `authenticate` decides."""


@dataclass(frozen=True)
class Refused:
    """The session stays open; `reason` is the key of a sentence in `pages/wording.py`."""

    reason: str


Next = Paid | Challenge | Refused
APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 20,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def pay_nothing(tx: Transaction, session: Object, payer: Object) -> Next:
    """Complete a session whose total is zero, without a payment."""
    return _complete(tx, session, payer, "no_payment_required")


def pay_by_card(
    tx: Transaction, session: Object, card: cards.Card, expiry: tuple[int, int], payer: Object
) -> Next:
    """Pay with a test card; `expiry` is (month, year), `payer` has `name` and `email`."""
    intent = _intent(tx, session)
    method = objects.payment_method("card", card.details(*expiry), payer, session["customer"])
    tx.insert(method, {"card": card.number})
    intent |= {"payment_method": method["id"], "last_payment_error": None}
    if card.authenticate:
        intent |= {"status": "requires_action", "next_action": _three_d_secure(session)}
        tx.save(intent)
        emit(tx, "payment_intent.requires_action", intent)
        return Challenge()
    return _charge_card(tx, session, intent, method)


def _three_d_secure(session: Object) -> Object:
    where = f"{session['url']}/authenticate"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": session["url"], "url": where}}


def authenticate(tx: Transaction, session: Object, *, succeeded: bool) -> Next:
    """End 3-D Secure and charge the card if it succeeded; Refused when none was asked for."""
    intent = tx.find("payment_intent", session["payment_intent"])
    if intent is None or intent["status"] != "requires_action":
        return Refused("nothing_to_authenticate")
    method = tx.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if not succeeded:
        _fail(tx, intent, method, cards.NOT_AUTHENTICATED, None)
        return Refused(cards.NOT_AUTHENTICATED.reason)
    return _charge_card(tx, session, intent, method)


def _charge_card(tx: Transaction, session: Object, intent: Object, method: Object) -> Next:
    refusal = cards.CARDS[tx.private(method["id"])["card"]].refusal
    charge = _charge(intent, method, "failed" if refusal else "succeeded", refusal)
    tx.insert(charge)
    if refusal:
        emit(tx, "charge.failed", charge)
        _fail(tx, intent, method, refusal, charge)
        return Refused(refusal.reason)
    _succeed(tx, intent, charge)
    return _complete(tx, session, method["billing_details"], "paid")


def pay_by_debit(
    tx: Transaction, session: Object, account: cards.Account, payer: Object, delay: float
) -> Next:
    """Accept a bank debit, to be settled after `delay` seconds; the session is complete and unpaid until then."""
    intent = _intent(tx, session)
    method = objects.payment_method("acss_debit", account.details(), payer, session["customer"])
    tx.insert(method, {"account": account.number})
    charge = tx.insert(_charge(intent, method, "pending", None))
    intent |= {
        "payment_method": method["id"],
        "last_payment_error": None,
        "next_action": None,
        "status": "processing",
        "latest_charge": charge["id"],
    }
    tx.save(intent)
    tx.set_timer(intent["id"], "settle", tx.now + delay)
    emit(tx, "charge.pending", charge)
    emit(tx, "payment_intent.processing", intent)
    return _complete(tx, session, payer, "unpaid")


def settle(tx: Transaction, intent_id: str) -> None:
    """Let a bank debit under way succeed or fail, as its test account says; others stay as they are."""
    tx.clear_timer(intent_id)
    intent = tx.get("payment_intent", intent_id)
    if intent["status"] != "processing":
        return
    method = tx.get("payment_method", intent["payment_method"])
    charge = tx.get("charge", intent["latest_charge"])
    session = tx.get("checkout.session", tx.private(intent_id)["session"])
    refusal = cards.ACCOUNTS[tx.private(method["id"])["account"]].refusal
    if refusal:
        charge |= _failure(refusal) | {"status": "failed"}
        tx.save(charge)
        emit(tx, "charge.failed", charge)
        _fail(tx, intent, method, refusal, charge)
        emit(tx, "checkout.session.async_payment_failed", session)
        return
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
    tx.save(charge)
    _succeed(tx, intent, charge)
    session["payment_status"] = "paid"
    tx.save(session)
    emit(tx, "checkout.session.async_payment_succeeded", session)


def _intent(tx: Transaction, session: Object) -> Object:
    """Return the session's payment; as at Stripe it is made with the first attempt to pay."""
    intent = tx.find("payment_intent", session["payment_intent"])
    if intent is None:
        wanted = tx.private(session["id"])["payment_intent_data"]
        intent = tx.insert(objects.payment_intent(session, wanted), {"session": session["id"]})
        session["payment_intent"] = intent["id"]
        tx.save(session)
        emit(tx, "payment_intent.created", intent)
    return intent


def _charge(intent: Object, method: Object, status: str, refusal: cards.Refusal | None) -> Object:
    details = cards.charge_details(method)
    charge = objects.charge(intent, method, details=details, status=status, outcome=dict(APPROVED))
    return charge | (_failure(refusal) if refusal else {})


def _failure(refusal: cards.Refusal) -> Object:
    return {
        "failure_code": refusal.code,
        "failure_message": refusal.message,
        "outcome": APPROVED
        | {
            "network_status": "declined_by_network",
            "reason": refusal.reason,
            "seller_message": "The bank did not accept the payment.",
            "type": "issuer_declined",
        },
    }


def _fail(
    tx: Transaction, intent: Object, method: Object, refusal: cards.Refusal, charge: Object | None
) -> None:
    error = {
        "charge": charge["id"] if charge else None,
        "code": refusal.code,
        "decline_code": refusal.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{refusal.code.replace('_', '-')}",
        "message": refusal.message,
        "payment_method": method,
        "type": refusal.kind,
    }
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": {name: value for name, value in error.items() if value is not None},
    }
    if charge:
        intent["latest_charge"] = charge["id"]
    tx.save(intent)
    emit(tx, "payment_intent.payment_failed", intent)


def _succeed(tx: Transaction, intent: Object, charge: Object) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
    }
    tx.save(intent)
    emit(tx, "charge.succeeded", charge)
    emit(tx, "payment_intent.succeeded", intent)


def _complete(tx: Transaction, session: Object, payer: Object, payment_status: str) -> Next:
    session |= {
        "status": "complete",
        "payment_status": payment_status,
        "url": None,
        "customer_details": objects.customer_details(payer["email"], payer["name"]),
    }
    tx.save(session)
    tx.clear_timer(session["id"])
    emit(tx, "checkout.session.completed", session)
    return Paid()
