"""What the tests of the verbs share beside the common fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.services.mail.postman import Postman


@pytest.fixture
def postman(app: Flask) -> Iterator[Postman]:
    """A mail server with moods, which the application's mail goes to."""
    mail = app.extensions["mail"]
    before = mail.port
    with Postman() as postman:
        mail.port = postman.port
        yield postman
    mail.port = before
