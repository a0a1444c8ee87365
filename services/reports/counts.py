"""Counting without reading a whole table: up to a limit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from models import db

# A count beyond it costs more than it tells.
COUNT_LIMIT = 10_000


def counts(*statements: sa.Select[Any]) -> list[int]:
    """How many rows each select of keys has; `COUNT_LIMIT + 1` stands for more than the limit. One statement."""
    limited = [statement.order_by(None).limit(COUNT_LIMIT + 1).subquery() for statement in statements]
    found = [sa.select(sa.func.count()).select_from(part).scalar_subquery() for part in limited]
    return list(db.session.execute(sa.select(*found)).one())
