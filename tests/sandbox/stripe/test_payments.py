"""Paying at the sandbox: what each test card and account does to the session, the payment and the events."""

import concurrent.futures
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import line, page_of
from tests.sandbox_process import (
    AUTHENTICATE,
    DEBIT_FAILS,
    DEBIT_SUCCEEDS,
    DECLINED,
    NO_FUNDS,
    SUCCESS,
    SandboxProcess,
)

Open = Callable[..., Any]
PAID_EVENTS = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]
REFUSED = {
    DECLINED: ("card_declined", "generic_decline", "La carte a été refusée."),
    NO_FUNDS: ("card_declined", "insufficient_funds", "La provision est insuffisante."),
    "4000000000009987": ("card_declined", "lost_card", "déclarée perdue"),
    "4000000000009979": ("card_declined", "stolen_card", "déclarée volée"),
    "4000000000000069": ("expired_card", "expired_card", "La carte est expirée."),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc", "Le code de sécurité est inexact."),
    "4000000000000119": ("processing_error", "processing_error", "Réessayez."),
}


@pytest.mark.parametrize("card", [SUCCESS, "5555555555554444", "4242 4242 4242 4242"])
def test_a_good_card_pays_and_leads_back_with_the_sessions_id(
    client: Any, open_session: Open, sandbox: SandboxProcess, card: str
) -> None:
    session = open_session()
    back = sandbox.pay(session.url, card)
    assert back == f"http://127.0.0.1:9/orders/K7QF-2M9X/paid?session={session.id}"
    assert client.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert sandbox.types() == PAID_EVENTS


@pytest.mark.parametrize("card", REFUSED)
def test_a_refused_card_says_why_and_leaves_the_session_open_for_another(
    client: Any, open_session: Open, sandbox: SandboxProcess, card: str
) -> None:
    code, decline_code, sentence = REFUSED[card]
    session = open_session()
    assert sandbox.pay(session.url, card) is None
    assert sentence in page_of(sandbox, session).text
    after = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (after.status, after.payment_status) == ("open", "unpaid")
    assert after.payment_intent.status == "requires_payment_method"
    error = after.payment_intent.last_payment_error
    assert (error.type, error.code, error.decline_code) == ("card_error", code, decline_code)
    assert after.payment_intent.latest_charge.status == "failed"
    assert sandbox.types() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    assert sandbox.pay(session.url, SUCCESS)
    paid = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert paid.payment_status == "paid"
    assert paid.payment_intent.id == after.payment_intent.id


