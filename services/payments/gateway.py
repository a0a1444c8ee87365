"""The only importer of `stripe`: sessions of hosted Checkout and signed events, as small dataclasses of ours.

When no key is set, the same client talks to the sandbox, by its `base_addresses`; nothing else differs.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import stripe  # noqa: TID251 - the one place
from flask import current_app

from models import Order
from services.foundation.transaction import release_reads
from services.payments import asking, desks
from services.payments.sessions import Charge, Dispute, Page, Session

log = logging.getLogger(__name__)

# What is sent and read is of this version, whichever the account and the library have: `docs/deploy.md` names it.
API_VERSION = "2026-10-28.endive"
RETRIES = 2


class Unavailable(Exception):
    """Stripe could not be reached, or answered with an error of its own. Trying later may work."""


class Rejected(Exception):
    """Stripe refused the request: a setting or a parameter is wrong. Trying again will not work."""


class Forbidden(Rejected):
    """The key lacks a permission; its name is the message, such as `rak_customer_write`."""


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


class FailureKept(KeyReused):
    """The key's first request failed. Stripe keeps that answer under it for a day, long after what was wrong has passed."""


class NotFound(Exception):
    """Stripe knows no such object."""


# --- Asking -----------------------------------------------------------------------------------------------------------


class _Hurried(stripe.RequestsClient):
    """Spends no more than `seconds` on a call and its retries together."""

    def __init__(self, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._ends = time.monotonic() + seconds

    def request(self, *args: Any, **kwargs: Any) -> Any:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise stripe.APIConnectionError("no time is left", should_retry=False)  # type: ignore[no-untyped-call]
        self._timeout = left
        return super().request(*args, **kwargs)


def client() -> Any:
    """Stripe's client of version 1 of its API, for one call."""
    config = current_app.config
    base = config["STRIPE_API_BASE"]
    options: dict[str, Any] = {"base_addresses": {"api": base}} if base else {}
    # The client ignores the module's max_network_retries.
    return stripe.StripeClient(
        config["STRIPE_SECRET_KEY"],
        stripe_context=config["STRIPE_CONTEXT"] or None,
        stripe_version=API_VERSION,
        max_network_retries=RETRIES,
        http_client=_Hurried(config["STRIPE_TIMEOUT"]),
        **options,
    ).v1


def is_live() -> bool:
    """Whether the key is a live one, with which real money is charged."""
    return bool(current_app.config["STRIPE_LIVE"])


def call(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call Stripe, and turn its errors into ours. Of the request only Stripe's request id is logged.

    Raises:
        Unavailable: also when there is no answer within `STRIPE_TIMEOUT` seconds, retries included.
        Rejected, Forbidden, NotFound, CustomerGone, KeyReused
    """
    release_reads()
    try:
        return _in_time(lambda: verb(*args, **kwargs))
    except stripe.StripeError as error:
        raise _ours(error, kwargs) from error


def _in_time(ask: Callable[[], Any]) -> Any:
    """Ask in a thread of its own: no timeout of a socket bounds the look-up of a name, or a host of many addresses."""
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((ask(), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=work, name="stripe", daemon=True).start()
    try:
        answer, error = answers.get(timeout=current_app.config["STRIPE_TIMEOUT"])
    except queue.Empty:
        log.warning("stripe did not answer within STRIPE_TIMEOUT")
        raise Unavailable("no answer in time") from None
    if error is not None:
        raise error
    return answer


def _ours(error: stripe.StripeError, asked: dict[str, Any]) -> Exception:
    replayed = (error.headers or {}).get("idempotent-replayed") == "true"
    if "idempotency_key" in asked.get("options", {}):
        if replayed:
            return FailureKept()
        if isinstance(error, stripe.IdempotencyError):
            return KeyReused()
    if isinstance(error, stripe.PermissionError):
        named = re.search(r"\brak_\w+", str(error))
        log.error("the key lacks a permission of Stripe: %s request=%s", named and named[0], error.request_id)
        return Forbidden(named[0] if named else "permission")
    if isinstance(error, stripe.AuthenticationError):
        log.error("stripe refused the key: request=%s", error.request_id)
        return Rejected("key")
    if isinstance(error, stripe.InvalidRequestError):
        return _refused(error, asked)
    why = "certificate" if "certificate" in str(error) else type(error).__name__
    log.warning("stripe cannot be asked: %s", why)
    return Unavailable(why)


def _refused(error: stripe.InvalidRequestError, asked: dict[str, Any]) -> Exception:
    if error.http_status == 404:
        return NotFound()
    if (error.code, error.param) == ("resource_missing", "customer"):
        log.warning("stripe does not know the customer: request=%s", error.request_id)
        return CustomerGone(asked["params"]["customer"])
    log.error(
        "stripe refused a request: code=%s param=%s request=%s", error.code, error.param, error.request_id
    )
    return Rejected(f"{error.code or 'invalid_request'} {error.param or ''}".strip())


# --- Sessions ------------------------------------------------------------------------------------------------------


def open_page(order: Order) -> Page:
    """The hosted payment page of the order's current attempt; its company's customer at Stripe is made, or brought up to date.

    The same order and attempt always give the same page.

    Raises:
        CustomerGone, KeyReused: another attempt number is needed.
        Unavailable, Rejected
    """
    attempt, company = order.attempt, order.company
    # Read everything first: a call to Stripe ends the read transaction.
    params, customer, known = asking.session(order), asking.customer(company), company.stripe_customer_id
    name = f"{desks.mark()}-{order.reference}-attempt-{attempt}"
    customer_id = known if known and _follow(known, customer) else _make(customer, f"customer-{name}")
    params, options = {**params, "customer": customer_id}, {"idempotency_key": f"order-{name}"}
    session = _session(call(client().checkout.sessions.create, params=params, options=options))
    if not session.url.startswith(current_app.config["PAYMENT_PAGE_ORIGIN"]):
        log.error("browsers do not open the payment page of another site: set PAYMENT_PAGE_ORIGIN")
    return Page(session, attempt, customer_id)


def _follow(customer_id: str, wanted: dict[str, Any]) -> bool:
    """Let a customer at Stripe have our name and address; False where it is gone, or another desk's."""
    try:
        found = call(client().customers.retrieve, customer_id)
    except NotFound:
        return False
    if _field(found, "deleted") or _field(_field(found, "metadata"), desks.DESK) != desks.mark():
        return False
    if any(_field(found, name) != wanted[name] for name in ("name", "email")):
        call(client().customers.update, customer_id, params=wanted)
    return True


def _make(customer: dict[str, Any], key: str) -> str:
    made = call(client().customers.create, params=customer, options={"idempotency_key": key})
    return str(made.id)


def fetch_session(session_id: str) -> Session:
    """The session as it stands now.

    Raises:
        Unavailable, Rejected, NotFound
    """
    params: Any = {"expand": ["payment_intent.latest_charge"]}
    return _session(call(client().checkout.sessions.retrieve, session_id, params=params))


def find_session(session_id: str) -> Session | None:
    """The session as it stands now, or None when Stripe does not know it (any more), or another desk made it.

    Raises:
        Unavailable, Rejected
    """
    try:
        session = fetch_session(session_id)
    except NotFound:
        log.warning("stripe does not know the session %s", session_id)
        return None
    return session if session.reference is not None else None


def close_session(session_id: str) -> Session | None:
    """Close the payment page, if it is open; as `find_session` otherwise.

    Raises:
        Unavailable, Rejected
    """
    session = find_session(session_id)
    return expire_session(session_id) if session and session.is_open else session


def open_sessions(reference: str, since: dt.datetime) -> list[str]:
    """The ids of the pages, made `since`, on which somebody can still pay an order; among the latest 100 of the account.

    Raises:
        Unavailable, Rejected
    """
    params: Any = {"status": "open", "created": {"gte": int(since.timestamp())}, "limit": 100}
    found = call(client().checkout.sessions.list, params=params)
    return [session.id for session in map(_session, found.data) if session.reference == reference]


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
    found = call(client().checkout.sessions.list, params=params)
    return _session(found.data[0]) if found.data else None


def expire_session(session_id: str) -> Session:
    """Close the payment page; returns the session as it then stands, which may be complete: paid before it was closed.

    Raises:
        Unavailable, Rejected, NotFound
    """
    try:
        return _session(call(client().checkout.sessions.expire, session_id))
    except Rejected:
        session = fetch_session(session_id)
        if session.is_open:
            raise
        return session


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
    )


def _charge(found: Any) -> Charge | None:
    """The charge, where it was expanded in the request."""
    if found is None or isinstance(found, str):
        return None
    details = _field(found, "payment_method_details")
    method = str(_field(details, "type") or "")
    means = _field(details, method)
    brand, last4 = (_field(means, name) for name in ("brand", "last4"))
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
    return _id(_field(call(client().charges.retrieve, charge_id), "payment_intent"))


def fetch_dispute(dispute_id: str) -> Dispute:
    """The dispute as it stands now.

    Raises:
        Unavailable, Rejected, NotFound
    """
    return _dispute(call(client().disputes.retrieve, dispute_id))


def _is_contested(charge_id: str) -> bool:
    params: Any = {"charge": charge_id, "limit": 100}
    found = call(client().disputes.list, params=params)
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
    """A field that may be absent, or None, of an object that may be: Stripe's have no `get`."""
    return found[name] if found and name in found else None


def _id(found: Any) -> str | None:
    """The id of what Stripe gives as an id or, expanded, as an object."""
    return found if found is None or isinstance(found, str) else str(found.id)


def _reference(session: Any) -> str | None:
    """The order's reference in the metadata of a session that this desk made, or None."""
    metadata = _field(session, "metadata")
    if not desks.made_here(metadata, _field(session, "success_url") or ""):
        return None
    reference = _field(metadata, desks.REFERENCE)
    return str(reference) if reference else None


def is_signed(payload: str, signature: str) -> bool:
    """Whether our secret made the signature of a webhook's body, whenever that was."""
    try:
        stripe.WebhookSignature.verify_header(payload, signature, current_app.config["STRIPE_WEBHOOK_SECRET"])
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True
