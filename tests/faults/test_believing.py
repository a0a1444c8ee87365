"""Which posts to the webhook are believed, and what staff learn of those that are not: a wrong secret, a wrong clock."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest

from models import RefusedWebhook, db
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.faults.test_webhooks import PATH, completed, kept, post
from tests.sandbox_process import SandboxProcess

SECRET_WORDS = "Événements de Stripe refusés : mauvais secret de signature"
CLOCK_WORDS = "Événements de Stripe refusés : horloge du serveur déréglée"


def counted():
    db.session.rollback()
    return {row.fault.value: row.count for row in db.session.scalars(db.select(RefusedWebhook))}


def test_a_wrong_secret_is_said_in_the_log_and_counted_for_staff_until_an_event_is_believed(
    buyer, client, app, caplog
):
    event = completed(buyer)
    staff = make_client(app)
    sign_in(staff, buyer.cast.sam)
    assert "Événements de Stripe refusés" not in words(staff.get("/support/"))
    for _ in range(3):
        assert (
            post(client, *buyer.sandbox.signed(event, secret="whsec_of_another_endpoint")).status_code == 400
        )
    assert "STRIPE_WEBHOOK_SECRET" in caplog.text
    assert "whsec_" not in caplog.text
    page = words(staff.get("/support/"))
    assert SECRET_WORDS in page
    assert (counted(), kept()) == ({"signature": 3}, [])
    assert post(client, *buyer.sandbox.signed(event)).status_code == 200
    assert SECRET_WORDS not in words(staff.get("/support/"))
    assert counted() == {}


@pytest.mark.parametrize("age", [600, -600])
def test_a_clock_ten_minutes_off_in_either_direction_is_said_and_counted(buyer, client, app, caplog, age):
    assert post(client, *buyer.sandbox.signed(completed(buyer), age=age)).status_code == 400
    assert "clock" in caplog.text
    assert (counted(), kept()) == ({"clock": 1}, [])
    staff = make_client(app)
    sign_in(staff, buyer.cast.sam)
    assert CLOCK_WORDS in words(staff.get("/support/"))


@pytest.mark.one_database
@pytest.mark.parametrize(
    "header", ["", "t=1,v1=00", "nonsense", "t=1", "v1=" + "0" * 64, "t=1,v1=" + "é" * 64]
)
def test_what_strangers_post_alarms_nobody(buyer, client, caplog, header):
    body, headers = buyer.sandbox.signed(completed(buyer))
    assert post(client, body, headers | {"Stripe-Signature": header}).status_code == 400
    assert counted() == {}
    assert "STRIPE_WEBHOOK_SECRET" not in caplog.text


def test_refusals_at_the_same_moment_are_all_counted(buyer, app, together):
    body, headers = buyer.sandbox.signed(completed(buyer), secret="whsec_of_another_endpoint")
    answers = together(8, lambda _: make_client(app).post(PATH, data=body, headers=headers, csrf=False))
    assert {answer.value.status_code for answer in answers} == {400}
    assert counted() == {"signature": 8}


@pytest.mark.one_database
@pytest.mark.parametrize(
    "form", ["xt={now},{old}", "t={now}x,{old}", "t={now}=1,{old}", "t={now},{old}", " t={now},{old}"]
)
def test_an_old_signature_is_not_made_young_by_what_stands_beside_it(buyer, client, form):
    body, headers = buyer.sandbox.signed(completed(buyer), age=3600)
    forged = form.format(now=int(time.time()), old=headers["Stripe-Signature"])
    assert post(client, body, headers | {"Stripe-Signature": forged}).status_code == 400
    assert kept() == []


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", '"evt_\\ud800"'),
        ("id", '"evt_\\u0000"'),
        ("id", f'"{"e" * 300}"'),
        ("type", f'"{"t" * 300}"'),
        ("created", "1e30"),
        ("created", "-1e30"),
        ("created", "NaN"),
        ("created", '"soon"'),
        ("data", "[]"),
        ("data", '{"object": 5}'),
        ("data", '{"object": {"metadata": 5}}'),
        ("data", '{"object": {"metadata": "order_reference desk"}}'),
        ("data", '{"object": {"id": "cs_\\ud800"}}'),
        ("more", NESTED),
    ],
)
def test_a_signed_but_absurd_event_is_refused_and_nothing_is_kept(buyer, client, name, value):
    event = {"id": "evt_1", "type": "invoice.paid", "created": 1, "livemode": False, "data": {"object": {}}}
    rest = ", ".join(f'"{key}": {json.dumps(known)}' for key, known in event.items() if key != name)
    body = f'{{{rest}, "{name}": {value}}}'.encode()
    at = int(time.time())
    mac = hmac.new(SandboxProcess.webhook_secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    assert post(client, body, {"Stripe-Signature": f"t={at},v1={mac.hexdigest()}"}).status_code == 400
    assert (kept(), counted()) == ([], {})


@pytest.mark.one_database
def test_an_event_of_another_api_version_is_read_all_the_same(buyer, client):
    """Endpoints keep the version of the day on which they were made: what happened is asked of Stripe."""
    event = completed(buyer) | {"api_version": "2020-08-27"}
    event["data"]["object"] = {
        "id": event["data"]["object"]["id"],
        "metadata": event["data"]["object"]["metadata"],
    }
    assert post(client, *buyer.sandbox.signed(event)).json == {"outcome": "fulfilled"}


@pytest.mark.one_database
def test_a_secret_that_is_being_rolled_over_is_believed_by_either_signature(buyer, client):
    """Stripe signs with the old and the new one for a day (its docs, "Roll endpoint signing secrets")."""
    body, headers = buyer.sandbox.signed(completed(buyer))
    second, mine = headers["Stripe-Signature"].split(",")
    other = "v1=" + "0" * 64
    rolled = {"Stripe-Signature": ",".join([second, other, mine, "v0=" + "1" * 64])}
    assert post(client, body, headers | rolled).json == {"outcome": "fulfilled"}
