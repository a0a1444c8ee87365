"""The only importer of `stripe`: sessions of hosted Checkout and signed events, as small dataclasses of ours.

When no key is set, the same client talks to the sandbox, by its `base_addresses`; nothing else differs.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable
from typing import Any

import stripe  # noqa: TID251 - the one place
from flask import current_app

from models import LineKind, Order, OrderLine, ascii_address
from services.foundation import urls
from services.foundation.formats import locale_of
from services.foundation.transaction import release_reads
from services.payments.sessions import Charge, Dispute, Event, Page, Session

log = logging.getLogger(__name__)

# How old a signature may be, in seconds: the default of Stripe's libraries.
SIGNATURE_TOLERANCE = 300
RETRIES = 2
# The metadata key with the order that a session pays; other sessions of the Stripe account do not have it.
REFERENCE = "order_reference"


class Unavailable(Exception):
    """Stripe could not be reached, or answered with an error of its own. Trying later may work."""


class Rejected(Exception):
    """Stripe refused the request: a setting or a parameter is wrong. Trying again will not work."""


class CustomerGone(Exception):
    """The customer was deleted at Stripe, or made in its other mode (live or test): make one, in a new attempt.

    Attributes:
        customer_id: The id that Stripe does not know.
    """

    def __init__(self, customer_id: str) -> None:
        super().__init__(customer_id)
        self.customer_id = customer_id


class KeyReused(Exception):
    """The idempotency key was used before with other parameters: a new attempt is needed."""


class NotFound(Exception):
    """Stripe knows no such object."""


class BadSignature(Exception):
    """The event was not signed by Stripe with our secret, or too long ago."""


def _client() -> stripe.StripeClient:
    config = current_app.config
    base = config["STRIPE_API_BASE"]
    options: dict[str, Any] = {"base_addresses": {"api": base}} if base else {}
    # The client ignores the module's max_network_retries.
    return stripe.StripeClient(
        config["STRIPE_SECRET_KEY"],
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=config["STRIPE_TIMEOUT"]),
        **options,
    )


def is_live() -> bool:
    """Whether the key is a live one, with which real money is charged."""
    key: str = current_app.config["STRIPE_SECRET_KEY"]
    return key.startswith(("sk_live", "rk_live"))


def _call(verb: Any, *args: Any, **kwargs: Any) -> Any:
    """Call Stripe, and turn its errors into ours. Of the request only Stripe's request id is logged."""
    release_reads()
    try:
        return verb(*args, **kwargs)
    except stripe.IdempotencyError as error:
        raise KeyReused from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unavailable from error
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 and error.param != "customer":
            raise NotFound from error
        if (error.code, error.param) == ("resource_missing", "customer"):
            log.warning("stripe does not know the customer: request=%s", error.request_id)
            raise CustomerGone(kwargs["params"]["customer"]) from error
        log.error(
            "stripe refused a request: code=%s param=%s request=%s", error.code, error.param, error.request_id
        )
        raise Rejected(f"{error.code or 'invalid_request'} {error.param or ''}".strip()) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("stripe refused the key: request=%s", error.request_id)
        raise Rejected("key") from error
    except stripe.StripeError as error:
        raise Unavailable from error


# --- Sessions ------------------------------------------------------------------------------------------------------


def open_page(order: Order) -> Page:
    """The hosted payment page of the order's current attempt; makes the company's customer at Stripe if there is none.

    The same order and attempt always give the same page.

    Raises:
        CustomerGone, KeyReused: another attempt number is needed.
        Unavailable, Rejected
    """
    attempt, company = order.attempt, order.company
    # Read everything first: a call to Stripe ends the read transaction.
    params, customer_id = _session_params(order), company.stripe_customer_id
    if customer_id is None:
        customer_id = _create_customer(company.name, company.billing_email, order.reference, attempt)
    options = {"idempotency_key": f"order-{params['client_reference_id']}-attempt-{attempt}"}
    create = _client().v1.checkout.sessions.create
    session = _session(_call(create, params={**params, "customer": customer_id}, options=options))
    return Page(session, attempt, customer_id)


