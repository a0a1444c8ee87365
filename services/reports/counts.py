"""Counting up to a limit, so that no whole table is read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from models import db

# Rows. An exact count of more takes long and is of no more use.
COUNT_LIMIT = 10_000


def counts(*statements: sa.Select[Any], limit: int | None = None) -> list[int]:
    """How many rows each of `statements` has; one more than the limit, by default `COUNT_LIMIT`, means more. One statement."""
    most = (COUNT_LIMIT if limit is None else limit) + 1
    limited = [statement.order_by(None).limit(most).subquery() for statement in statements]
    found = [sa.select(sa.func.count()).select_from(part).scalar_subquery() for part in limited]
    return list(db.session.execute(sa.select(*found)).one())
