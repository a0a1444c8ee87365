"""Sam, of the vendor's support, acts."""

from __future__ import annotations

import pytest

from access import Actor


@pytest.fixture
def sam(cast):
    return Actor.of(cast.sam)
