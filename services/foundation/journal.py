"""The journal: one call, `record`, made by every verb inside its own transaction."""

from __future__ import annotations

from typing import Any

from access import Actor
from models import Base, JournalEntry, JournalPersonal, db


def record(
    verb: str,
    *,
    by: Actor,
    subject: Any,
    company_id: int | None = None,
    related: dict[str, int] | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    personal_before: dict[str, Any] | None = None,
    personal_after: dict[str, Any] | None = None,
) -> JournalEntry:
    """Add an entry to the caller's transaction.

    Args:
        verb: What was done, as the past tense of the verb's name: `assigned`, `order_placed`.
        by: Who did it. Staff acting for a customer are recorded as acting on that company's behalf.
        subject: The row it was done to; flushed here if it has no id yet.
        company_id: Whose journal it belongs to; the vendor's own when None.
        related: Ids of the other rows concerned, by kind.
        before, after: What changed, without anything that names a person.
        personal_before, personal_after: What changed of a person; kept apart, so that it can be erased.
    """
    if subject.id is None:
        db.session.flush()
    entry = JournalEntry(
        operation=db.session.info["operation"],
        verb=verb,
        actor_id=by.user_id,
        company_id=company_id,
        on_behalf_of_id=company_id if by.is_staff else None,
        subject_type=_kind(subject),
        subject_id=subject.id,
        related=related or {},
        before=before or {},
        after=after or {},
    )
    if by.address or personal_before or personal_after:
        entry.personal = JournalPersonal(
            company_id=company_id,
            address=by.address,
            before=personal_before or {},
            after=personal_after or {},
        )
    db.session.add(entry)
    return entry


def _kind(subject: Base) -> str:
    """`License` → `license`, `TaxRate` → `tax_rate`."""
    name = type(subject).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
