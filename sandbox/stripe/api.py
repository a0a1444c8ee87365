"""The routes of Stripe's API that one-time Checkout payments need. `calls.py` lists the parameters of each."""

from flask import Blueprint

from sandbox.base.shared import shared
from sandbox.base.store import Object, Transaction
from sandbox.stripe import account, calls, objects, sessions
from sandbox.stripe.endpoint import endpoint
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.events import emit
from sandbox.stripe.listing import page

bp = Blueprint("api", __name__, url_prefix="/v1")
# Collections whose objects are retrieved by id: kind of object, name of the id in an error's `param`.
PLAIN = {
    "payment_intents": ("payment_intent", "intent"),
    "charges": ("charge", "charge"),
    "customers": ("customer", "customer"),
    "events": ("event", "id"),
    "prices": ("price", "price"),
    "products": ("product", "id"),
    "payment_methods": ("payment_method", "payment_method"),
    "refunds": ("refund", "refund"),
    "disputes": ("dispute", "dispute"),
}


@bp.post("/checkout/sessions")
@endpoint(calls.CREATE_SESSION)
def create_session(tx: Transaction, params: Object) -> Object:
    return sessions.create(tx, params, shared().public_url)


@bp.get("/checkout/sessions/<ident>")
@endpoint(calls.ONLY_EXPAND)
def retrieve_session(tx: Transaction, params: Object, ident: str) -> Object:
    return _session(tx, ident)


@bp.post("/checkout/sessions/<ident>/expire")
@endpoint(calls.ONLY_EXPAND)
def expire_session(tx: Transaction, params: Object, ident: str) -> Object:
    return sessions.expire(tx, _session(tx, ident))


@bp.get("/checkout/sessions/<ident>/line_items")
@endpoint(calls.LISTS["item"])
def list_line_items(tx: Transaction, params: Object, ident: str) -> Object:
    lines = sessions.lines(tx, _session(tx, ident))
    return page(lines, params, f"/v1/checkout/sessions/{ident}/line_items")


def _session(tx: Transaction, ident: str) -> Object:
    session = tx.find("checkout.session", ident)
    if session is None:
        raise missing("checkout.session", ident, "session")
    return session


@bp.post("/customers")
@endpoint(calls.WRITE_CUSTOMER)
def create_customer(tx: Transaction, params: Object) -> Object:
    customer = tx.insert(objects.customer(params))
    emit(tx, "customer.created", customer)
    return customer


@bp.post("/customers/<ident>")
@endpoint(calls.WRITE_CUSTOMER)
def update_customer(tx: Transaction, params: Object, ident: str) -> Object:
    customer = _customer(tx, ident)
    merged = {"metadata", "address"} & params.keys()
    for name in merged:
        params[name] = (customer[name] or {}) | params[name]
    customer |= {name: value for name, value in params.items() if name != "expand"}
    tx.save(customer)
    emit(tx, "customer.updated", customer)
    return customer


@bp.delete("/customers/<ident>")
@endpoint(calls.ONLY_EXPAND)
def delete_customer(tx: Transaction, params: Object, ident: str) -> Object:
    gone = {"id": _customer(tx, ident)["id"], "object": "customer", "deleted": True}
    tx.save(gone)
    return gone


def _customer(tx: Transaction, ident: str) -> Object:
    customer = tx.find("customer", ident)
    if customer is None or customer.get("deleted"):
        raise missing("customer", ident, "id")
    return customer


@bp.get("/webhook_endpoints")
@endpoint(calls.LISTS["webhook_endpoint"])
def list_endpoints(tx: Transaction, params: Object) -> Object:
    switches = shared().switches
    only = objects.webhook_endpoint(switches.webhook_url, switches.endpoint_events.split(","))
    return page([only], params, "/v1/webhook_endpoints")


@bp.get("/account")
@endpoint(calls.ONLY_EXPAND)
def retrieve_account(tx: Transaction, params: Object) -> Object:
    return account.ACCOUNT


@bp.get("/balance")
@endpoint(calls.ONLY_EXPAND)
def retrieve_balance(tx: Transaction, params: Object) -> Object:
    return account.BALANCE


@bp.get("/<any({}):collection>/<ident>".format(",".join(PLAIN)))
@endpoint(calls.ONLY_EXPAND)
def retrieve(tx: Transaction, params: Object, collection: str, ident: str) -> Object:
    kind, param = PLAIN[collection]
    thing = tx.find(kind, ident)
    if thing is None:
        raise missing(kind, ident, param)
    return thing


def _list_route(url: str, kind: str) -> None:
    @bp.get(url, endpoint=f"list_{kind.replace('.', '_')}")
    @endpoint(calls.LISTS[kind])
    def list_all(tx: Transaction, params: Object) -> Object:
        rows = tx.sql("SELECT data FROM object WHERE kind = ? ORDER BY seq DESC", (kind,))
        there = [thing for row in rows if not (thing := tx.load(row)).get("deleted")]
        return page(there, params, f"/v1{url}")


for _url, _kind in (
    ("/checkout/sessions", "checkout.session"),
    ("/payment_intents", "payment_intent"),
    ("/charges", "charge"),
    ("/customers", "customer"),
    ("/events", "event"),
    ("/refunds", "refund"),
    ("/disputes", "dispute"),
):
    _list_route(_url, _kind)


@bp.route("/<path:rest>", methods=["GET", "POST", "DELETE"])
@endpoint(None)
def unknown(tx: Transaction, params: Object, rest: str) -> Object:
    raise StripeError(
        f"Unrecognized request URL (/v1/{rest[:80]}). The sandbox offers what Trousseau uses; see sandbox/stripe/api.py.",
        status=404,
    )
