"""The real Stripe client meets the sandbox as it would meet Stripe."""

import concurrent.futures
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import connect, line, order
from tests.sandbox_process import SandboxProcess

Open = Callable[..., Any]


def refused(client: Any, **changes: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.checkout.sessions.create(order(**changes))
    assert client.checkout.sessions.list().data == []
    return caught.value


# What the application reads, field by field with its type. The published schemas are far larger; this is what we use.
SESSION = {
    "id": str,
    "object": "checkout.session",
    "livemode": False,
    "mode": "payment",
    "status": "open",
    "payment_status": "unpaid",
    "amount_total": 57_488,
    "amount_subtotal": 57_488,
    "currency": "cad",
    "client_reference_id": "K7QF-2M9X",
    "customer": None,
    "customer_email": "admin@acme.example",
    "payment_intent": None,
    "created": int,
    "expires_at": int,
    "locale": "fr-CA",
    "url": str,
    "ui_mode": "hosted_page",
    "payment_method_types": ["card", "acss_debit"],
}


def assert_fields(thing: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if isinstance(value, type):
            assert type(thing[name]) is value, name
        else:
            assert thing[name] == value, name


def test_a_new_session_has_what_the_application_reads(open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session()
    assert_fields(session.to_dict(), SESSION)
    assert session.metadata.to_dict() == {"order": "K7QF-2M9X"}
    assert session.url == f"{sandbox.url}/pay/{session.id}"
    assert 23 * 3600 < session.expires_at - time.time() < 25 * 3600


def test_a_paid_session_leads_to_its_payment_and_its_charge(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    sandbox.pay(session.url)
    expand = {"expand": ["payment_intent.latest_charge", "line_items"]}
    paid = client.checkout.sessions.retrieve(session.id, expand).to_dict()
    assert_fields(paid, {"status": "complete", "payment_status": "paid", "url": None})
    assert paid["customer_details"]["email"] == "admin@acme.example"
    intent = paid["payment_intent"]
    wanted = {"object": "payment_intent", "status": "succeeded", "amount": 57_488, "amount_received": 57_488}
    assert_fields(intent, wanted | {"currency": "cad", "livemode": False, "metadata": {"order": "K7QF-2M9X"}})
    charge = intent["latest_charge"]
    wanted = {"object": "charge", "status": "succeeded", "paid": True, "refunded": False, "disputed": False}
    assert_fields(charge, wanted | {"amount": 57_488, "amount_refunded": 0, "amount_captured": 57_488})
    assert charge["payment_method_details"]["card"]["last4"] == "4242"
    assert [item["amount_total"] for item in paid["line_items"]["data"]] == [50_000, 2_500, 4_988]


def test_retrieving_without_expand_gives_ids(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    sandbox.pay(session.url)
    intent_id = client.checkout.sessions.retrieve(session.id).payment_intent
    intent = client.payment_intents.retrieve(intent_id)
    assert client.charges.retrieve(intent.latest_charge).payment_intent == intent_id
    assert client.charges.list({"payment_intent": intent_id}).data[0].id == intent.latest_charge
    assert [found.id for found in client.checkout.sessions.list({"payment_intent": intent_id}).data] == [
        session.id
    ]


def test_line_items_keep_order_names_and_quantities(client: Any, open_session: Open) -> None:
    session = open_session()
    items = client.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]}).data
    assert [(item.description, item.quantity) for item in items] == [
        ("Pro – 1 an", 5),
        ("TPS (5 %)", 1),
        ("TVQ (9,975 %)", 1),
    ]
    assert items[0].object == "item"
    assert items[0].price.unit_amount == 10_000
    assert items[0].price.product.name == "Pro – 1 an"


def test_lists_page_from_newest_to_oldest(client: Any, open_session: Open) -> None:
    ids = [open_session().id for _ in range(5)]
    first = client.checkout.sessions.list({"limit": 2})
    assert [session.id for session in first.data] == [ids[4], ids[3]]
    assert first.has_more
    rest = client.checkout.sessions.list({"limit": 3, "starting_after": ids[3]})
    assert [session.id for session in rest.data] == [ids[2], ids[1], ids[0]]
    assert not rest.has_more
    before = client.checkout.sessions.list({"ending_before": ids[3]})
    assert [session.id for session in before.data] == [ids[4]]


def test_a_customer_is_created_changed_and_used(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    customer = client.customers.create(
        {"name": "Acme", "email": "pay@acme.example", "metadata": {"company": "1"}}
    )
    client.customers.update(customer.id, {"name": "Acme inc.", "metadata": {"plan": "pro"}})
    changed = client.customers.retrieve(customer.id)
    assert changed.name == "Acme inc."
    assert changed.metadata.to_dict() == {"company": "1", "plan": "pro"}
    session = open_session(customer=customer.id, customer_email=None)
    sandbox.pay(session.url)
    expanded = client.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert expanded.customer.id == customer.id
    assert expanded.customer_details.email == "pay@acme.example"


def test_check_stripe_can_ask_for_the_account_and_its_balance(client: Any) -> None:
    account = client.accounts.retrieve_current()
    assert account.charges_enabled
    assert account.default_currency == "cad"
    assert client.balance.retrieve().available[0].currency == "cad"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_intent_data": {"colour": "red"}}, "parameter_unknown", "payment_intent_data[colour]"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "nowhere"}, "url_invalid", "success_url"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url"),
        ({"mode": None}, "parameter_missing", "mode"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"line_items": [line(10_000, 0)]}, "parameter_invalid_integer", "line_items[0][quantity]"),
        ({"line_items": [line(-5)]}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ({"line_items": [line(49)]}, "amount_too_small", "line_items"),
        ({"line_items": [line(99_999_999, 2)]}, "amount_too_large", "line_items"),
        (
            {"line_items": [{"price_data": line(100)["price_data"]}]},
            "parameter_missing",
            "line_items[0][quantity]",
        ),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"customer": "cus_nobody", "customer_email": None}, "resource_missing", "customer"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"expires_at": 1_000_000_000}, None, "expires_at"),
        ({"locale": "fr-XX"}, None, "locale"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"client_reference_id": "r" * 201}, None, "client_reference_id"),
        ({"client_reference_id": "a\0b"}, None, "client_reference_id"),
        ({"payment_method_types": ["card", "cash"]}, None, "payment_method_types[1]"),
        (
            {
                "payment_method_options": {
                    "acss_debit": {"mandate_options": {}, "verification_method": "automatic"}
                }
            },
            "parameter_missing",
            "payment_method_options[acss_debit][mandate_options]",
        ),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_created(
    client: Any, changes: dict[str, Any], code: str | None, param: str
) -> None:
    problem = refused(client, **changes)
    assert (problem.code, problem.param) == (code, param)


