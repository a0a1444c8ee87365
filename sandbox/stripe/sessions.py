"""Checkout Sessions: create, read, expire."""

from sandbox.base.store import Object, Transaction
from sandbox.stripe import objects
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.events import emit

# Stripe's bounds: life of a session in seconds, total in cents.
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60
LEAST, MOST = 50, 99_999_999


def create(tx: Transaction, params: Object, public_url: str) -> Object:
    """Create an open session from checked parameters; StripeError when they contradict each other."""
    _refuse_contradictions(tx, params)
    currency, amount = _total(params["line_items"], params)
    _settle_methods(params, currency)
    made = [objects.line_item(line) for line in params["line_items"]]
    for _line, price, product in made:
        tx.insert(product)
        tx.insert(price)
    session = objects.session(
        params,
        amount=amount,
        currency=currency,
        expires_at=_expiry(params, int(tx.now)),
        public_url=public_url,
    )
    lines = [line for line, _price, _product in made]
    tx.insert(session, {"lines": lines, "payment_intent_data": params.get("payment_intent_data", {})})
    tx.set_timer(session["id"], "expire", session["expires_at"])
    return session


def _refuse_contradictions(tx: Transaction, params: Object) -> None:
    mode = params.get("mode")
    if mode is None:
        raise StripeError("Missing required param: mode.", code="parameter_missing", param="mode")
    if mode != "payment":
        raise StripeError(
            f"The sandbox offers mode=payment only, not {mode}; Stripe itself does.", param="mode"
        )
    if not params.get("line_items"):
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    if "customer" in params and "customer_email" in params:
        raise StripeError(
            "You may only specify one of these parameters: customer, customer_email.", param="customer"
        )
    if "customer" in params:
        customer = tx.find("customer", params["customer"])
        if customer is None or customer.get("deleted"):
            raise missing("customer", params["customer"], "customer", status=400)


def _total(lines: list[Object], params: Object) -> tuple[str, int]:
    currencies: set[str] = {line["price_data"]["currency"] for line in lines}
    currencies.add(params.get("currency", lines[0]["price_data"]["currency"]))
    if len(currencies) > 1:
        raise StripeError("All prices on a Checkout Session must have the same currency.", param="line_items")
    amount = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in lines)
    if 0 < amount < LEAST:
        message = "The Checkout Session's total amount due must add up to at least $0.50."
        raise StripeError(message, code="amount_too_small", param="line_items")
    if amount > MOST:
        message = "The Checkout Session's total amount must be no more than $999,999.99."
        raise StripeError(message, code="amount_too_large", param="line_items")
    return currencies.pop(), amount


def _settle_methods(params: Object, currency: str) -> None:
    """Set `payment_method_types` when it is absent, check it when it is given."""
    types = params.setdefault("payment_method_types", [])
    if not types:
        # A debit without its mandate's terms is not offered.
        debit = currency == "cad" and "acss_debit" in params.get("payment_method_options", {})
        types += ["card", "acss_debit"] if debit else ["card"]
        return
    if len(set(types)) != len(types):
        raise StripeError("payment_method_types has repeats.", param="payment_method_types")
    if "acss_debit" not in types:
        return
    if currency not in ("cad", "usd"):
        raise StripeError(f"acss_debit cannot be used with {currency}.", param="payment_method_types")
    mandate = params.get("payment_method_options", {}).get("acss_debit", {}).get("mandate_options", {})
    needed = ["payment_schedule", "transaction_type"]
    if mandate.get("payment_schedule") in ("interval", "combined"):
        needed.append("interval_description")
    for name in needed:
        if name not in mandate:
            where = f"payment_method_options[acss_debit][mandate_options][{name}]"
            raise StripeError(f"Missing required param: {where}.", code="parameter_missing", param=where)


def _expiry(params: Object, now: int) -> int:
    expires_at = int(params.get("expires_at", now + LONGEST))
    # One minute of tolerance, for clocks that differ.
    if not now + SHORTEST - 60 <= expires_at <= now + LONGEST + 60:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return expires_at


def lines(tx: Transaction, session: Object) -> list[Object]:
    """Return the line items of a session."""
    return list(tx.private(session["id"])["lines"])


def known_email(tx: Transaction, session: Object) -> str | None:
    """Return the payer's email address when the session or its customer has one."""
    customer = tx.find("customer", session["customer"])
    return session["customer_email"] or (customer["email"] if customer else None)


def expire(tx: Transaction, session: Object) -> Object:
    """Expire an open session and cancel its payment; StripeError when it is not open."""
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}.",
            param="session",
        )
    session |= {"status": "expired", "url": None}
    tx.save(session)
    tx.clear_timer(session["id"])
    intent = tx.find("payment_intent", session["payment_intent"])
    if intent:
        intent |= {
            "status": "canceled",
            "canceled_at": int(tx.now),
            "cancellation_reason": "expired",
            "next_action": None,
        }
        tx.save(intent)
        emit(tx, "payment_intent.canceled", intent)
    emit(tx, "checkout.session.expired", session)
    return session
