"""A rehearsal of production cannot be taken for the real desk: each page says it, and so does the log."""

from __future__ import annotations

import html
import logging
import re

import pytest
from flask import Flask

from app import create_app
from models import LinkPurpose
from services.reports import kept
from tests.client import make_client, sign_in
from tests.conftest import Cast
from tests.test_settings import PRODUCTION
from tests.web.pages import mint

pytestmark = pytest.mark.one_database
REHEARSAL = PRODUCTION | {"STRIPE_SECRET_KEY": "sk_test_1", "SANDBOX_URL": "https://pay.desk.example"}


def test_a_rehearsal_says_mode_essai_on_every_page_and_a_live_desk_on_none(app: Flask, cast: Cast) -> None:
    paths = [(None, path) for path in ("/sign-in", "/forgot-password", "/nowhere", "/l/unknown")]
    paths += [(None, mint(LinkPurpose.PASSWORD, cast.bob))]
    paths += [(cast.alice, path) for path in ("/portal/", "/portal/plans/", "/profile")]
    paths += [(cast.sam, "/support/"), (cast.sam, "/support/vendor/"), (cast.bob, "/support/")]
    environment = app.jinja_env.globals
    before = environment["is_trial"]
    try:
        for trial in (True, False):
            environment["is_trial"] = trial
            kept.forget()
            for who, path in paths:
                browser = make_client(app)
                page = (sign_in(browser, who) if who else browser).get(path, follow_redirects=True)
                said = re.search(r'<p class="trial">([^<]+)</p>', page.text)
                assert (said is not None) == trial, path
                assert not said or html.unescape(said[1]).startswith("Mode\u00a0: essai")
    finally:
        environment["is_trial"] = before


@pytest.mark.parametrize(
    ("environ", "mode", "trial"),
    [
        (PRODUCTION, "mode: live; payments go to Stripe", False),
        (REHEARSAL, "mode: trial; payments go to https://pay.desk.example, nothing is charged", True),
        (
            PRODUCTION | {"STRIPE_SECRET_KEY": "rk_test_1"},
            "mode: trial; payments go to Stripe, nothing is charged",
            True,
        ),
    ],
)
def test_the_mode_is_the_first_line_of_the_log(
    environ: dict[str, str], mode: str, trial: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        made = create_app(environ)
    assert caplog.messages[0] == mode
    assert made.jinja_env.globals["is_trial"] == trial
    assert (
        "https://pay.desk.example" in made.test_client().get("/healthz").headers["Content-Security-Policy"]
    ) == (environ is REHEARSAL)
