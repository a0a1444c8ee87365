"""Who makes the links of this room's tests."""

from __future__ import annotations

import pytest

from access import Actor
from tests.conftest import Cast


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.of(cast.alice)
