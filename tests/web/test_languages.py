"""The language of a page: the person's own, else the switch's, else the browser's, else French."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from models import JournalEntry, Language, db
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast
from tests.web.pages import heading

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "fr"),
        ("de-DE,de;q=0.9", "fr"),
        ("en-US,en;q=0.9,fr;q=0.5", "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("x" * 5000, "fr"),
    ],
)
def test_a_visitor_reads_their_browsers_language_or_french(
    client: Client, cast: Cast, accepted: str, language: str
) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in page.text
    assert heading(page) == {"fr": "Se connecter", "en": "Sign in"}[language]


def test_the_switch_holds_before_sign_in_whatever_the_browser_says(client: Client, cast: Cast) -> None:
    answer = client.post("/language", data={"language": "en", "url": "/forgot-password?a=1"})
    assert answer.location == "/forgot-password?a=1"
    assert heading(client.get("/sign-in", headers={"Accept-Language": "fr"})) == "Sign in"


def test_the_switch_of_a_signed_in_person_is_kept_with_them(client: Client, app: Flask, cast: Cast) -> None:
    sign_in(client, cast.alice)
    client.post("/language", data={"language": "en", "url": "/profile"})
    assert heading(client.get("/profile")) == "My profile"
    assert cast.alice.language == Language.EN
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.before, entry.after) == (
        "profile_changed",
        {"language": "fr"},
        {"language": "en"},
    )
    elsewhere = sign_in(make_client(app), cast.alice)
    assert heading(elsewhere.get("/profile")) == "My profile"


def test_a_person_reads_their_own_language_whatever_the_browser_and_the_cookie_say(
    client: Client, cast: Cast
) -> None:
    client.post("/language", data={"language": "fr"})
    sign_in(client, cast.dave)
    assert heading(client.get("/profile", headers={"Accept-Language": "fr"})) == "My profile"


@pytest.mark.parametrize("language", ["", "de", "FR", "fr\0"])
def test_an_unknown_language_changes_nothing(client: Client, cast: Cast, language: str) -> None:
    sign_in(client, cast.alice)
    assert client.post("/language", data={"language": language}).status_code == 400
    assert cast.alice.language == Language.FR


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", None])
def test_the_switch_sends_nobody_elsewhere(client: Client, cast: Cast, target: str | None) -> None:
    fields = {"language": "en"} | ({"url": target} if target else {})
    assert client.post("/language", data=fields).location == "/"


def test_the_switch_works_from_a_page_that_only_a_form_opens(client: Client, cast: Cast) -> None:
    answer = client.post("/language", data={"language": "en", "url": "/sign-out"})
    assert client.get(answer.location).status_code < 400


def test_switching_on_a_page_that_answers_a_form_leads_to_a_page_that_opens(
    client: Client, cast: Cast
) -> None:
    answered = client.post("/sign-in", data={"email": "alice@acme.example", "password": "wrong"})
    back = re.findall(r'name="url"\s+value="([^"]*)"', answered.text)
    assert back
    for url in back:
        switched = client.post("/language", data={"language": "en", "url": url}, follow_redirects=True)
        assert switched.status_code == 200
