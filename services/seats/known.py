"""Rows by their ids, without asking for those that the session holds already."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from models import db


def by_id(model: Any, ids: Iterable[int | None]) -> dict[int, Any]:
    """{id: row} of the rows of these ids that there are. One statement, or none where the page has read them all."""
    known = db.session.identity_map
    there = {key: known.get(identity_key(model, key)) for key in ids if key is not None}
    if all(there.values()):
        return there
    return {row.id: row for row in db.session.scalars(_among(model), {"ids": list(there)})}


@functools.cache
def _among(model: Any) -> sa.Select[Any]:
    return sa.select(model).where(model.id.in_(sa.bindparam("ids", expanding=True)))
