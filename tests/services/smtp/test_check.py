"""`check-mail`: what an operator reads when the mail server does not play along."""

from __future__ import annotations

import socket
import threading

import pytest
from aiosmtpd.smtp import AuthResult
from flask_babel import force_locale

from services.smtp.check import check
from tests.services.mail.postman import Postman

pytestmark = pytest.mark.one_database


@pytest.fixture
def english(scope):
    with force_locale("en_CA"):
        yield


@pytest.fixture
def settings(app, english, monkeypatch):
    """`settings(port=…)` changes what the application knows of its mail server."""
    state = app.extensions["mail"]
    app.config["MAIL_TIMEOUT"] = 0.5

    def change(**values):
        for name, value in values.items():
            monkeypatch.setattr(state, name, value)
            app.config[f"MAIL_{name.upper()}"] = value

    return change


def test_a_server_that_takes_mail_leaves_nothing_to_say(english, postman):
    assert check("me@vendor.example") == []
    assert postman.to("me@vendor.example")[0]["Subject"] == "Test of your license desk’s mail"


def test_a_name_that_is_no_machine(settings):
    settings(server="mail.invalid")
    assert check("me@vendor.example") == ["No machine is called mail.invalid (MAIL_SERVER)."]


def test_a_port_where_nobody_listens(settings):
    settings(port=1)
    assert check("me@vendor.example") == [
        "127.0.0.1:1 refuses the connection: check MAIL_SERVER and MAIL_PORT."
    ]


def test_a_server_without_tls(postman, settings):
    settings(use_tls=True)
    assert "offers no TLS" in check("me@vendor.example")[0]


def test_tls_where_none_is_spoken(postman, settings):
    settings(use_ssl=True)
    assert "does not speak TLS as expected" in check("me@vendor.example")[0]


def test_something_that_never_answers(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings(port=silent.getsockname()[1])
        assert "does not answer as a mail server (waited 0.5 s)" in check("me@vendor.example")[0]


def test_something_that_is_no_mail_server(settings):
    with socket.create_server(("127.0.0.1", 0)) as web:
        settings(port=web.getsockname()[1])

        def answer():
            connection, _ = web.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        (sentence,) = check("me@vendor.example")
        thread.join()
    assert "127.0.0.1" in sentence


def test_a_wrong_password(settings):
    class Strict(Postman):
        def __init__(self):
            super().__init__()
            self._controller.SMTP_kwargs |= {
                "auth_require_tls": False,
                "authenticator": lambda *_: AuthResult(success=False, handled=False),
            }

    with Strict() as strict:
        settings(port=strict.port, username="desk", password="wrong")
        (sentence,) = check("me@vendor.example")
    assert sentence.startswith("The server refuses MAIL_USERNAME and MAIL_PASSWORD (535 ")


def test_a_sender_or_recipient_that_the_server_refuses(app, english, postman):
    sender = app.config["MAIL_DEFAULT_SENDER"]
    postman.refuses["me@vendor.example"] = "550 5.1.1 no such mailbox"
    assert check("me@vendor.example") == [
        "The server refuses the recipient me@vendor.example (550 5.1.1 no such mailbox)."
    ]
    postman.refuses[sender] = "553 5.7.1 not your address"
    assert check("me@vendor.example") == [
        f"The server refuses the sender {sender} (MAIL_DEFAULT_SENDER) (553 5.7.1 not your address)."
    ]


def test_a_server_that_refuses_the_mail_itself(english, postman):
    postman.reply = "554 5.7.1 looks like spam"
    assert check("me@vendor.example") == ["The server refuses the mail itself (554 5.7.1 looks like spam)."]


def test_settings_that_cannot_work(settings):
    settings(server="", use_tls=True, use_ssl=True, default_sender="desk")
    assert [sentence.split()[0] for sentence in check("me@vendor.example")] == [
        "MAIL_SERVER",
        "MAIL_DEFAULT_SENDER",
        "MAIL_USE_TLS",
    ]
