"""Where a form comes from: any sign that a browser gives is enough, and whoever is refused reads what is the matter."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.client import make_client
from tests.conftest import Cast
from tests.factories import PASSWORD
from tests.web.pages import heading

pytestmark = pytest.mark.one_database
PUBLIC = "https://desk.example:8443"
# What a browser sends with a form of the page, beside the token; and what the proxy says, by how it is set up.
OURS = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Origin": PUBLIC},
    {"Origin": PUBLIC, "Referer": "about:client"},
    {"Referer": f"{PUBLIC}/sign-in"},
    {"Referer": "https://DESK.example:8443/sign-in"},
]
OTHERS = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://desk.example:8443", "Sec-Fetch-Site": "same-site"},
    {"Referer": "https://desk.example.evil.example/"},
    {"Referer": "https://evil.example/https://desk.example:8443/"},
    {"Referer": "http://[::1"},
    {"Referer": "//ex\u2100mple.com".encode().decode("latin1")},
    {"Origin": "https://desk.example:port"},
]
PROXIES = {"names the port": "desk.example:8443", "names no port": "desk.example"}


@pytest.fixture
def published(app: Flask) -> Flask:
    """The application as people reach it: behind a proxy with TLS, on a port of its own."""
    app.config.update(
        BASE_URL=PUBLIC,
        SESSION_COOKIE_SECURE=True,
        TRUSTED_HOSTS=["desk.example", "desk.example:8443", "localhost"],
    )
    return app


def _sign_in(app: Flask, host: str, headers: dict[str, str]) -> object:
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": host, "X-Forwarded-For": "192.0.2.1"}
    browser = make_client(app)
    plain, app.wsgi_app = app.wsgi_app, ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    try:
        page = browser.get("/sign-in", headers=proxied)
        token = page.text.split('name="csrf_token" value="')[1].partition('"')[0]
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        return browser.post(
            "/sign-in",
            data={"email": "alice@acme.example", "password": PASSWORD, "csrf_token": token},
            headers=proxied | {"Cookie": cookie} | headers,
            csrf=False,
        )
    finally:
        app.wsgi_app = plain  # type: ignore[method-assign]


@pytest.mark.parametrize("host", PROXIES.values(), ids=PROXIES)
def test_a_form_of_ours_is_taken_whichever_sign_of_it_the_browser_gives(
    published: Flask, cast: Cast, host: str
) -> None:
    for headers in OURS:
        assert _sign_in(published, host, headers).status_code == 302, headers  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", PROXIES.values(), ids=PROXIES)
def test_another_sites_form_is_refused_with_what_is_the_matter_and_a_line_in_the_log(
    published: Flask, cast: Cast, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    for headers in OTHERS:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = _sign_in(published, host, headers)
        assert answer.status_code == 400, headers  # type: ignore[attr-defined]
        assert heading(answer) == "La provenance de ce formulaire est inconnue"
        (line,) = [text for text in caplog.messages if "a form was refused" in text]
        assert PUBLIC in line
        assert len(line) < 400


def test_every_page_that_changes_something_asks_where_the_form_comes_from_but_what_programs_ask(
    published: Flask, cast: Cast
) -> None:
    for rule in published.url_map.iter_rules():
        if "POST" in rule.methods:
            answer = make_client(published).post(
                rule.rule.replace("<path:", "<").replace("<", "").replace(">", ""),
                headers={"Origin": "https://evil.example"},
            )
            refused = answer.status_code == 400 and "La provenance de ce formulaire" in answer.text
            assert refused != (rule.endpoint in {"web.stripe_webhook", "web.validate"}), rule
