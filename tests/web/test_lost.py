"""A session that ends in the middle of a form: one signs in and is back at what one typed, and nobody else is."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import time_machine as clock
from flask import Flask, current_app
from flask_wtf import FlaskForm
from wtforms import PasswordField

import web.forms
from models import KeptForm, LinkPurpose, User, db, utcnow
from services.forms import kept_forms
from services.people import oneself
from tests.client import Client, make_client
from tests.conftest import Cast
from tests.faults.test_bad_input import PUBLIC, ROUTES, fill
from tests.web.pages import heading, mint, sign_in_by_page
from web import lost

TYPED = {
    "first_name": "Élise « O’Neil »",
    "last_name": "Roy",
    "language": "fr",
    "time_zone": "",
    "email": "x@y.example",
}


OURS = {"Referer": "http://localhost/"}


def _fields(page: str) -> dict[str, str]:
    """Of the form that gives back what was typed."""
    form = re.search(
        r'<form method="post" action="([^"]+)">(.*?)</form>',
        page.partition("<main")[2],
        re.DOTALL,
    )
    assert form, page
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
    return {"action": html.unescape(form[1])} | {name: html.unescape(value) for name, value in pairs}


def _lose(client: Client, user: User, how: str) -> None:
    """End the person's session as a night, a colleague or another device does."""
    if how == "elsewhere":
        oneself.end_sessions(None, [db.session.get_one(User, user.id)])  # type: ignore[arg-type]
        db.session.commit()


@pytest.mark.parametrize("how", ["overnight", "elsewhere"])
@pytest.mark.parametrize("by", ["password", "link"])
def test_a_session_lost_in_the_middle_of_a_form_leads_to_sign_in_and_back_to_what_was_typed(
    client: Client, cast: Cast, how: str, by: str
) -> None:
    with clock.travel(utcnow(), tick=False) as now:
        sign_in_by_page(client, "alice@acme.example")
        page = client.get("/profile").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        seen = re.search(r'name="seen" type="hidden" value="([^"]+)"', page)
        assert token
        assert seen
        if how == "overnight":
            now.shift(dt.timedelta(hours=14))
        else:
            _lose(client, cast.alice, how)
        answer = client.post(
            "/profile?tab=1",
            data=TYPED | {"seen": seen[1], "csrf_token": token[1]},
            csrf=False,
            headers={"Referer": "http://localhost/profile"},
        )
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in")
        asked = client.get(answer.location)
        assert "Ce que vous avez saisi est conservé" in html.unescape(asked.text)
        if by == "password":
            entered = sign_in_by_page(client, "alice@acme.example", next="/profile")
        else:
            entered = client.post(mint(LinkPurpose.SIGN_IN, cast.alice))
        assert entered.location == "/kept-form"
        kept = _fields(client.get("/kept-form").text)
        assert kept.pop("action") == "/profile?tab=1"
        token = kept.pop("csrf_token")
        assert kept == TYPED | {"seen": seen[1]}
        assert db.session.get_one(User, cast.alice.id).first_name == "Alice"
        client.post("/profile?tab=1", data=kept | {"csrf_token": token}, csrf=False)
        assert (
            db.session.get_one(User, cast.alice.id, populate_existing=True).first_name == TYPED["first_name"]
        )
        # A reload shows it again, the next sign-in does not, and whoever leaves it has it forgotten.
        assert client.get("/kept-form").status_code == 200
        assert sign_in_by_page(make_client(client.application), "alice@acme.example").location == "/portal/"
        assert client.post("/kept-form").location == "/"
        assert client.get("/kept-form").location == "/"


def _keep(cast: Cast) -> None:
    assert kept_forms.keep(cast.alice.id, "/profile", [("first_name", "Élise")])


def test_what_was_typed_is_given_to_nobody_else_and_not_after_an_hour(
    client: Client, app: Flask, cast: Cast
) -> None:
    with clock.travel(utcnow(), tick=False) as now:
        _keep(cast)
        for email in ("bob@acme.example", "sam@trousseau.example"):
            other = make_client(app)
            assert sign_in_by_page(other, email).location != "/kept-form"
            assert "Élise" not in other.get("/kept-form", follow_redirects=True).text
        assert client.get("/kept-form").location.startswith("/sign-in")
        now.shift(dt.timedelta(minutes=61))
        assert sign_in_by_page(client, "alice@acme.example").location == "/portal/"
        assert client.get("/kept-form").location == "/"
        kept_forms.forget_old()
    assert db.session.scalars(db.select(KeptForm)).all() == []


def test_of_two_forms_the_last_is_kept_and_a_flood_or_a_deactivated_persons_is_not(cast: Cast) -> None:
    _keep(cast)
    assert kept_forms.keep(cast.alice.id, "/portal/", [("a", "b"), ("a", "c")])
    assert not kept_forms.keep(cast.alice.id, "/portal/", [("a", "b" * 100_001)])
    assert not kept_forms.keep(cast.alice.id, "/portal/", [("a", "")] * 1_001)
    assert not kept_forms.keep(cast.alice.id, "/" + "x" * 2_000, [])
    cast.bob.active = False
    db.session.commit()
    assert not kept_forms.keep(cast.bob.id, "/portal/", [])
    assert not kept_forms.keep(999, "/portal/", [])
    assert kept_forms.show(cast.alice) == ("/portal/", [("a", "b"), ("a", "c")])
    kept_forms.forget(cast.alice)
    assert kept_forms.show(cast.alice) is None


