"""Too many tries: a page that says when to come back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import limits.storage as counters
import pytest
import time_machine as clock
from flask import Flask, g

from models import LinkPurpose, utcnow
from tests import factories
from tests.client import make_client, sign_in
from tests.conftest import Cast, MakeApp
from tests.web.pages import heading, is_signed_in, mint, sign_in_by_page
from web import limits
from web.limits import limiter

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
            assert sign_in_by_page(make_client(limited), f"guess{number}@acme.example").status_code == 422
        browser = make_client(limited)
        stopped = sign_in_by_page(browser, "alice@acme.example")
        assert stopped.status_code == 429
        assert "Réessayez dans 1\u00a0minute." in stopped.text
        # The way on is there: the address as it was typed, and a link by mail instead of a password.
        assert heading(stopped) == "Se connecter"
        assert 'value="alice@acme.example"' in stopped.text
        assert 'formaction="/sign-in/link"' in stopped.text
        assert 59 <= int(stopped.headers["Retry-After"]) <= 61
        assert not is_signed_in(browser)
        now.shift(58)
        assert sign_in_by_page(browser, "alice@acme.example").status_code == 429
        now.shift(3)
        assert sign_in_by_page(browser, "alice@acme.example").status_code == 302


def test_twenty_wrong_tries_from_elsewhere_slow_guessing_down_and_do_not_lock_the_owner_out(
    limited: Flask, cast: Cast
) -> None:
    def wrong(machine: int, email: str = "alice@acme.example") -> int:
        return sign_in_by_page(_from(limited, f"10.0.0.{machine}"), email, "wrong").status_code

    with clock.travel(utcnow().replace(second=10), tick=False):
        assert [wrong(number) for number in range(20)] == [422] * 20
        # Whoever goes on has two tries a minute left, from a machine where three were allowed.
        assert [wrong(30), wrong(30), wrong(30)] == [422, 422, 429]
        assert [wrong(31, "bob@acme.example") for _ in range(4)] == [422, 422, 422, 429]
        assert sign_in_by_page(_from(limited, "10.0.0.40"), "alice@acme.example").status_code == 302


@pytest.mark.parametrize(
    "spellings",
    [
        ["alice@acme.example", " ALICE@acme.example", "Alice@Acme.example", "aLICE@acme.example"],
        ["Stranger@acme.example", "stranger@acme.example", " STRANGER@acme.example", "strangeR@ACME.example"],
    ],
)
def test_another_spelling_of_an_address_gives_no_second_budget(
    limited: Flask, cast: Cast, spellings: list[str]
) -> None:
    with clock.travel(utcnow().replace(second=10), tick=False):
        codes = [
            _from(limited, f"10.0.0.{number}").post("/sign-in/link", data={"email": spelling}).status_code
            for number, spelling in enumerate(spellings)
        ]
    assert codes == [200, 200, 429, 429]


def test_the_account_that_is_found_is_counted_whatever_the_database_takes_for_its_address(
    app: Flask, cast: Cast
) -> None:
    def counted(typed: str) -> str:
        with app.test_request_context(method="POST", data={"email": typed}):
            g.pop("account", None)
            return limits.account()

    assert {counted(typed) for typed in ("alice@acme.example", " ALICE@ACME.EXAMPLE ")} == {
        f"person {cast.alice.id}"
    }
    # One letter to Turkish, two to Python, and whatever the database takes it for.
    assert len({counted(typed) for typed in ("al\u0130ce@acme.example", "ali\u0307ce@acme.example")}) == 1
    assert re.fullmatch("nobody [0-9a-f]{8}", counted("nobody@acme.example"))


@pytest.mark.parametrize(
    ("addresses", "count"),
    [
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::9"], 1),
        (["2001:db8:0:1::1", "2001:db8:0:2::1"], 2),
        (["192.0.2.1", "::ffff:192.0.2.1"], 1),
        (["192.0.2.1", "192.0.2.2"], 2),
        (["192.0.2.1:50123", "192.0.2.1:50124", "192.0.2.1"], 1),
        (["[2001:db8:0:1::1]:50123", "[2001:db8:0:1::1]", "2001:db8:0:1::2"], 1),
        (["", "unix:"], 2),
    ],
)
def test_whoever_has_a_whole_ipv6_network_is_one_machine(addresses: list[str], count: int) -> None:
    assert len({limits.machine(address) for address in addresses}) == count


def test_nobodys_mailbox_is_flooded_through_both_pages(limited: Flask, cast: Cast) -> None:
    with clock.travel(utcnow().replace(minute=0, second=0), tick=False):
        answers = [
            _from(limited, f"10.0.0.{number}").post(path, data={"email": "alice@acme.example"})
            for number, path in enumerate(
                ["/sign-in/link", "/forgot-password", "/sign-in/link", "/forgot-password"]
            )
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert "Réessayez dans 5\u00a0minutes." in answers[-1].text
    assert 'value="alice@acme.example"' in answers[-1].text


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
    assert "127.0.0.1" not in kept


class GoneStorage(counters.MemoryStorage):
    """A counters' storage, as `limits` takes them, that cannot be reached while `away`."""

    STORAGE_SCHEME = ["gone"]
    away = True

    def get(self, key: str) -> int:
        if self.away:
            raise ConnectionError("no route to host")
        return super().get(key)

    def incr(self, *args: object, **kwargs: object) -> int:
        if self.away:
            raise ConnectionError("no route to host")
        return super().incr(*args, **kwargs)  # type: ignore[arg-type]

    def check(self) -> bool:
        return not self.away


def test_with_the_storage_of_the_counters_gone_people_sign_in_and_guesses_are_counted_all_the_same(
    make_app: MakeApp, app: Flask, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    before = dict(vars(limiter))
    adrift = make_app(
        app.config["SQLALCHEMY_DATABASE_URI"],
        RATELIMIT_ENABLED=True,
        RATELIMIT_STORAGE_URI="gone://",
        RATELIMIT_STORAGE_OPTIONS={},
        SIGN_IN_LIMIT="3 per minute",
    )
    try:
        with caplog.at_level(logging.WARNING), clock.travel(utcnow().replace(second=10), tick=False):
            assert sign_in_by_page(make_client(adrift), "alice@acme.example").status_code == 302
            codes = [
                sign_in_by_page(make_client(adrift), "bob@acme.example", "wrong").status_code
                for _ in range(4)
            ]
    finally:
        vars(limiter).update(before)
    assert codes == [422, 422, 422, 429]
    assert [text for text in caplog.messages if "falling back to in-memory storage" in text] == [
        "Rate limit storage unreachable - falling back to in-memory storage"
    ]


def test_a_failed_sign_in_is_a_line_in_the_log_that_names_nobody(
    limited: Flask, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), clock.travel(utcnow().replace(second=10), tick=False):
        for email in ("alice@acme.example", "nobody@acme.example", "bob@acme.example", "bob@acme.example"):
            sign_in_by_page(make_client(limited), email, "wrong")
    lines = [text for text in caplog.messages if "sign-in" in text]
    assert lines[0] == f"sign-in failed: person {cast.alice.id}"
    assert re.fullmatch("sign-in failed: nobody [0-9a-f]{8}", lines[1])
    assert lines[-1] == f"too many tries at /sign-in: person {cast.bob.id}"
    assert "127.0.0.1" not in caplog.text
    assert "acme.example" not in caplog.text
