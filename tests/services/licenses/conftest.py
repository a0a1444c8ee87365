"""Who acts in the tests of this room where nothing else is said."""

from __future__ import annotations

import pytest

from access import Actor
from tests.conftest import Cast


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return Actor.of(cast.alice)
