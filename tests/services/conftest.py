"""A fixture that the tests of mail share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.services.mail.postman import Postman


@pytest.fixture
def postman(app: Flask) -> Iterator[Postman]:
    """The mail server to which the application's mail goes: it can refuse mail and answer late."""
    mail = app.extensions["mail"]
    before = mail.port
    with Postman() as postman:
        mail.port = postman.port
        yield postman
    mail.port = before