@pytest.mark.parametrize("card", [AUTHENTICATE, "4000002760003184"])
def test_3d_secure_pays_only_once_it_is_completed(
    client: Any, open_session: Open, sandbox: SandboxProcess, card: str
) -> None:
    session = open_session()
    form = {"method": "card", "name": "Une Personne", "number": card, "expiry": "12/34", "cvc": "123"}
    answer = requests.post(session.url, data=form, allow_redirects=False, timeout=10)
    assert answer.headers["Location"] == f"/pay/{session.id}/authenticate"
    waiting = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert waiting.payment_status == "unpaid"
    assert waiting.payment_intent.status == "requires_action"
    assert waiting.payment_intent.next_action.redirect_to_url.url == f"{session.url}/authenticate"
    assert sandbox.authenticate(session.url)
    assert client.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_failed_3d_secure_charges_nothing_and_can_be_tried_again(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    assert sandbox.pay(session.url, AUTHENTICATE, authenticate=False) is None
    assert "L’authentification a échoué." in page_of(sandbox, session).text
    after = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert after.payment_intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert after.payment_intent.latest_charge is None
    assert sandbox.pay(session.url, AUTHENTICATE)


def test_3d_secure_can_succeed_and_the_card_be_refused(open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session()
    assert sandbox.pay(session.url, "4000008260003178") is None
    assert "La provision est insuffisante." in page_of(sandbox, session).text


def test_authenticating_what_was_never_asked_pays_nothing(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    assert sandbox.authenticate(session.url) is None
    assert client.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


def test_a_bank_debit_is_unpaid_until_it_succeeds(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    assert sandbox.pay_by_debit(session.url, DEBIT_SUCCEEDS)
    waiting = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    assert waiting.payment_intent.latest_charge.status == "pending"
    completed = sandbox.events("checkout.session.completed")[0]["data"]["object"]
    assert completed["payment_status"] == "unpaid"
    assert sandbox.settle() == 1
    paid = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert paid.payment_status == "paid"
    assert paid.payment_intent.latest_charge.paid
    told = sandbox.events("checkout.session.async_payment_succeeded")[0]["data"]["object"]
    assert (told["id"], told["payment_status"]) == (session.id, "paid")
    assert sandbox.settle() == 0


def test_a_bank_debit_may_fail(client: Any, open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session()
    assert sandbox.pay_by_debit(session.url, DEBIT_FAILS)
    sandbox.settle()
    failed = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert failed.payment_intent.status == "requires_payment_method"
    assert failed.payment_intent.latest_charge.failure_code == "payment_method_provider_decline"
    assert sandbox.types()[-3:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]


def test_a_bank_debit_settles_by_itself_after_its_delay(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    sandbox.settings(debit_delay=0.3)
    session = open_session()
    sandbox.pay_by_debit(session.url)
    deadline = time.monotonic() + 10
    while client.checkout.sessions.retrieve(session.id).payment_status != "paid":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ten_clicks_on_pay_charge_once(client: Any, open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        backs = set(pool.map(lambda _: sandbox.pay(session.url), range(10)))
    assert backs == {f"http://127.0.0.1:9/orders/K7QF-2M9X/paid?session={session.id}"}
    assert len(client.charges.list().data) == 1
    assert sandbox.types() == PAID_EVENTS


def test_a_total_of_zero_needs_no_payment(client: Any, open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session(line_items=[line(0)])
    assert session.payment_status == "no_payment_required"
    assert sandbox.pay(session.url)
    done = client.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.payment_intent) == (
        "complete",
        "no_payment_required",
        None,
    )
    assert sandbox.types() == ["checkout.session.completed"]


# --- Sessions that end otherwise ----------------------------------------------------------------------------------


def test_walking_away_leaves_the_session_open(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    assert sandbox.walk_away(session.id) == "http://127.0.0.1:9/orders/K7QF-2M9X"
    assert f'href="{session.cancel_url}"' in page_of(sandbox, session).text
    assert client.checkout.sessions.retrieve(session.id).status == "open"
    assert sandbox.types() == []


def test_an_expired_session_cannot_be_paid_and_shows_the_way_back(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    expired = client.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert sandbox.pay(session.url) is None
    page = page_of(sandbox, session)
    assert page.status_code == 410
    assert "Ce paiement a expiré" in page.text
    assert session.cancel_url in page.text
    assert sandbox.types() == ["checkout.session.expired"]


def test_a_session_expires_by_itself(client: Any, open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session(expires_at=int(time.time()) + 31 * 60)
    sandbox.settings(clock_ahead=30 * 60)
    assert client.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.settings(clock_ahead=32 * 60)
    assert client.checkout.sessions.retrieve(session.id).status == "expired"
    assert sandbox.types() == ["checkout.session.expired"]


def test_expiring_after_a_refused_card_cancels_its_payment(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    sandbox.pay(session.url, DECLINED)
    client.checkout.sessions.expire(session.id)
    assert client.payment_intents.list().data[0].status == "canceled"


def test_a_paid_session_cannot_be_expired_and_says_it_is_complete(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session()
    sandbox.pay(session.url)
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        client.checkout.sessions.expire(session.id)
    page = page_of(sandbox, session)
    assert "Ce paiement est terminé" in page.text
    assert f"/paid?session={session.id}" in page.text


def test_paying_and_expiring_at_once_ends_in_one_of_the_two(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    def expire(session_id: str) -> None:
        try:
            client.checkout.sessions.expire(session_id)
        except stripe.InvalidRequestError:
            return

    for _ in range(5):
        session = open_session()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            paying, expiring = pool.submit(sandbox.pay, session.url), pool.submit(expire, session.id)
            back, _ = paying.result(), expiring.result()
        after = client.checkout.sessions.retrieve(session.id)
        assert (after.status, after.payment_status) == (
            ("complete", "paid") if back else ("expired", "unpaid")
        )