def _create_customer(company_name: str, email: str, reference: str, attempt: int) -> str:
    """Make a customer at Stripe, under an idempotency key of the order's attempt; returns its id."""
    params: Any = {"name": company_name, "email": ascii_address(email)}
    options: Any = {"idempotency_key": f"customer-{reference}-attempt-{attempt}"}
    customer = _call(_client().v1.customers.create, params=params, options=options)
    return str(customer.id)


def _session_params(order: Order) -> Any:
    language = order.language.value
    metadata = {REFERENCE: order.reference}
    return {
        "mode": "payment",
        "client_reference_id": order.reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": order.reference},
        "locale": locale_of(language).replace("_", "-") if language == "fr" else "en",
        "line_items": _items(order, language),
        # Stripe replaces the braces with the session's id.
        "success_url": urls.payment_return_url() + "?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": urls.order_url(order),
    }


def _items(order: Order, language: str) -> list[Any]:
    """An item for each plan and kind, then one for each tax: Stripe's own tax rates would round differently.

    Stripe takes a hundred items at most. An order may have a line for each period, so those of a plan are put together.
    """
    groups: dict[tuple[int, LineKind], list[OrderLine]] = {}
    for line in order.lines:
        groups.setdefault((line.plan_id, line.kind), []).append(line)
    lines = [_plan_item(order.currency, group, language) for group in groups.values()]
    taxes = [_item(order.currency, tax.amount, 1, tax.name(language)) for tax in order.taxes if tax.amount]
    return lines + taxes


def _plan_item(currency: str, lines: list[OrderLine], language: str) -> dict[str, Any]:
    """Price and number where there is one price; else the sum, with the number in the name."""
    first, quantity = lines[0], sum(line.quantity for line in lines)
    name = first.plan_name(language)
    if len({line.unit_amount for line in lines}) == 1:
        return _item(currency, first.unit_amount, quantity, name)
    return _item(currency, sum(line.net for line in lines), 1, f"{name} × {quantity}")


