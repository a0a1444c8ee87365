"""What the form of a page that asks before licences are released sends back."""

from __future__ import annotations

import sqlalchemy as sa

from models import License, db


def to_release(*ids: int) -> dict[str, list[str]]:
    """The fields of the form, as the page would make it now."""
    db.session.rollback()
    holders = dict(
        db.session.execute(sa.select(License.id, License.user_id).where(License.id.in_(ids))).all()
    )
    return {
        "rowid": [str(key) for key in ids],
        "held": [f"{key}:{holders.get(key) or ''}" for key in ids],
    }
