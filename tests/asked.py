"""What tests ask of a verb: that it refuses, what it wrote in the journal, and which operation it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from models import JournalEntry, Operation, db
from services.foundation.errors import Refused


def refused(code: str, verb: Callable[..., Any], *arguments: Any, **options: Any) -> bool:
    """Whether the verb refuses for that reason, and no other. It fails where nothing is refused."""
    with pytest.raises(Refused) as caught:
        verb(*arguments, **options)
    assert caught.value.code == code
    return True


def entries(verb: str) -> Sequence[JournalEntry]:
    """The journal's entries of a verb, the oldest first."""
    found = sa.select(JournalEntry).where(JournalEntry.verb == verb).order_by(JournalEntry.id)
    return db.session.scalars(found).all()


def latest() -> Operation:
    """What was done last."""
    db.session.rollback()
    newest = sa.select(Operation).order_by(Operation.at.desc(), Operation.id).limit(1)
    return db.session.scalars(newest).one()