def _item(currency: str, amount: int, quantity: int, name: str) -> dict[str, Any]:
    price = {"currency": currency.lower(), "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}


def fetch_session(session_id: str) -> Session:
    """The session as it stands now.

    Raises:
        Unavailable, Rejected, NotFound
    """
    params: Any = {"expand": ["payment_intent.latest_charge"]}
    return _session(_call(_client().v1.checkout.sessions.retrieve, session_id, params=params))


def find_session(session_id: str) -> Session | None:
    """The session as it stands now, or None when Stripe does not know it (any more).

    Raises:
        Unavailable, Rejected
    """
    return _or_none(fetch_session, session_id)


def close_session(session_id: str) -> Session | None:
    """As `expire_session`, or None when Stripe does not know it (any more).

    Raises:
        Unavailable, Rejected
    """
    return _or_none(expire_session, session_id)


def _or_none(ask: Callable[[str], Session], session_id: str) -> Session | None:
    try:
        return ask(session_id)
    except NotFound:
        log.warning("stripe does not know the session %s", session_id)
        return None


def session_of_payment(payment_intent_id: str) -> Session | None:
    """The session that a payment belongs to, or None for a payment without one.

    Raises:
        Unavailable, Rejected
    """
    params: Any = {
        "payment_intent": payment_intent_id,
        "limit": 1,
        "expand": ["data.payment_intent.latest_charge"],
    }
    found = _call(_client().v1.checkout.sessions.list, params=params)
    return _session(found.data[0]) if found.data else None


def expire_session(session_id: str) -> Session:
    """Close the payment page; returns the session as it then stands, which may be complete: paid before it was closed.

    Raises:
        Unavailable, Rejected, NotFound
    """
    try:
        return _session(_call(_client().v1.checkout.sessions.expire, session_id))
    except Rejected:
        return fetch_session(session_id)


def _session(found: Any) -> Session:
    intent = _field(found, "payment_intent")
    customer = _field(found, "customer")
    return Session(
        id=found.id,
        status=found.status,
        payment_status=found.payment_status,
        url=_field(found, "url") or "",
        reference=_reference(found),
        amount=_field(found, "amount_total") or 0,
        currency=(_field(found, "currency") or "").upper(),
        livemode=found.livemode,
        payment_intent_id=_id(intent),
        # Set only where the payment was expanded in the request.
        payment_intent_status=getattr(intent, "status", None),
        customer_id=_id(customer),
        charge=_charge(_field(intent, "latest_charge")) if intent and not isinstance(intent, str) else None,
        returns_to=_field(found, "success_url") or "",
    )


def _charge(found: Any) -> Charge | None:
    """The charge, where it was expanded in the request."""
    if found is None or isinstance(found, str):
        return None
    details = _field(found, "payment_method_details")
    method = str(_field(details, "type") or "") if details else ""
    means = _field(details, method) if method else None
    brand, last4 = (_field(means, name) if means else None for name in ("brand", "last4"))
    return Charge(
        id=str(found.id),
        method=method,
        brand=brand,
        last4=last4,
        refunded=int(_field(found, "amount_refunded") or 0),
        given_back=bool(found.refunded),
        # `disputed` stays true for good, whoever won.
        contested=bool(found.disputed) and _is_contested(found.id),
    )


# --- Money that goes back ------------------------------------------------------------------------------------------


def payment_of_charge(charge_id: str) -> str | None:
    """The id of the payment that a charge belongs to.

    Raises:
        Unavailable, Rejected, NotFound
    """
    return _id(_field(_call(_client().v1.charges.retrieve, charge_id), "payment_intent"))


def fetch_dispute(dispute_id: str) -> Dispute:
    """The dispute as it stands now.

    Raises:
        Unavailable, Rejected, NotFound
    """
    return _dispute(_call(_client().v1.disputes.retrieve, dispute_id))


def _is_contested(charge_id: str) -> bool:
    params: Any = {"charge": charge_id, "limit": 100}
    found = _call(_client().v1.disputes.list, params=params)
    return any(_dispute(one).is_against_us for one in found.data)


def _dispute(found: Any) -> Dispute:
    intent = _id(_field(found, "payment_intent"))
    return Dispute(id=str(found.id), status=str(found.status), payment_intent_id=intent)


def dashboard_url(stripe_id: str) -> str:
    """Where a person looks at a payment, charge or dispute: in Stripe's dashboard, or in the sandbox."""
    if base := current_app.config["STRIPE_API_BASE"]:
        return f"{base}/payments/{stripe_id}"
    page = "disputes" if stripe_id.startswith(("du_", "dp_")) else "payments"
    return f"https://dashboard.stripe.com/{'' if is_live() else 'test/'}{page}/{stripe_id}"


# --- Fields --------------------------------------------------------------------------------------------------------


def _field(found: Any, name: str) -> Any:
    """A field that may be absent, or None: Stripe's objects have no `get`."""
    return found[name] if name in found else None  # noqa: SIM401


def _id(found: Any) -> str | None:
    """The id of what Stripe gives as an id or, expanded, as an object."""
    return found if found is None or isinstance(found, str) else str(found.id)


def _reference(found: Any) -> str | None:
    """The order's reference in the metadata of a Stripe object, or None."""
    metadata = _field(found, "metadata")
    return _field(metadata, REFERENCE) if metadata else None


# --- Events and checks ----------------------------------------------------------------------------------------------


def read_event(payload: bytes, signature: str) -> Event:
    """The event in a webhook's raw body.

    Raises:
        BadSignature: forged, altered, signed over `SIGNATURE_TOLERANCE` ago, or not an event.
    """
    secret = current_app.config["STRIPE_WEBHOOK_SECRET"]
    try:
        text = payload.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret, SIGNATURE_TOLERANCE)
        found = json.loads(text)
        thing = found["data"]["object"]
        return Event(
            id=str(found["id"]),
            type=str(found["type"]),
            object_id=str(thing.get("id", "")),
            reference=_reference(thing),
            livemode=bool(found["livemode"]),
            created_at=dt.datetime.fromtimestamp(int(found["created"]), dt.UTC),
        )
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature from error


def check() -> str:
    """The account behind the key, as `acct_… (live)` or `acct_… (test)`: shows that the key works.

    Raises:
        Unavailable, Rejected
    """
    account = _call(_client().v1.accounts.retrieve_current)
    return f"{account.id} ({'live' if is_live() else 'test'})"
