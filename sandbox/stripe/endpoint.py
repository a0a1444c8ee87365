"""The steps common to all calls of the API: key, faults, parameters, idempotency, expansion, Stripe's headers."""

import contextlib
import functools
import hashlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

from flask import Response, request

from sandbox.base.shared import shared
from sandbox.base.store import Object, Transaction
from sandbox.stripe import access
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import expand
from sandbox.stripe.objects import API_VERSION
from sandbox.stripe.params import Group, read

# Seconds for which an idempotency key is remembered, as at Stripe.
KEEP_ANSWERS = 24 * 60 * 60
Pairs = list[tuple[str, str]]
View = Callable[..., Object]
# Keys whose first request is being answered.
_IN_USE: set[str] = set()
_LOCK = threading.Lock()


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
    writes = request.method != "GET"
    access.check()
    if shared().switches.take("limit_next"):
        raise _too_many()
    key, pairs = request.headers.get("Idempotency-Key", "") if writes else "", _pairs()
    with _held(key, pairs):
        time.sleep(shared().switches.delay_ms / 1000)
        store = shared().store
        with store.transaction(shared().switches.now()) if writes else store.reading() as tx:
            tx.call = {"id": request_id, "idempotency_key": key or None}
            response = _replay(tx, key, pairs) if key else None
            if response is None:
                params = read(pairs, description) if description else {}
                response = _do(tx, lambda: expand(tx, view(tx, params, **path), params.get("expand", [])))
                if key:
                    _keep(tx, key, pairs, response)
    if shared().switches.take("lose_next"):
        # The caller never learns what was done.
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return response


def _do(tx: Transaction, work: Callable[[], Object]) -> Response:
    """The answer of a request whose parameters were in order: from here on failures are answers too, and kept."""
    switches = shared().switches
    tx.sql("SAVEPOINT work")
    try:
        if switches.take("fail_next"):
            return _broken()
        thing = work()
    except StripeError as problem:
        tx.sql("ROLLBACK TO work")
        return _json(problem.body(), problem.status)
    finally:
        tx.sql("RELEASE work")
    if switches.take("fail_after_next"):
        response = _broken()
        # As Stripe says where it knows that the answer under the key will stay what it is.
        response.headers["Stripe-Should-Retry"] = "false"
        return response
    return _json(thing, 200)


@contextlib.contextmanager
def _held(key: str, pairs: Pairs) -> Iterator[None]:
    """Let one request at a time do the work of a key; StripeError 409 for another, unless the answer is there already."""
    if not key:
        yield
        return
    with shared().store.reading() as tx:
        answered = _replay(tx, key, pairs) is not None
    with _LOCK:
        if key in _IN_USE and not answered:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                status=409,
                code="idempotency_key_in_use",
            )
        mine = key not in _IN_USE
        _IN_USE.add(key)
    try:
        yield
    finally:
        if mine:
            with _LOCK:
                _IN_USE.discard(key)


def _pairs() -> Pairs:
    text = request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode()
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=2000)
    except ValueError:
        raise StripeError("Too many parameters.") from None


def _broken() -> Response:
    message = "An unknown error occurred (switched on in the sandbox for a test)."
    return _json(StripeError(message, status=500, kind="api_error").body(), 500)


def _too_many() -> StripeError:
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
    )


def _fingerprint(pairs: Pairs) -> str:
    call = json.dumps([request.path, sorted(pairs)])
    return hashlib.sha256(call.encode()).hexdigest()


def _replay(tx: Transaction, key: str, pairs: Pairs) -> Response | None:
    """Return the first answer to this key, a failure included, or None; StripeError when the key came with another request."""
    if len(key) > 255:
        raise StripeError("Idempotency keys must be at most 255 characters long.", kind="idempotency_error")
    row = tx.sql("SELECT * FROM answer WHERE key = ? AND created >= ?", (key, _oldest())).fetchone()
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


def _oldest() -> float:
    return shared().switches.now() - KEEP_ANSWERS


def _keep(tx: Transaction, key: str, pairs: Pairs, response: Response) -> None:
    tx.sql("DELETE FROM answer WHERE created < ?", (_oldest(),))
    tx.sql(
        "INSERT INTO answer (key, call, status, body, created) VALUES (?, ?, ?, ?, ?)",
        (key, _fingerprint(pairs), response.status_code, response.get_data(as_text=True), tx.now),
    )
    response.headers["Idempotency-Key"] = key


def _json(thing: Object, status: int) -> Response:
    return Response(json.dumps(thing, indent=2), status, mimetype="application/json")