@pytest.mark.one_database
def test_a_cookie_that_we_did_not_sign_or_that_is_a_week_old_keeps_nothing(
    client: Client, cast: Cast
) -> None:
    name = client.application.config["SESSION_COOKIE_NAME"]
    with clock.travel(utcnow(), tick=False) as now:
        sign_in_by_page(client, "alice@acme.example")
        cookie = client.get_cookie(name)
        assert cookie
        for value, days in ((cookie.value[:-3] + "abc", 1), ("nonsense", 0), (cookie.value, 7)):
            now.shift(dt.timedelta(days=days))
            visitor = make_client(client.application)
            visitor.set_cookie(name, value)
            answer = visitor.post("/profile", data=TYPED, csrf=False)
            assert answer.location.startswith("/sign-in")
    assert db.session.scalars(db.select(KeptForm)).all() == []


@pytest.mark.one_database
def test_every_form_of_a_signed_in_person_is_kept_but_those_with_a_password(
    client: Client, cast: Cast
) -> None:
    with clock.travel(utcnow(), tick=False) as now:
        sign_in_by_page(client, "sam@trousseau.example")
        name = client.application.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name)
        assert cookie
        now.shift(dt.timedelta(hours=13))
        for method, rule, endpoint in ROUTES:
            # Leaving what is kept is but a button.
            if method != "POST" or endpoint in PUBLIC | {"web.leave_kept_form"}:
                continue
            for secret in (False, True):
                visitor = make_client(client.application)
                visitor.set_cookie(name, cookie.value)
                typed = {"first_name": rule} | ({"password": "secret"} if secret else {})
                answer = visitor.post(fill(rule), data=typed, headers=OURS, csrf=False)
                assert answer.status_code == 302, rule
                assert answer.location.startswith("/sign-in"), rule
                taken = kept_forms.show(cast.sam)
                kept_forms.forget(cast.sam)
                assert taken == (None if secret else (fill(rule), [("first_name", rule)])), rule


def test_no_field_of_a_password_is_ever_kept() -> None:
    forms = [
        kind for kind in vars(web.forms).values() if isinstance(kind, type) and issubclass(kind, FlaskForm)
    ]
    names = {
        name
        for form in forms
        for name in dir(form)
        if getattr(getattr(form, name), "field_class", None) is PasswordField
    }
    assert names
    assert names <= lost.SECRET_FIELDS


@pytest.mark.one_database
def test_a_links_page_left_open_overnight_is_shown_again_and_works(client: Client, cast: Cast) -> None:
    path = mint(LinkPurpose.SIGN_IN, cast.bob)
    client.get(path)
    client.delete_cookie(client.application.config["SESSION_COOKIE_NAME"])
    answer = client.post(path, csrf=False)
    assert answer.status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert token
    assert heading(answer)
    assert client.post(path, data={"csrf_token": token[1]}, csrf=False).location == "/portal/"


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/language", "/theme", "/sign-out"])
def test_a_switch_of_a_page_left_open_overnight_leads_back_to_the_page(client: Client, path: str) -> None:
    answer = client.post(
        path, data={"language": "en"}, csrf=False, headers={"Referer": "http://localhost/sign-in"}
    )
    assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_what_was_typed_is_sealed_for_its_person_alone(cast: Cast) -> None:
    _keep(cast)
    row = db.session.scalars(db.select(KeptForm)).one()
    assert "lise" not in row.sealed
    assert "profile" not in row.sealed
    # Moved to somebody else's place it opens for neither; nor with the secret of another desk.
    row.user_id = cast.bob.id
    db.session.commit()
    assert kept_forms.show(cast.bob) is None
    _keep(cast)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(current_app.config, "SECRET_KEY", "another secret of another desk, long enough")
        assert kept_forms.show(cast.alice) is None


@pytest.mark.one_database
def test_what_another_site_sent_or_a_mere_button_is_not_kept(client: Client, cast: Cast) -> None:
    """Else a page of a stranger could put a form into one's hands, to be sent with one click after signing in."""
    ours = {"Referer": "http://localhost/portal/users/new/"}
    planted = {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"}
    person = {"first_name": "Eve", "last_name": "Mal", "email": "eve@evil.example", "role": "admin"}
    for headers, fields, kept in (
        (planted, person, False),
        (ours, {"seats": "release", "held": "1", "once": "a-token-of-a-form"}, False),
        (ours, person, True),
    ):
        sign_in_by_page(client, "alice@acme.example")
        _lose(client, cast.alice, "elsewhere")
        client.post("/portal/users/new/", data=fields, headers=headers, csrf=False)
        assert kept_forms.waits_for(cast.alice) == kept
        kept_forms.forget(cast.alice)


@pytest.mark.one_database
def test_what_was_typed_is_shown_by_its_name_and_nothing_of_the_pages_own(client: Client, cast: Cast) -> None:
    fields = [("first_name", "Élise"), ("once", "cnVzYaZRydB9"), ("seen", "ab12"), ("role", "admin")]
    assert kept_forms.keep(cast.alice.id, "/portal/users/new/?x=1", fields)
    sign_in_by_page(client, "alice@acme.example")
    shown = html.unescape(client.get("/kept-form").text).partition("<main")[2]
    read = re.sub(r"<input[^>]*>", "", shown)
    assert "Prénom" in read
    assert "Élise" in read
    assert "/portal/users/new/" in read
    assert "cnVzYaZRydB9" not in read
    assert "ab12" not in read
    assert "admin" not in read.partition("Prénom")[2].partition("/portal/users/new/")[0], "no code"
