"""What a person had typed when their session ended: kept for an hour, for that person alone. Signing in leads to it once.

The row says whose it is by their number, so that whoever else signs in at the same browser is never asked for it. It is
sealed: a copy of the database does not tell what anybody typed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import sqlalchemy as sa

import access
from models import KeptForm, User, db, utcnow
from services.forms.sealing import seal, unseal
from services.foundation.transaction import transaction

KEPT_FOR = dt.timedelta(hours=1)
# A form of many lines of people fits; a flood does not.
MAX_FIELDS = 1_000
MAX_CHARACTERS = 100_000
MAX_PATH = 2_000


def keep(user_id: int, path: str, fields: Sequence[tuple[str, str]]) -> bool:
    """Keep the fields of a form sent to `path` in place of the person's last one. False where it is too large, or there is no
    such active person.
    """
    size = sum(len(name) + len(value) for name, value in fields)
    if len(fields) > MAX_FIELDS or size > MAX_CHARACTERS or len(path) > MAX_PATH:
        return False
    with access.everything(), transaction() as turn:
        # Locked, so that of two forms at once the second replaces the first.
        user = db.session.get(User, user_id, with_for_update=True)
        if user is None or not user.active:
            return False
        row = db.session.get(KeptForm, user_id) or KeptForm(user_id=user_id)
        row.sealed, row.kept_at = seal(json.dumps([path, fields]), _seal_of(user_id)), turn.now
        row.shown = False
        db.session.add(row)
        return True


def waits_for(user: User) -> bool:
    """Whether something is kept for this person."""
    with access.everything():
        waits = sa.select(KeptForm.user_id).where(*_of(user.id), ~KeptForm.shown)
        return db.session.scalar(waits) is not None


def show(user: User) -> tuple[str, list[tuple[str, str]]] | None:
    """The path and the fields that are kept for this person; None if there are none. A reload shows them again."""
    user_id = user.id
    with access.everything(), transaction():
        taken = db.session.execute(
            sa.update(KeptForm).where(*_of(user_id)).values(shown=True).returning(KeptForm.sealed),
            execution_options={"synchronize_session": False},
        ).scalar_one_or_none()
    if taken is None or (opened := unseal(taken, _seal_of(user_id), KEPT_FOR)) is None:
        return None
    path, fields = json.loads(opened)
    return path, [(name, value) for name, value in fields]


def forget(user: User) -> None:
    """Forget what is kept for this person."""
    user_id = user.id
    with access.everything(), transaction():
        db.session.execute(
            sa.delete(KeptForm).where(KeptForm.user_id == user_id),
            execution_options={"synchronize_session": False},
        )


def forget_old() -> None:
    """Delete what nobody has come back for."""
    with access.everything(), transaction() as turn:
        db.session.execute(
            sa.delete(KeptForm).where(KeptForm.kept_at < turn.now - KEPT_FOR),
            execution_options={"synchronize_session": False},
        )


def _seal_of(user_id: int) -> str:
    return f"kept form of {user_id}"


def _of(user_id: int) -> list[sa.ColumnElement[bool]]:
    return [KeptForm.user_id == user_id, KeptForm.kept_at >= utcnow() - KEPT_FOR]
