"""The journal: `record` adds an entry to the turn of the verb that made the change."""

from __future__ import annotations

import re
from typing import Any

from access import Actor
from models import Base, Company, JournalEntry, JournalPersonal, JournalVerb, SubjectKind, TenantRow, db
from services.foundation import operations
from services.foundation.transaction import Turn


def record(
    turn: Turn,
    verb: JournalVerb,
    *,
    by: Actor,
    subject: Any,
    related: dict[str, int] | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    personal_before: dict[str, Any] | None = None,
    personal_after: dict[str, Any] | None = None,
) -> JournalEntry:
    """Add an entry to the turn. A step: it never commits.

    Args:
        by: Who did it. Staff acting for a customer are recorded as acting on that company's behalf.
        subject: The row it was done to, flushed here if it has no id yet. The entry belongs to the row's company;
            to no company (the vendor's own journal) if the row has none.
        related: Ids of the other rows concerned, by kind.
        before, after: The columns that changed, without personal data.
        personal_before, personal_after: The personal columns that changed; kept apart, so that they can be erased.
    """
    if subject.id is None:
        db.session.flush()
    company_id = _company_of(subject)
    operations.of(turn, verb, by, company_id)
    entry = JournalEntry(
        operation=turn.operation,
        at=turn.now,
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


def _company_of(subject: Base) -> int | None:
    if isinstance(subject, Company):
        return subject.id
    return subject.company_id if isinstance(subject, TenantRow) else None


def _kind(subject: Base) -> SubjectKind:
    """`License` → `license`, `TaxRate` → `tax_rate`. Raises ValueError for a table that is no `SubjectKind` yet."""
    return SubjectKind(re.sub(r"(?<!^)(?=[A-Z])", "_", type(subject).__name__).lower())
