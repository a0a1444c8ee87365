"""Prices and tax rates start on a day (`docs/decisions/0005-rows-start-on-a-day.md`): before it they can be withdrawn."""

from __future__ import annotations

from typing import Any

from models import db
from services.catalogue import vendor
from services.foundation import edits
from services.foundation.errors import Code, Refused


def withdraw(row: Any, names: tuple[str, ...], begun: str, seen: str | None) -> dict[str, Any]:
    """Delete a locked row whose `starts_on` is to come; the row before it stays in force. A step: it never commits.

    Args:
        names: The columns to return.
        begun: The sentence of the refusal.
        seen: What the page showed that asked for it (`edits.version_of` the same columns); None skips the check.

    Returns:
        What the row held in `names`, for the journal.

    Raises:
        Refused: `already_begun` from its first day on the vendor's calendar: it may have been charged;
            `changed_meanwhile`.
    """
    if row.starts_on <= vendor.current().today:
        raise Refused(Code.ALREADY_BEGUN, begun)
    edits.changed_since(seen, edits.version_of(row, names))
    held = edits.values_of(row, names)
    db.session.delete(row)
    return held
