"""Files that people take away: each is in the journal, by who, of which list and how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from access import Actor
from models import JournalVerb, User, db
from services.foundation import journal
from services.foundation.transaction import transaction


def note(list_name: str, kind: str, *, rows: int, asked: Mapping[str, Any], by: Actor) -> None:
    """Write down that a list was exported, before anything of it leaves: a file that is broken off was begun.

    Args:
        list_name: The endpoint of the list, such as `support_licenses`.
        kind: `csv` or `xlsx`.
        rows: How many it has.
        asked: Its filters, tab and order, without any text that somebody typed.
    """
    with transaction() as turn:
        journal.record(
            turn,
            JournalVerb.LIST_EXPORTED,
            by=by,
            subject=db.session.get_one(User, by.user_id),
            after={"list": list_name, "format": kind, "rows": rows, "filters": dict(asked)},
        )
