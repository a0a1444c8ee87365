"""Events are signed so that Stripe's library believes them, and tried until they are taken."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import Webhook
from tests.sandbox_process import SandboxProcess

Open = Callable[..., Any]


def received_types(webhook: Webhook) -> list[str]:
    return [json.loads(body)["type"] for body, _ in webhook.received]


def test_every_delivery_is_signed_so_that_stripes_library_believes_it(
    open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    sandbox.settings(webhook_url=webhook.url, webhooks="on")
    session = open_session()
    sandbox.pay(session.url)
    webhook.wait_for(4)
    for body, signature in webhook.received:
        event = stripe.Webhook.construct_event(body, signature, sandbox.webhook_secret)
        assert event.api_version == stripe.api_version
        assert not event.livemode
    completed = next(json.loads(body) for body, _ in webhook.received if b"session.completed" in body)
    assert completed["data"]["object"]["id"] == session.id
    assert completed["data"]["object"]["payment_status"] == "paid"


def test_a_changed_body_or_another_secret_is_not_believed(
    open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    sandbox.settings(webhook_url=webhook.url)
    sandbox.pay(open_session().url)
    sandbox.deliver()
    body, signature = webhook.received[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, sandbox.webhook_secret)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_other")


def test_events_signed_by_hand_are_believed_until_they_are_too_old(
    open_session: Open, sandbox: SandboxProcess
) -> None:
    sandbox.pay(open_session().url)
    event = sandbox.events("checkout.session.completed")[0]
    body, headers = sandbox.signed(event)
    assert (
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], sandbox.webhook_secret).id
        == event["id"]
    )
    body, headers = sandbox.signed(event, age=301)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], sandbox.webhook_secret)


def test_a_refused_event_is_sent_again_until_it_is_taken(
    client: Any, open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    webhook.replies = [500, 503, 302]
    sandbox.settings(webhook_url=webhook.url, webhooks="on", retry_schedule=[0.05, 0.05, 0.05])
    client.checkout.sessions.expire(open_session().id)
    webhook.wait_for(4)
    assert received_types(webhook) == ["checkout.session.expired"] * 4
    assert len({json.loads(body)["id"] for body, _ in webhook.received}) == 1
    wait_until_delivered(sandbox)
    assert len(webhook.received) == 4


def wait_until_delivered(sandbox: SandboxProcess) -> None:
    deadline = time.monotonic() + 10
    while any(event["pending_webhooks"] for event in sandbox.events()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_event_is_given_up_after_the_last_attempt_and_can_be_sent_by_hand(
    client: Any, open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    webhook.replies = [500, 500]
    sandbox.settings(webhook_url=webhook.url, retry_schedule=[0])
    client.checkout.sessions.expire(open_session().id)
    assert sandbox.deliver() == {"delivered": 0, "failed": 1}
    assert sandbox.deliver() == {"delivered": 0, "failed": 1}
    assert sandbox.deliver() == {"delivered": 0, "failed": 0}
    event = sandbox.events()[0]
    assert "Given up" in requests.get(f"{sandbox.url}/events?lang=en", timeout=10).text
    assert requests.post(f"{sandbox.url}/events/{event['id']}/send", timeout=10).ok
    assert len(webhook.received) == 3
    assert "Delivered" in requests.get(f"{sandbox.url}/events?lang=en", timeout=10).text


def test_nothing_listening_is_an_attempt_that_failed(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    client.checkout.sessions.expire(open_session().id)
    for url in ("http://127.0.0.1:9/hook", "http://127.0.0.1:nowhere/", "nowhere"):
        sandbox.settings(webhook_url=url)
        assert sandbox.deliver() == {"delivered": 0, "failed": 1}
    assert "ConnectionRefusedError" in requests.get(f"{sandbox.url}/events", timeout=10).text


def test_switched_off_webhooks_wait_until_they_are_asked_for(
    open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    sandbox.settings(webhook_url=webhook.url, webhooks="off")
    sandbox.pay(open_session().url)
    time.sleep(0.7)
    assert webhook.received == []
    assert sandbox.deliver() == {"delivered": 4, "failed": 0}
    assert sandbox.deliver() == {"delivered": 0, "failed": 0}


def test_a_restart_delivers_what_the_last_run_could_not(
    open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    sandbox.pay(open_session().url)
    sandbox.stop()
    sandbox.start()
    assert webhook.received == []
    sandbox.settings(webhook_url=webhook.url, webhooks="on")
    webhook.wait_for(4)
    assert sorted(received_types(webhook)) == sorted(event["type"] for event in sandbox.events())


def test_nothing_of_before_arrives_after_a_reset(
    open_session: Open, sandbox: SandboxProcess, webhook: Webhook
) -> None:
    webhook.seconds = 0.3
    sandbox.settings(webhook_url=webhook.url, webhooks="on")
    sandbox.pay(open_session().url)
    time.sleep(0.1)
    sandbox.reset()
    known = len(webhook.received)
    assert known > 0
    time.sleep(0.5)
    assert len(webhook.received) == known


def test_an_event_names_the_api_call_that_made_it(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    client.checkout.sessions.expire(open_session().id, None, {"idempotency_key": "expire-1"})
    event = client.events.list({"type": "checkout.session.expired"}).data[0]
    assert event.request.idempotency_key == "expire-1"
    assert client.events.retrieve(event.id).id == event.id
    assert client.events.list({"types": ["charge.succeeded"]}).data == []
