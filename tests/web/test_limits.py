"""Too many tries: a page that says when to come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine as clock
from flask import Flask

from models import LinkPurpose, utcnow
from tests import factories
from tests.client import make_client, sign_in
from tests.conftest import Cast, MakeApp
from tests.web.pages import heading, is_signed_in, mint, sign_in_by_page
from web.guards import limiter

pytestmark = pytest.mark.one_database


@pytest.fixture
def limited(make_app: MakeApp, app: Flask) -> Iterator[Flask]:
    """The application with its limits on, low enough to reach."""
    strict = make_app(
        app.config["SQLALCHEMY_DATABASE_URI"],
        RATELIMIT_ENABLED=True,
        SIGN_IN_LIMIT="3 per minute",
        LINK_LIMIT="2 per 5 minute",
        MACHINE_LINK_LIMIT="4 per 5 minute",
        LINK_ANSWER_SECONDS=0,
    )
    limiter.reset()
    yield strict
    limiter.enabled = False


def _from(app: Flask, address: str) -> object:
    browser = make_client(app)
    browser.environ_base["REMOTE_ADDR"] = address
    return browser


def test_guessing_passwords_from_one_machine_is_stopped_until_the_minute_is_over(
    limited: Flask, cast: Cast
) -> None:
    with clock.travel(utcnow().replace(second=10), tick=False) as now:
        for number in range(3):
            assert sign_in_by_page(make_client(limited), f"guess{number}@acme.example").status_code == 200
        browser = make_client(limited)
        stopped = sign_in_by_page(browser, "alice@acme.example")
        assert stopped.status_code == 429
        assert heading(stopped) == "Trop de tentatives"
        assert "Réessayez dans 1\u00a0minute." in stopped.text
        assert 59 <= int(stopped.headers["Retry-After"]) <= 61
        assert not is_signed_in(browser)
        now.shift(58)
        assert sign_in_by_page(browser, "alice@acme.example").status_code == 429
        now.shift(3)
        assert sign_in_by_page(browser, "alice@acme.example").status_code == 302


def test_guessing_one_persons_password_from_many_machines_is_stopped(limited: Flask, cast: Cast) -> None:
    with clock.travel(utcnow().replace(second=10), tick=False):
        codes = [
            sign_in_by_page(_from(limited, f"10.0.0.{number}"), email, "wrong").status_code
            for number, email in enumerate(
                ["alice@acme.example", " ALICE@acme.example", "Alice@Acme.example"] * 2
            )
        ]
    assert codes == [200, 200, 200, 429, 429, 429]


@pytest.mark.parametrize("path", ["/sign-in/link", "/forgot-password"])
def test_nobodys_mailbox_is_flooded(limited: Flask, cast: Cast, path: str) -> None:
    with clock.travel(utcnow().replace(minute=0, second=0), tick=False):
        answers = [
            _from(limited, f"10.0.0.{number}").post(path, data={"email": "alice@acme.example"})
            for number in range(3)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Réessayez dans 5\u00a0minutes." in answers[-1].text


def test_one_machine_does_not_mail_a_whole_company(limited: Flask, cast: Cast) -> None:
    with clock.travel(utcnow().replace(minute=0, second=0), tick=False):
        codes = [
            make_client(limited)
            .post("/sign-in/link", data={"email": f"person{number}@acme.example"})
            .status_code
            for number in range(5)
        ]
    assert codes == [200, 200, 200, 200, 429]


def test_an_office_of_many_signs_in_from_one_address(limited: Flask, cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.dave, cast.erin, cast.carol, cast.charlie):
        assert sign_in_by_page(make_client(limited), person.email).status_code == 302


def test_links_are_not_tried_by_the_thousand(limited: Flask, cast: Cast) -> None:
    with clock.travel(utcnow().replace(minute=0, second=0), tick=False):
        codes = [make_client(limited).post(f"/l/guess{number}").status_code for number in range(4)]
    assert codes == [404, 404, 404, 429]


def test_an_office_of_many_activates_from_one_address(limited: Flask, cast: Cast) -> None:
    for license in factories.make_licenses(5, cast.alice, cast.pro):
        person = factories.make_user(cast.acme)
        factories.hold(license, person)
        path = mint(LinkPurpose.ACTIVATION, person, license)
        assert heading(make_client(limited).post(path)) == "Votre licence est activée"


def test_reading_pages_is_not_limited(limited: Flask, cast: Cast) -> None:
    browser = make_client(limited)
    for path in ("/sign-in", "/l/unknown", "/healthz"):
        assert 429 not in {browser.get(path).status_code for _ in range(10)}


def test_the_page_is_in_the_persons_language(limited: Flask, cast: Cast) -> None:
    with clock.travel(utcnow().replace(second=10), tick=False):
        browser = sign_in(make_client(limited), cast.dave)
        for _ in range(4):
            answer = browser.post("/profile/password", data={"current": "wrong"})
    assert heading(answer) == "Too many tries"
    assert "Try again in 1\u00a0minute." in answer.text


def test_where_the_counts_are_kept_there_are_no_addresses(limited: Flask, cast: Cast) -> None:
    sign_in_by_page(make_client(limited), "alice@acme.example", "wrong")
    kept = str(limiter.storage.storage)  # type: ignore[attr-defined]
    assert "sign_in" in kept
    assert "alice" not in kept
