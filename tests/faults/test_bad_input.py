"""Fault 39, and who may open what: every route of the application, found by itself.

A new route enters these tests on its own; one that is meant for everybody is added to `PUBLIC`, by hand.
"""

from __future__ import annotations

import re

import pytest

from app import create_app
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_order, make_request

# Open to visitors who have not signed in, each for a reason.
PUBLIC = {
    "static",
    "keys",
    "theme",
    "web.choose_role",
    "web.enter",
    "web.firm_link",
    "web.forgot_password",
    "web.health",
    "web.home",
    "web.join",
    "web.language",
    "web.link",
    "web.request_link",
    "web.sign_in",
    "web.sign_out",
    "web.stripe_webhook",
    "web.validate",
    "web.vendor_css",
    "web.vendor_logo",
}
NASTY = [
    "//[",
    "abc",
    "1,2",
    "-1",
    "0",
    "9" * 30,
    "\x00",
    "é",
    "1' OR '1'='1",
    "../../etc",
    "１",
    "1.5",
    "null",
    "[]",
    " ",
]


def _routes():
    """(method, rule) of every route, from an application that serves nobody."""
    rules = create_app(
        {"INSTANCE": "/tmp/trousseau-routes", "DATABASE_URL": "sqlite://"}
    ).url_map.iter_rules()
    return sorted(
        (method, rule.rule, rule.endpoint)
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.endswith("static")
    )


ROUTES = _routes()
GUARDED = [(method, rule) for method, rule, endpoint in ROUTES if endpoint not in PUBLIC]


def fill(rule, value="1"):
    return re.sub(r"<(?:\w+:)?\w+>", value, rule)


def statuses(client, routes, query=""):
    return {
        (method, rule): client.open(fill(rule) + query, method=method).status_code for method, rule in routes
    }


@pytest.fixture
def furnished(cast):
    """Acme has licences and orders, so that id 1 is somebody's row."""
    make_licenses(3, cast.alice, cast.pro, holder=cast.bob)
    make_order(cast.alice, cast.pro)
    make_request(cast.dave)
    return cast


@pytest.mark.one_database
def test_no_route_answers_a_stranger(furnished, client):
    answers = statuses(client, GUARDED)
    opened = {route for route, status in answers.items() if status not in {302, 401, 403, 404, 405}}
    assert opened == set()


@pytest.mark.one_database
def test_a_standard_user_reaches_no_administration(furnished, client):
    sign_in(client, furnished.bob)
    administration = [
        route
        for route in GUARDED
        if route[1].startswith(("/portal/", "/support/")) and "my-license" not in route[1]
    ]
    opened = {
        route for route, status in statuses(client, administration).items() if status not in {302, 403, 404}
    }
    # What they did themselves and the pages that there are, and nothing of anybody else.
    assert opened <= {("GET", "/portal/"), ("GET", "/portal/activity/"), ("GET", "/portal/search/")}


@pytest.mark.one_database
@pytest.mark.parametrize("who", ["alice", "bob", "carol"])
def test_customers_never_reach_support(furnished, client, who):
    sign_in(client, getattr(furnished, who))
    support = [route for route in GUARDED if route[1].startswith("/support/")]
    assert len(support) > 50
    assert set(statuses(client, support).values()) <= {403, 404}


def values(*given, both):
    """Cases of a test: the values of `both` on both databases, the others where a value of another type is an error at once."""
    strict = pytest.mark.one_database("postgresql")
    return [pytest.param(value, marks=[] if value in both else strict) for value in given]


# Whose pages each may open; elsewhere they are turned away before anything is read.
OWN = {None: "/", "bob": "/portal/", "alice": "/portal/", "sam": "/support/"}
# Strangers and people without rights are turned away before what they typed comes to the database.
ASKING = [pytest.param(who, marks=pytest.mark.one_database if who in {None, "bob"} else []) for who in OWN]


def own_routes(who, wanted):
    elsewhere = ("/portal/", "/support/") if who is None else ()
    return [
        rule
        for method, rule, _ in ROUTES
        if method == wanted and rule.startswith(OWN[who]) and not rule.startswith(elsewhere)
    ]


