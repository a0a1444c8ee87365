"""The vendor's product asks whether a key is good: right for every state, the same work for every key, nothing about people."""

from __future__ import annotations

import datetime as dt
import json
import logging

import pytest
import sqlalchemy as sa

from config_types import ROOT
from models import GoneWhy, LicenseStatus, db, utcnow
from services.seats import validation
from tests.client import make_client
from tests.factories import make_licenses
from web import limits

PATH = "/api/licenses/validate"
DAY = dt.timedelta(days=1)
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())


def ask(app, key, **headers):
    answer = make_client(app).post(PATH, json={"key": key, "fingerprint": "a"}, headers=headers, csrf=False)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def held(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    return license


def test_a_good_key_opens_with_its_plan_its_limits_and_until_when(app, held, cast):
    cast.pro.limits = [
        {"code": "size", "label_fr": "Taille", "label_en": "Size", "value_fr": "2 Go", "value_en": "2 GB"}
    ]
    db.session.commit()
    found = ask(app, held.key, **{"Accept-Language": "en"})
    assert (found["valid"], found["code"], found["plan"]) == (True, "active", "pro")
    assert found["limits"] == [{"code": "size", "label": "Size", "value": "2 GB"}]
    assert found["last_day"] == held.last_day.isoformat()
    assert dt.datetime.fromisoformat(found["usable_until"]) == held.usable_until.replace(microsecond=0)
    assert found["message"] == "This license is valid."
    assert ask(app, held.key)["message"] == "Cette licence est valide."


@pytest.mark.parametrize(
    ("state", "valid"),
    [
        ("unassigned", False),
        ("suspended", False),
        ("in_grace", True),
        ("expired", False),
        ("removed", False),
        ("revoked", False),
    ],
)
def test_every_state_has_its_code(app, held, state, valid):
    now = utcnow()
    if state == "unassigned":
        held.user_id = held.assigned_at = None
    elif state == "suspended":
        held.status = LicenseStatus.SUSPENDED
    elif state in {"in_grace", "expired"}:
        held.valid_from, held.valid_until = now - 400 * DAY, now - DAY
        held.usable_until = now + DAY if state == "in_grace" else held.valid_until
    else:
        held.user_id = held.assigned_at = None
        held.gone_at, held.gone_why = now, GoneWhy(state)
        held.status = LicenseStatus(state)
    db.session.commit()
    found = ask(app, held.key)
    assert (found["code"], found["valid"]) == (state, valid)


@pytest.mark.parametrize(
    "written",
    [
        lambda key: key.lower(),
        lambda key: key.replace("-", ""),
        lambda key: key.replace("-", " "),
        lambda key: key.replace("-", "\u2011"),
        lambda key: f"  {key}\n",
        lambda key: key.replace("0", "O").replace("1", "l"),
    ],
)
def test_a_key_is_known_however_it_is_copied(app, held, written):
    held.key = "0K12M-9XW4P-03HZT-VNZ2Y-K5J8R"
    db.session.commit()
    assert ask(app, written(held.key))["code"] == "active"


@pytest.mark.parametrize(
    "key", ["", "x", "x" * 10_000, "7KQ2M-9XW4P", "' OR 1=1 --", "%", "\u0000", "٠" * 25, "🔑"]
)
def test_what_is_no_key_is_unknown(app, held, key):
    found = ask(app, key)
    assert (found["valid"], found["code"], found["plan"], found["limits"]) == (False, "unknown", None, [])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"key": 1}', b'{"key": null}', b"\xff", b'"key"']
)
def test_what_is_no_question_gets_a_sentence(app, body):
    answer = make_client(app).post(PATH, data=body, content_type="application/json", csrf=False)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")
    assert "key" in answer.json["message"]


def test_nothing_is_said_of_people_nor_logged_of_keys(app, held, cast, caplog):
    caplog.set_level(logging.DEBUG)
    text = json.dumps(ask(app, held.key))
    for word in (cast.bob.email, cast.bob.last_name, cast.acme.name, held.key):
        assert word not in text
    assert held.key not in caplog.text


@pytest.mark.one_database
def test_a_known_and_an_unknown_key_cost_the_same_statements(app, held):
    def statements(key):
        sent = []
        with app.app_context():
            engine = db.engine
        listener = lambda _c, _cu, text, *_: sent.append(text)  # noqa: E731 - removed below
        sa.event.listen(engine, "before_cursor_execute", listener)
        ask(app, key)
        sa.event.remove(engine, "before_cursor_execute", listener)
        return sent

    ask(app, held.key)
    known = statements(held.key)
    assert len(known) <= 2  # BEGIN, and the one
    for key in ("7KQ2M-9XW4P-03HZT-VNZ2Y-K5J8R", "", "x" * 10_000):
        assert statements(key) == known


@pytest.mark.one_database
def test_a_key_and_a_machine_ask_only_so_often(app, make_app, held):
    strict = make_app(
        app.config["SQLALCHEMY_DATABASE_URI"],
        RATELIMIT_ENABLED=True,
        KEY_LIMIT="2 per minute",
        MACHINE_KEY_LIMIT="4 per minute",
    )
    limits.limiter.reset()
    try:
        client = make_client(strict)
        codes = [client.post(PATH, json={"key": held.key}, csrf=False).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        last = client.post(PATH, json={"key": held.key}, csrf=False)
        assert 1 <= int(last.headers["Retry-After"]) <= 60
        # The machine has asked four times by now.
        assert client.post(PATH, json={"key": "other"}, csrf=False).status_code == 429
        elsewhere = make_client(strict)
        elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        assert elsewhere.post(PATH, json={"key": "other"}, csrf=False).status_code == 200
    finally:
        limits.limiter.enabled = False


def test_the_description_has_every_code_and_every_field(app, held):
    schemas = OPENAPI["components"]["schemas"]
    assert schemas["Verdict"]["properties"]["code"]["enum"] == [str(one) for one in validation.Verdict]
    assert (
        set(schemas["Verdict"]["required"])
        == set(ask(app, held.key))
        == set(schemas["Verdict"]["properties"])
    )
    assert list(OPENAPI["paths"]) == [PATH]
