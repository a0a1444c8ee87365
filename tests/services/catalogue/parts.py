"""What the tests of what is sold share."""

from __future__ import annotations

import datetime as dt

import pytest

from models import JournalEntry, db
from services.foundation.errors import Refused

DAY = dt.timedelta(days=1)


def refused(code, verb, *arguments, **options):
    with pytest.raises(Refused) as caught:
        verb(*arguments, **options)
    assert caught.value.code == code
    return True


def entries(verb):
    return db.session.scalars(db.select(JournalEntry).filter_by(verb=verb).order_by(JournalEntry.id)).all()