def test_listing_bank_debit_by_name_needs_its_mandate_as_at_stripe(client: Any, open_session: Open) -> None:
    named = ["card", "acss_debit"]
    problem = refused(client, payment_method_types=named, payment_method_options=None)
    assert problem.param == "payment_method_options[acss_debit][mandate_options][payment_schedule]"
    session = open_session(payment_method_types=named)
    assert session.payment_method_options.acss_debit.mandate_options.transaction_type == "business"
    assert open_session(payment_method_options=None).payment_method_types == ["card"]


def test_what_stripe_offers_and_the_sandbox_does_not_is_said_so(client: Any) -> None:
    assert "sandbox does not offer" in str(refused(client, allow_promotion_codes=True))
    assert "sandbox offers mode=payment only" in str(refused(client, mode="subscription"))


@pytest.mark.parametrize(
    ("key", "says"),
    [("sk_test_wrong", "Invalid API Key provided"), ("sk_live_51H", "Invalid API Key provided")],
)
def test_a_wrong_key_is_refused(sandbox: SandboxProcess, key: str, says: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match=says):
        connect(sandbox, key=key).checkout.sessions.create(order())


def test_no_key_is_refused_and_a_basic_one_accepted(sandbox: SandboxProcess) -> None:
    url = f"{sandbox.url}/v1/account"
    anonymous = requests.get(url, timeout=5)
    assert anonymous.status_code == 401
    assert anonymous.json()["error"]["type"] == "invalid_request_error"
    basic = requests.get(url, auth=(sandbox.secret_key, ""), timeout=5)
    assert basic.status_code == 200
    assert basic.headers["Request-Id"].startswith("req_")
    assert basic.headers["Stripe-Version"] == stripe.api_version


@pytest.mark.parametrize(
    "path", ["checkout/sessions/cs_no", "charges/ch_no", "events/evt_no", "nowhere/at/all"]
)
def test_what_is_not_there_is_404_in_stripes_shape(sandbox: SandboxProcess, path: str) -> None:
    answer = requests.get(f"{sandbox.url}/v1/{path}", auth=(sandbox.secret_key, ""), timeout=5)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", ["a[b=1", "[x]=1", "metadata=1&metadata[a]=2", "%00=1", "x" + "[a]" * 40 + "=1", "%ff=%ff"]
)
def test_a_broken_form_is_a_400_never_a_500(sandbox: SandboxProcess, body: str) -> None:
    answer = requests.post(
        f"{sandbox.url}/v1/checkout/sessions", data=body, auth=(sandbox.secret_key, ""), timeout=5
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


# --- Idempotency and faults ---------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_session(client: Any) -> None:
    options = {"idempotency_key": "order-K7QF-attempt-1"}
    first = client.checkout.sessions.create(order(), options)
    again = client.checkout.sessions.create(order(), options)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(client.checkout.sessions.list().data) == 1


def test_the_same_key_with_another_cart_is_an_error(client: Any) -> None:
    options = {"idempotency_key": "order-K7QF-attempt-1"}
    client.checkout.sessions.create(order(), options)
    with pytest.raises(stripe.IdempotencyError):
        client.checkout.sessions.create(order(line_items=[line(10_000, 6)]), options)
    assert len(client.checkout.sessions.list().data) == 1


def test_a_key_survives_a_restart(client: Any, sandbox: SandboxProcess) -> None:
    options = {"idempotency_key": "order-K7QF-attempt-1"}
    first = client.checkout.sessions.create(order(), options)
    sandbox.stop()
    sandbox.start()
    assert client.checkout.sessions.create(order(), options).id == first.id


def test_ten_at_once_with_one_key_give_one_session(sandbox: SandboxProcess, client: Any) -> None:
    def create(_: int) -> str:
        patient = connect(sandbox, retries=5)
        return str(patient.checkout.sessions.create(order(), {"idempotency_key": "k"}).id)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(create, range(10)))) == 1
    assert len(client.checkout.sessions.list().data) == 1


