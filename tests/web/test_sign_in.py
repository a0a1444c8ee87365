"""Signing in and out, and what the pages never tell."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask_security import hash_password

from models import JournalEntry, OutgoingMail, User, db
from services.people import oneself
from tests.client import Client, make_client
from tests.conftest import Cast
from tests.factories import PASSWORD
from tests.web.pages import is_signed_in, sign_in_by_page, without_tokens


def test_a_customer_lands_on_the_portal_and_staff_on_support(client: Client, app: Flask, cast: Cast) -> None:
    assert sign_in_by_page(client, "alice@acme.example").location == "/portal/"
    assert client.get("/").location == "/portal/"
    assert client.get("/sign-in").location == "/portal/"
    staff = make_client(app)
    assert sign_in_by_page(staff, "sam@trousseau.example").location == "/support/"
    assert staff.get("/").location == "/support/"


def test_a_visitor_is_asked_to_sign_in_and_comes_back_to_the_page_they_wanted(
    client: Client, cast: Cast
) -> None:
    assert client.get("/").location == "/sign-in"
    asked = client.get("/profile?tab=1").location
    assert asked == "/sign-in?next=/profile?tab%3D1"
    page = client.get(asked)
    assert 'name="next" value="/profile?tab=1"' in page.text
    answer = sign_in_by_page(client, "alice@acme.example", next="/profile?tab=1")
    assert answer.location == "/profile?tab=1"


def test_the_address_may_be_typed_in_any_case_with_spaces_around(client: Client, cast: Cast) -> None:
    assert sign_in_by_page(client, "  ALICE@Acme.Example ").status_code == 302
    assert is_signed_in(client)


def test_a_sign_in_is_dated_and_journalled(client: Client, cast: Cast) -> None:
    assert cast.alice.signed_in_at is None
    sign_in_by_page(client, "alice@acme.example")
    assert cast.alice.signed_in_at is not None
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.actor_id, entry.subject_id) == ("signed_in", cast.alice.id, cast.alice.id)
    assert entry.company_id == cast.acme.id
    assert entry.personal.address == "127.0.0.1"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "///evil.example",
        "/\t/evil.example",
        "https:evil.example",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(client: Client, cast: Cast, wanted: str) -> None:
    assert 'name="next"' not in client.get("/sign-in", query_string={"next": wanted}).text
    assert sign_in_by_page(client, "alice@acme.example", next=wanted).location == "/portal/"


def test_wrong_password_unknown_address_and_deactivated_person_read_the_same_page(
    client: Client, app: Flask, cast: Cast
) -> None:
    cast.bob.active = False
    cast.dave.password = None
    db.session.commit()
    answers = [
        sign_in_by_page(make_client(app), email, password)
        for email, password in [
            ("alice@acme.example", "wrong password"),
            ("nobody@acme.example", PASSWORD),
            ("bob@acme.example", PASSWORD),
            ("dave@acme.example", PASSWORD),
        ]
    ]
    assert {answer.status_code for answer in answers} == {422}
    # What was typed stays in the form, and is the only thing that differs.
    pages = {without_tokens(a.text).replace(e, "") for a, e in zip(answers, ADDRESSES, strict=True)}
    assert len(pages) == 1
    assert "Courriel ou mot de passe incorrect" in pages.pop()


ADDRESSES = ["alice@acme.example", "nobody@acme.example", "bob@acme.example", "dave@acme.example"]


def test_it_takes_as_long_for_an_unknown_address_as_for_a_wrong_password(app: Flask, cast: Cast) -> None:
    # Hashes as slow as production's, so that leaving one out shows.
    cast.alice.password = "$argon2id$v=19$m=65536,t=3,p=4$" + SLOW_HASH
    cast.bob.active = False
    db.session.commit()
    app.extensions["security"].pwd_context.update(argon2__memory_cost=65536, argon2__rounds=3)
    try:
        known, unknown, inactive = (
            min(_seconds(lambda email=email: oneself.authenticate(email, "wrong password")) for _ in range(3))
            for email in ADDRESSES[:3]
        )
    finally:
        app.extensions["security"].pwd_context.update(argon2__memory_cost=64, argon2__rounds=1)
    assert 0.3 < unknown / known < 3
    assert 0.3 < inactive / known < 3


SLOW_HASH = "c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


def _seconds(action: object) -> float:
    """Of the processor: a busy machine must not fail the test."""
    started = time.process_time()
    action()  # type: ignore[operator]
    return time.process_time() - started


@pytest.mark.parametrize("path", ["/sign-in/link", "/forgot-password"])
def test_asking_for_a_link_reads_the_same_and_takes_as_long_whoever_it_is_for(
    app: Flask, cast: Cast, path: str
) -> None:
    app.config["LINK_ANSWER_SECONDS"] = 0.8
    cast.bob.active = False
    db.session.commit()
    answers, seconds = [], []
    for email in ADDRESSES[:3]:
        browser = make_client(app)
        token = browser.csrf_token()
        started = time.perf_counter()
        answers.append(browser.post(path, data={"email": email, "csrf_token": token}, csrf=False))
        seconds.append(time.perf_counter() - started)
    assert {answer.status_code for answer in answers} == {200}
    assert len({without_tokens(answer.text) for answer in answers}) == 1
    # What is done for somebody real takes a tenth of this; the answer hides it by coming later than that.
    assert min(seconds) >= 0.8
    assert max(seconds) - min(seconds) < 0.4
    mail = db.session.scalars(db.select(OutgoingMail)).one()
    assert mail.user_id == cast.alice.id


def test_a_person_who_is_deactivated_is_signed_out_at_once(client: Client, cast: Cast) -> None:
    sign_in_by_page(client, "alice@acme.example")
    cast.alice.active = False
    db.session.commit()
    assert not is_signed_in(client)


def test_signing_in_starts_a_session_that_shares_nothing_with_the_one_before(
    client: Client, cast: Cast
) -> None:
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session["csrf_token"]
    sign_in_by_page(client, "alice@acme.example")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != before


def test_signing_out_takes_a_post_with_the_forms_token(client: Client, cast: Cast) -> None:
    sign_in_by_page(client, "alice@acme.example")
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out", csrf=False).status_code == 400
    assert is_signed_in(client)
    assert client.post("/sign-out").location == "/sign-in"
    assert not is_signed_in(client)


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(client: Client, cast: Cast) -> None:
    sign_in_by_page(client, "alice@acme.example")
    cookie = client.get_cookie(client.application.config["SESSION_COOKIE_NAME"])
    thief = make_client(client.application)
    thief.set_cookie(cookie.key, cookie.value)
    assert is_signed_in(thief)
    client.post("/sign-out")
    assert not is_signed_in(thief)
    entry = db.session.scalars(db.select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert (entry.verb, entry.actor_id, entry.subject_id) == ("signed_out", cast.alice.id, cast.alice.id)


def test_a_forged_sign_in_form_is_refused(client: Client, cast: Cast) -> None:
    answer = client.post("/sign-in", data={"email": "alice@acme.example", "password": PASSWORD}, csrf=False)
    assert answer.status_code == 400
    assert not is_signed_in(client)


def test_a_token_in_the_address_or_a_header_signs_nobody_in(client: Client, app: Flask, cast: Cast) -> None:
    with app.test_request_context():
        token = cast.alice.get_auth_token()
    assert client.get(f"/profile?auth_token={token}").status_code == 302
    assert client.get("/profile", headers={"Authentication-Token": token}).status_code == 302


@pytest.mark.parametrize("field", ["email", "password"])
def test_a_missing_or_endless_field_is_asked_for_again(client: Client, cast: Cast, field: str) -> None:
    for value in ("", "x" * 10_000):
        answer = sign_in_by_page(client, **{"email": "alice@acme.example", field: value})
        assert answer.status_code == 422
        assert not is_signed_in(client)


def test_a_password_is_the_same_typed_on_any_keyboard(client: Client, cast: Cast) -> None:
    with_accent = "e\u0301te\u0301 a\u0300 Que\u0301bec"  # letters and accents apart, as macOS sends them
    cast.alice.password = oneself.hashed("\u00e9t\u00e9 \u00e0 Qu\u00e9bec")
    db.session.commit()
    assert sign_in_by_page(client, "alice@acme.example", with_accent).status_code == 302


def test_hashes_in_production_are_argon2(app: Flask) -> None:
    with app.app_context():
        assert hash_password(PASSWORD).startswith("$argon2id$")


def test_a_second_person_of_the_same_browser_replaces_the_first(client: Client, cast: Cast) -> None:
    sign_in_by_page(client, "alice@acme.example")
    client.post("/sign-out")
    sign_in_by_page(client, "carol@globex.example")
    assert "carol@globex.example" in client.get("/profile").text
    assert (
        db.session.scalar(db.select(db.func.count()).select_from(User).where(User.signed_in_at.is_not(None)))
        == 2
    )
