"""No log holds the token of a one-time link, or the values that PostgreSQL quotes in its errors."""

from __future__ import annotations

import io
import logging
import urllib.request

import pytest
import sqlalchemy as sa
from flask import Flask

from access import Actor
from models import LinkPurpose, db
from services.payments import checkout
from tests.conftest import Cast
from tests.factories import make_order, make_user
from tests.servers import WebServer
from tests.web.pages import mint
from web.logs import ACCESS_LOGGERS


@pytest.mark.one_database
@pytest.mark.parametrize("name", ACCESS_LOGGERS)
def test_an_access_log_hides_tokens_in_addresses_and_referrers(
    app: Flask, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger(name).info(
            '"GET %s HTTP/1.1" 200 "%s"', "/l/aB3-_x9", "https://desk.example/l/zZ%2E~"
        )
        logging.getLogger(name).info("GET /licenses/42")
    assert caplog.messages == ['"GET /l/… HTTP/1.1" 200 "https://desk.example/l/…"', "GET /licenses/42"]


@pytest.mark.one_database
def test_the_development_server_logs_no_token(
    live_server: WebServer, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    path = mint(LinkPurpose.SIGN_IN, cast.bob)
    logging.getLogger("werkzeug").setLevel(logging.INFO)
    with caplog.at_level(logging.DEBUG), urllib.request.urlopen(live_server.url + path) as answer:
        assert answer.status == 200
    assert "GET /l/…" in caplog.text
    assert path not in caplog.text


def test_an_address_that_the_database_refused_is_not_in_the_log(app, cast):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    app.logger.addHandler(handler)
    address = cast.bob.email
    try:
        make_user(cast.acme, "Twin", email=address.upper())
    except sa.exc.IntegrityError:
        app.logger.exception("refused")
    finally:
        db.session.rollback()
        app.logger.removeHandler(handler)
    assert "IntegrityError" in written.getvalue()
    assert address not in written.getvalue().lower()


def test_no_logger_of_ours_writes_the_address_that_the_database_refused(app, cast, make_app):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    address = cast.bob.email
    try:
        make_app(app.config["SQLALCHEMY_DATABASE_URI"])
        make_user(cast.acme, "Twin", email=address.upper())
    except sa.exc.IntegrityError:
        logging.getLogger("web.errors").exception("refused")
    finally:
        db.session.rollback()
        logging.getLogger().removeHandler(handler)
    assert "IntegrityError" in written.getvalue()
    assert address not in written.getvalue().lower()


def test_a_log_at_its_most_talkative_names_no_customer_and_no_payment_page(cast, sandbox, caplog):
    order = make_order(cast.alice, cast.pro)
    with caplog.at_level(logging.DEBUG):
        url = checkout.pay(order, Actor.of(cast.alice))
    assert "checkout/sessions" in caplog.text
    for secret in ("Acme", "acme.example", url):
        assert secret not in caplog.text
