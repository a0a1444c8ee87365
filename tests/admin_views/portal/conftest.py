"""Acme as a customer that has bought, for tests of what comes after buying."""

from __future__ import annotations

import dataclasses

import pytest

from models import License
from tests.client import Client, sign_in
from tests.conftest import Cast
from tests.factories import make_licenses


@dataclasses.dataclass
class Owned:
    """Acme's three Avancé: one that Dave holds, two free; and one Pro of Globex, free."""

    held: License
    free: License
    foreign: License


@pytest.fixture
def owned(cast: Cast) -> Owned:
    held, free, _last = make_licenses(3, cast.alice, cast.avance, holder=cast.dave)
    return Owned(held, free, make_licenses(1, cast.carol, cast.pro)[0])


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    """Acme's administrator at her browser."""
    return sign_in(client, cast.alice)
