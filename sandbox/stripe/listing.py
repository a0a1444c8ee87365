"""Filtering and paging of lists, and `expand`."""

from collections.abc import Callable

from sandbox.base.store import Object, Transaction
from sandbox.stripe import objects, sessions
from sandbox.stripe.errors import StripeError

PAGING = {"limit", "starting_after", "ending_before", "expand", "created", "types"}
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
# Fields whose id `expand` may replace by the object: name of the field, kind of the object.
EXPANDABLE = {
    "customer": "customer",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "product": "product",
}


def page(things: list[Object], params: Object, url: str) -> Object:
    """Filter a sorted list and return one page of it, after or before an id; StripeError when the id is not in it."""
    chosen = [thing for thing in things if _matches(thing, params)]
    limit = params.get("limit", 10)
    if "ending_before" in params:
        before = chosen[: _position(chosen, params["ending_before"], "ending_before")]
        return objects.listing(url, before[-limit:], more=len(before) > limit)
    if "starting_after" in params:
        chosen = chosen[_position(chosen, params["starting_after"], "starting_after") + 1 :]
    return objects.listing(url, chosen[:limit], more=len(chosen) > limit)


def _matches(thing: Object, params: Object) -> bool:
    plain = all(thing[name] == value for name, value in params.items() if name not in PAGING)
    of_type = thing["type"] in params["types"] if "types" in params else True
    bounds = params.get("created", {})
    return plain and of_type and all(COMPARE[name](thing["created"], bound) for name, bound in bounds.items())


def _position(things: list[Object], ident: str, param: str) -> int:
    for index, thing in enumerate(things):
        if thing["id"] == ident:
            return index
    raise StripeError(f"No such object: '{ident}'", status=404, code="resource_missing", param=param)


def expand(tx: Transaction, thing: Object, paths: list[str]) -> Object:
    """Replace ids by objects along each path, such as `payment_intent.latest_charge`; StripeError for any other."""
    for path in paths:
        _expand(tx, thing, path.split("."), path)
    return thing


def _expand(tx: Transaction, thing: Object, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    if thing.get("object") == "checkout.session" and name == "line_items":
        url = f"/v1/checkout/sessions/{thing['id']}/line_items"
        thing.setdefault(name, page(sessions.lines(tx, thing), {}, url))
    elif name not in thing:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand[0]")
    value = thing[name]
    if isinstance(value, str):
        if name not in EXPANDABLE or (thing.get("object") == "charge" and name == "payment_method"):
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand[0]")
        value = thing[name] = tx.get(EXPANDABLE[name], value)
    if rest:
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _expand(tx, inner, rest, path)