def test_a_refused_request_does_not_use_up_its_key(client: Any) -> None:
    options = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError):
        client.checkout.sessions.create(order(colour="red"), options)
    assert client.checkout.sessions.create(order(), options).status == "open"


@pytest.mark.parametrize(("fault", "made"), [("fail_next", 0), ("fail_after_next", 1)])
def test_a_failure_is_kept_under_its_key_for_a_day_and_told_from_a_fresh_one(
    sandbox: SandboxProcess, client: Any, fault: str, made: int
) -> None:
    options = {"idempotency_key": "k"}
    sandbox.settings(**{fault: 1})
    replayed = []
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            client.checkout.sessions.create(order(), options)
        replayed.append((failed.value.headers or {}).get("idempotent-replayed"))
    assert replayed == [None, "true"]
    assert len(client.checkout.sessions.list().data) == made
    sandbox.settings(clock_ahead=24 * 3600 + 5)
    assert client.checkout.sessions.create(order(), options).status == "open"


def test_an_answer_that_was_lost_on_the_way_is_had_by_asking_again(
    sandbox: SandboxProcess, client: Any
) -> None:
    sandbox.settings(lose_next=1)
    created = connect(sandbox, retries=2).checkout.sessions.create(order())
    assert [session.id for session in client.checkout.sessions.list().data] == [created.id]


def test_a_key_in_use_is_a_409_and_the_first_request_goes_on(sandbox: SandboxProcess, client: Any) -> None:
    sandbox.settings(delay_ms=600)

    def create(wait: float) -> tuple[int, str]:
        time.sleep(wait)
        try:
            connect(sandbox).checkout.sessions.create(order(), {"idempotency_key": "k"})
        except stripe.APIError as problem:
            return problem.http_status or 0, problem.json_body["error"]["code"]
        return 200, ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(create, [0, 0.2]))
    # Whichever of them came first.
    assert sorted(answers) == [(200, ""), (409, "idempotency_key_in_use")]


def test_too_many_requests_are_a_429_when_told_to(sandbox: SandboxProcess, client: Any) -> None:
    sandbox.settings(limit_next=1)
    with pytest.raises(stripe.RateLimitError):
        client.checkout.sessions.create(order())
    assert client.checkout.sessions.create(order()).status == "open"


def test_a_deleted_customer_is_told_as_stripe_tells_it(client: Any) -> None:
    customer = client.customers.create({"name": "Acme"})
    client.customers.delete(customer.id)
    assert client.customers.retrieve(customer.id).deleted
    problem = refused(client, customer=customer.id, customer_email=None)
    assert (problem.http_status, problem.code, problem.param) == (400, "resource_missing", "customer")


def test_a_key_that_lacks_a_permission_is_told_which(sandbox: SandboxProcess, client: Any) -> None:
    sandbox.settings(lacks="rak_customer_write")
    with pytest.raises(stripe.PermissionError, match="Having the 'rak_customer_write' permission"):
        client.customers.create({"name": "Acme"})
    assert client.customers.list().data == []


def test_the_accounts_endpoint_and_its_events_can_be_listed(sandbox: SandboxProcess, client: Any) -> None:
    sandbox.settings(endpoint_events="charge.refunded,checkout.session.completed")
    (only,) = client.webhook_endpoints.list().data
    assert (only.status, only.enabled_events) == (
        "enabled",
        ["charge.refunded", "checkout.session.completed"],
    )


def test_without_retries_a_500_reaches_the_caller(sandbox: SandboxProcess, client: Any) -> None:
    sandbox.settings(fail_next=1)
    with pytest.raises(stripe.APIError):
        client.checkout.sessions.create(order())
    assert client.checkout.sessions.list().data == []


def test_a_slow_stripe_times_out_at_the_client(sandbox: SandboxProcess) -> None:
    sandbox.settings(delay_ms=1000)
    impatient = stripe.StripeClient(
        sandbox.secret_key,
        base_addresses={"api": sandbox.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.2),
    )
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.checkout.sessions.create(order())
