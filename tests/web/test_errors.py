"""What a person reads when something cannot be done."""

from __future__ import annotations

import re
import sqlite3

import pytest
import sqlalchemy as sa
from flask import Flask, abort

from models import User, db
from services.foundation.errors import Code, Refused
from services.people import oneself
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast
from tests.databases import Database
from tests.factories import PASSWORD
from tests.web.pages import heading

TITLES = {
    400: ("Demande illisible", "This request cannot be read"),
    403: ("Vous n’avez pas accès à cette page", "This page is not open to you"),
    404: ("Cette page n’existe pas", "This page does not exist"),
    405: ("Cette action n’est pas permise ainsi", "This cannot be done that way"),
    409: ("Ligne retirée du panier", "Cart line removed"),
    413: ("Envoi trop volumineux", "This is too large"),
    500: ("Une erreur s’est produite de notre côté", "Something broke on our side"),
    503: ("Nous ne pouvons pas répondre en ce moment", "We cannot answer right now"),
}


def _break(app: Flask, failure: object) -> None:
    """Make the sign-in page fail, for this test: `app` is put back by its fixture."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail() -> None:
        if isinstance(failure, int):
            abort(failure)
        raise failure  # type: ignore[misc]

    app.view_functions["web.sign_in"] = fail  # type: ignore[assignment]


@pytest.fixture
def app(app: Flask) -> object:
    before = dict(app.view_functions)
    yield app
    app.view_functions.clear()
    app.view_functions.update(before)


LOCKED = sqlite3.OperationalError("database is locked")
LOCKED.sqlite_errorname = "SQLITE_BUSY"
BUG = sqlite3.OperationalError("no such table: secrets")
BUG.sqlite_errorname = "SQLITE_ERROR"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("failure", "code"),
    [
        *[(code, code) for code in TITLES if code != 409],
        (418, 400),
        (502, 500),
        (Refused(Code.LINE_GONE, "secret-sentence"), 409),
        (RuntimeError("a secret"), 500),
        (sa.exc.OperationalError("SELECT secret", {}, LOCKED), 503),
        (sa.exc.OperationalError("SELECT secret", {}, BUG), 500),
        (sa.exc.TimeoutError("pool secret"), 503),
        (sa.exc.DataError("SELECT secret", {}, Exception("a secret")), 400),
    ],
)
def test_every_failure_has_a_page_of_ours_in_both_languages(
    client: Client, app: Flask, cast: Cast, failure: object, code: int
) -> None:
    _break(app, failure)
    for language, title in zip(("fr", "en"), TITLES[code], strict=True):
        answer = client.get("/sign-in", headers={"Accept-Language": language})
        assert heading(answer) == title
        assert f'<html lang="{language}"' in answer.text
        assert f"<title>{title}" in answer.text
        assert 'href="/"' in answer.text
        assert "a secret" not in answer.text
        assert "SELECT" not in answer.text
        assert answer.status_code == (failure if isinstance(failure, int) else code)
        assert ("Retry-After" in answer.headers) == (not isinstance(failure, int) and code == 503)


@pytest.mark.one_database
def test_a_page_that_was_open_for_too_long_says_what_to_do(client: Client, cast: Cast) -> None:
    answer = sign_in(client, cast.alice).post("/profile", data={"first_name": "Ana"}, csrf=False)
    assert answer.status_code == 400
    assert heading(answer) == "Cette page est restée ouverte trop longtemps"


@pytest.mark.one_database
def test_whoever_signed_in_from_another_tab_meanwhile_is_led_home_from_the_sign_in_page(
    client: Client, cast: Cast
) -> None:
    fields = {"email": "alice@acme.example", "password": PASSWORD, "csrf_token": client.csrf_token()}
    assert client.post("/sign-in", data=fields, csrf=False).location == "/portal/"
    assert client.post("/sign-in", data=fields, csrf=False).location == "/portal/"


@pytest.mark.one_database
@pytest.mark.parametrize(
    "host", ["LOCALHOST", "localhost.", "localhost:8000", "localhost, localhost", "[::1"]
)
def test_an_unusual_spelling_of_the_host_is_a_page_or_refused_and_never_a_crash(
    client: Client, host: str
) -> None:
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/sign-in", headers={"Host": host}).status_code in {200, 400}
    assert client.head("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "/forgot-password"])
def test_a_sign_in_page_left_open_overnight_is_shown_again_with_its_address_and_works(
    client: Client, cast: Cast, path: str
) -> None:
    asked = client.get(path)
    stale = re.search(r'name="csrf_token" value="([^"]+)"', asked.text)
    assert stale
    client.delete_cookie(client.application.config["SESSION_COOKIE_NAME"])
    fields = {"email": "alice@acme.example", "password": PASSWORD, "next": "/profile"}
    answer = client.post(path, data=fields | {"csrf_token": stale[1]}, csrf=False)
    assert answer.status_code == 400
    assert "restée ouverte trop longtemps" in answer.text
    assert 'value="alice@acme.example"' in answer.text
    assert PASSWORD not in answer.text
    fresh = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert fresh
    again = client.post(path, data=fields | {"csrf_token": fresh[1]}, csrf=False)
    assert again.location == "/profile" if path == "/sign-in" else again.status_code == 200


@pytest.mark.one_database
def test_a_signed_in_person_keeps_their_menu_on_an_error_page(client: Client, cast: Cast) -> None:
    sign_in(client, cast.alice)
    for answer in (client.get("/nowhere"), client.post("/sign-out", csrf=False)):
        assert "alice@acme.example" in answer.text


@pytest.mark.one_database
def test_a_wrong_method_says_which_are_right(client: Client) -> None:
    assert set(client.get("/sign-out").headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


@pytest.mark.one_database
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", ""])
def test_another_sites_name_gets_no_page(client: Client, host: str) -> None:
    answer = client.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.one_database
def test_programs_get_json(client: Client) -> None:
    answer = client.post("/healthz")
    assert (answer.status_code, answer.mimetype) == (405, "application/json")


# --- Input that no page can use -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "/forgot-password", "/language", "/profile"])
def test_text_with_a_nul_byte_is_refused_everywhere(client: Client, cast: Cast, path: str) -> None:
    sign_in(client, cast.alice)
    fields = {"email": "a\0@acme.example", "password": "x\0y", "language": "fr\0", "first_name": "\0"}
    assert client.post(path, data=fields).status_code == 400
    assert client.post(path, data={"\0": "x"}).status_code == 400
    assert client.post(path, data={"email": ["good", "\0"]}).status_code == 400
    for address in (f"{path}?next=%00", f"{path}?%00=1", "/l/%00", "/%00"):
        assert client.get(address).status_code in {400, 404}


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "/forgot-password", "/language", "/profile"])
def test_an_endless_form_is_refused(client: Client, cast: Cast, path: str) -> None:
    sign_in(client, cast.alice)
    answer = client.post(path, data={"email": "x" * 10_000_000})
    assert answer.status_code == 413
    assert heading(answer) == TITLES[413][0]


@pytest.mark.parametrize("address", ["/l/%ff%fe", "/l/" + "x" * 9_000, "/%ED%A0%80", "/sign-in?next=%ff"])
def test_an_address_of_garbage_is_never_our_fault(client: Client, cast: Cast, address: str) -> None:
    assert client.get(address).status_code in {200, 400, 404}


@pytest.mark.parametrize("cookie", ["garbage", "a.b.c", "\xff"])
def test_a_session_cookie_of_garbage_is_no_session(app: Flask, cast: Cast, cookie: str) -> None:
    browser = make_client(app)
    browser.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
    browser.set_cookie("language", cookie)
    assert browser.get("/profile").status_code == 302


# --- The database is away -------------------------------------------------------------------------------------------


def test_fault_37_a_lock_that_stays_taken_is_a_503_that_says_to_come_back(
    client: Client, app: Flask, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.alice)
    email, seen = cast.alice.email, oneself.PROFILE.version(cast.alice)
    db.session.rollback()
    locks = {
        "sqlite": ("BEGIN IMMEDIATE", "PRAGMA busy_timeout = 200"),
        "postgresql": ("SELECT 1 FROM users FOR UPDATE", "SET lock_timeout = '200ms'"),
    }
    lock, patience = locks[db.engine.dialect.name]

    def be_impatient(connection: sa.Connection) -> None:
        connection.exec_driver_sql(patience)

    other = sa.create_engine(db.engine.url, isolation_level=None)
    with other.connect() as rival:
        rival.exec_driver_sql(lock)
        sa.event.listen(db.engine, "engine_connect", be_impatient)
        try:
            fields = {
                "first_name": "Élise",
                "last_name": "Roy",
                "language": "fr",
                "time_zone": "",
                "seen": seen,
            }
            answer = client.post("/profile", data=fields)
        finally:
            sa.event.remove(db.engine, "engine_connect", be_impatient)
            rival.rollback()
    other.dispose()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert heading(answer) == TITLES[503][0]
    assert db.session.scalar(db.select(User.first_name).filter_by(email=email)) == "Alice"


def test_fault_38_after_a_restart_of_the_database_the_next_page_opens_and_the_next_change_is_kept(
    client: Client, app: Flask, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.alice)
    seen = oneself.PROFILE.version(cast.alice)
    assert client.get("/profile").status_code == 200
    db.session.remove()
    database.restart()
    assert client.get("/profile").status_code == 200
    db.session.remove()
    database.restart()
    fields = {"first_name": "Élise", "last_name": "Roy", "language": "fr", "time_zone": "", "seen": seen}
    assert client.post("/profile", data=fields).status_code == 302
    assert db.session.scalar(db.select(User.first_name).filter_by(last_name="Roy")) == "Élise"
