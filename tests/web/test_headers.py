"""Headers on every answer, which routes exist at all, and how long files are kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from models import db
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast, MakeApp

pytestmark = pytest.mark.one_database
# Everything outside the two sites and the files. A route that appears by itself (a library's) fails the test.
ROUTES = {
    "/",
    "/enter",  # in the demonstration alone
    "/api/licenses/validate",
    "/forgot-password",
    "/healthz",
    "/kept-form",
    "/join/<token>",
    "/join/answer/<token>",
    "/keys",
    "/l/<token>",
    "/language",
    "/profile",
    "/profile/address",
    "/profile/address/withdraw",
    "/profile/known",
    "/profile/password",
    "/sign-in",
    "/sign-in/link",
    "/sign-out",
    "/theme",
    "/vendor.css",
    "/vendor/logo",
}
# Routes of other rooms, tested there.
OTHER = re.compile(r"^/(portal|support|stripe|checkout|static)(/|$)")


def test_no_page_exists_that_is_not_ours(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {rule for rule in rules if not OTHER.match(rule)} == ROUTES
    assert not {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security")}


def test_every_answer_carries_the_security_headers(client: Client, app: Flask, cast: Cast) -> None:
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"form-action 'self' {app.config['PAYMENT_PAGE_ORIGIN']}; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
    staff = sign_in(make_client(app), cast.sam)
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for browser in (client, staff):
            answer = browser.get(path, buffered=True)
            headers = answer.headers
            assert headers["Content-Security-Policy"] == policy, path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] in {"same-origin", "strict-origin"}, path
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert "camera=()" in headers["Permissions-Policy"], path
            assert "Cache-Control" in headers, path
            assert headers["X-Robots-Tag"] == "noindex", path
            if answer.mimetype == "text/html" and "<head>" in answer.text:
                assert re.search(r'<meta name="description"\s+content="[^"]{20,}">', answer.text), path


def test_no_page_has_an_inline_script_or_style(client: Client, app: Flask, cast: Cast) -> None:
    person = sign_in(make_client(app), cast.alice)
    for browser, path in [
        (client, "/sign-in"),
        (client, "/sign-in/link"),
        (client, "/forgot-password"),
        (client, "/l/unknown"),
        (client, "/nowhere"),
        (person, "/profile"),
    ]:
        page = browser.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page), path
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page), path


def test_pages_are_kept_by_no_cache(client: Client, cast: Cast) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    sign_in(client, cast.alice)
    assert client.get("/profile").headers["Cache-Control"] == "no-store"
    assert client.get("/nowhere").headers["Cache-Control"] == "no-store"


def test_browsers_are_told_to_use_https_only_where_there_is_https(
    make_app: MakeApp, client: Client, tmp_path: Path
) -> None:
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
    secure = make_app(f"sqlite:///{tmp_path}/empty.sqlite", BASE_URL="https://desk.example")
    # Once, and not for names that are not the desk's.
    assert secure.test_client().get("/healthz").headers.getlist("Strict-Transport-Security") == [
        "max-age=31536000"
    ]


def test_a_file_is_kept_for_a_year_under_its_present_version_alone(client: Client, cast: Cast) -> None:
    address = re.search(r'href="(/static/[^"]+\?v=\w+)"', client.get("/sign-in").text)
    assert address, "a page's files carry their version"
    with client.get(address[1]) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    for other in (address[1] + "0", address[1].partition("?")[0]):
        with client.get(other) as answer:
            assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/healthz", "/vendor.css", "/vendor/logo", "/static/icons.svg", "/static/desk.js"]
)
def test_what_is_the_same_for_everybody_sets_no_cookie_and_asks_not_who_they_are(
    client: Client, cast: Cast, count_queries: object, path: str
) -> None:
    cast.vendor.logo, cast.vendor.logo_type = b"\x89PNG", "image/png"
    db.session.commit()
    sign_in(client, cast.alice)
    with count_queries() as statements, client.get(path) as answer:  # type: ignore[operator]
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert not [statement for statement in statements if "users.fs_uniquifier = " in statement]