@pytest.fixture
def visitor(furnished, app):
    """`visitor(who)`: a browser at which they have signed in, and which reads a 500 as a person would."""

    def visit(who):
        app.config["PROPAGATE_EXCEPTIONS"] = False
        client = make_client(app)
        return sign_in(client, getattr(furnished, who)) if who else client

    return visit


@pytest.mark.parametrize("who", ASKING)
@pytest.mark.parametrize("value", values(*NASTY, both={"9" * 30, "\x00", "-1", "1' OR '1'='1"}))
def test_fault_39_no_nonsense_in_a_path_or_a_query_is_a_500(visitor, who, value):
    client = visitor(who)
    names = (
        "id",
        "page",
        "sort",
        "desc",
        "q",
        "after",
        "before",
        "state",
        "plan",
        "session_id",
        "month",
        "size",
        "next",
        "url",
    )
    broken = {}
    for rule in own_routes(who, "GET"):
        with client.get(
            fill(rule, value.replace("/", "%2F")), query_string=dict.fromkeys(names, value), buffered=True
        ) as answer:
            if answer.status_code >= 500:
                broken[rule] = answer.status_code
    assert broken == {}


FIELDS = (
    "id", "rowid", "quantity", "plan", "plan_id", "item", "item_id", "user", "user_id", "license", "fingerprint",
    "accepted", "email", "password", "token", "language", "name", "action", "url", "theme", "keys", "next", "amount",
    "starts_on", "first_name", "last_name", "time_zone",
)  # fmt: skip


@pytest.mark.parametrize("who", ASKING)
@pytest.mark.parametrize(
    "value",
    values("\x00", "９", "-1", "x" * 100_000, "9" * 30, "<script>", "http://[::1", both={"\x00", "9" * 30}),
)
def test_fault_39_no_nonsense_in_a_form_or_its_referrer_is_a_500(visitor, who, value):
    broken = {}
    client = visitor(who)
    referrer = {"Referer": value} if value.isprintable() and len(value) < 100 else {}
    for rule in own_routes(who, "POST"):
        answer = client.post(fill(rule), data=dict.fromkeys(FIELDS, value), headers=referrer)
        if answer.status_code >= 500:
            broken[rule] = answer.status_code
    assert broken == {}


@pytest.mark.one_database
@pytest.mark.parametrize("who", [None, "alice", "sam"])
def test_fault_39_ten_megabytes_in_a_field_are_refused(furnished, client, who):
    if who:
        sign_in(client, getattr(furnished, who))
    for rule in own_routes(who, "POST"):
        answer = client.post(fill(rule), data={"name": "x" * 10_000_000})
        # Where files and many rows are sent, the page itself says what is too large.
        said = {422} if rule.endswith(("/imports/", "/base/")) else set()
        assert answer.status_code in {302, 400, 404, 413} | said, rule


@pytest.mark.one_database
@pytest.mark.parametrize("who", ["alice", "bob", "sam"])
def test_a_form_without_its_token_changes_nothing(furnished, client, who):
    sign_in(client, getattr(furnished, who))
    for method, rule, endpoint in ROUTES:
        # A signed-in person who sends the sign-in page again, from a tab of before, is led home.
        if method == "POST" and endpoint not in {"web.stripe_webhook", "web.sign_in"}:
            assert client.post(fill(rule), csrf=False).status_code in {400, 403, 404, 405}, rule


# What succeeds with no field at all.
NEEDS_NOTHING = {"web.sign_out"}


@pytest.mark.one_database
@pytest.mark.parametrize("who", ASKING)
def test_a_form_that_is_refused_and_shown_again_says_so_to_programs(furnished, client, who):
    """A browser, a password manager and a monitor know by the status that nothing was done (RFC 9110, 15.5.21)."""
    if who:
        sign_in(client, getattr(furnished, who))
    endpoints = {rule: endpoint for method, rule, endpoint in ROUTES if method == "POST"}
    shown = {}
    for rule in own_routes(who, "POST"):
        if endpoints[rule] not in NEEDS_NOTHING:
            answer = client.post(fill(rule))
            if answer.status_code == 200:
                shown[rule] = endpoints[rule]
    assert shown == {}
