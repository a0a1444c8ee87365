"""The steps common to all calls of the API: key, faults, parameters, idempotency, expansion, Stripe's headers."""

import base64
import binascii
import functools
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from flask import Response, request

from sandbox.base.shared import shared
from sandbox.base.store import Object, Transaction
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import expand
from sandbox.stripe.objects import API_VERSION
from sandbox.stripe.params import Group, read

# Seconds for which an idempotency key is remembered, as at Stripe.
KEEP_ANSWERS = 24 * 60 * 60
Pairs = list[tuple[str, str]]
View = Callable[..., Object]


def endpoint(description: Group | None) -> Callable[[View], Callable[..., Response]]:
    """Make a view `(tx, params, **path) -> object` into a call of the API; None as description ignores parameters."""

    def wrap(view: View) -> Callable[..., Response]:
        @functools.wraps(view)
        def answer(**path: str) -> Response:
            request_id = f"req_{secrets.token_hex(7)}"
            try:
                response = _answer(view, description, path, request_id)
            except StripeError as problem:
                response = _json(problem.body(), problem.status)
            response.headers["Request-Id"] = request_id
            response.headers["Stripe-Version"] = API_VERSION
            return response

        return answer

    return wrap


def _answer(view: View, description: Group | None, path: dict[str, str], request_id: str) -> Response:
    switches = shared().switches
    if switches.delay_ms:
        time.sleep(switches.delay_ms / 1000)
    _check_key()
    if switches.take("fail_next"):
        raise _broken()
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    pairs = _pairs()
    store = shared().store
    with store.transaction(switches.now()) if request.method == "POST" else store.reading() as tx:
        tx.call = {"id": request_id, "idempotency_key": key or None}
        response = _replay(tx, key, pairs) if key else None
        if response is None:
            params = read(pairs, description) if description else {}
            thing = view(tx, params, **path)
            response = _json(expand(tx, thing, params.get("expand", [])), 200)
            if key:
                _keep(tx, key, pairs, response)
    if switches.take("fail_after_next"):
        raise _broken()
    return response


def _pairs() -> Pairs:
    text = request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode()
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=2000)
    except ValueError:
        raise StripeError("Too many parameters.") from None


def _check_key() -> None:
    given = _given_key()
    if not given:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not secrets.compare_digest(given.encode(), shared().settings.secret_key.encode()):
        raise StripeError(f"Invalid API Key provided: {given[:8]}****{given[-4:]}", status=401)


def _given_key() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _broken() -> StripeError:
    message = "An unknown error occurred (switched on in the sandbox for a test)."
    return StripeError(message, status=500, kind="api_error")


def _fingerprint(pairs: Pairs) -> str:
    call = json.dumps([request.path, sorted(pairs)])
    return hashlib.sha256(call.encode()).hexdigest()


def _replay(tx: Transaction, key: str, pairs: Pairs) -> Response | None:
    """Return the first answer to this key, or None; StripeError when the key came with another request.

    Two calls with one key cannot both find none: transactions run one after another.
    """
    if len(key) > 255:
        raise StripeError("Idempotency keys must be at most 255 characters long.", kind="idempotency_error")
    tx.sql("DELETE FROM answer WHERE created < ?", (tx.now - KEEP_ANSWERS,))
    row = tx.sql("SELECT * FROM answer WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["call"] != _fingerprint(pairs):
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    response = _json(json.loads(row["body"]), row["status"])
    response.headers["Idempotent-Replayed"] = "true"
    response.headers["Idempotency-Key"] = key
    return response


def _keep(tx: Transaction, key: str, pairs: Pairs, response: Response) -> None:
    tx.sql(
        "INSERT INTO answer (key, call, status, body, created) VALUES (?, ?, ?, ?, ?)",
        (key, _fingerprint(pairs), response.status_code, response.get_data(as_text=True), tx.now),
    )
    response.headers["Idempotency-Key"] = key


def _json(thing: Object, status: int) -> Response:
    return Response(json.dumps(thing, indent=2), status, mimetype="application/json")
