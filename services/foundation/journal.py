"""The journal: `record` adds an entry to the turn of the verb that made the change, and finds it from every row it concerns."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from access import Actor
from models import (
    Base,
    Company,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    JournalVerb,
    Order,
    OutgoingMail,
    SubjectKind,
    TenantRow,
    db,
    in_parts,
    insert_rows,
)
from services.foundation import operations
from services.foundation.transaction import Turn

# By how much an entry may stand behind one of a later moment: a turn has its moment when it begins, its entries their numbers later.
OUT_OF_ORDER = dt.timedelta(hours=1)
# What a mail's context names that its page tells of.
MAIL_CONCERNS = (SubjectKind.LICENSE, SubjectKind.ORDER, SubjectKind.USER)
# The same for every row of many, so that it is put into JSON once.
_NOTHING: dict[str, Any] = {}


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
        subject: The row it was done to, flushed here if it has no id yet; the entry belongs to its company, or to none.
        related: Ids of the other rows concerned, by kind.
        before, after: The columns that changed, without personal data.
        personal_before, personal_after: The personal columns that changed; kept apart, so that they can be erased.
    """
    if subject.id is None:
        db.session.flush()
    company_id = _company_of(subject)
    operations.begin(turn, verb, by, company_id)
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
    concerned = _concerned(subject, entry.related, by)
    entry.subjects = [JournalSubject(company_id=company_id, kind=kind, row_id=key) for kind, key in concerned]
    if by.address or personal_before or personal_after:
        entry.personal = JournalPersonal(
            company_id=company_id,
            address=by.address,
            before=personal_before or {},
            after=personal_after or {},
        )
    db.session.add(entry)
    return entry


@dataclasses.dataclass(frozen=True)
class Told:
    """What one entry of many says; as the arguments of `record`."""

    subject: Any
    related: dict[str, int] = dataclasses.field(default_factory=dict)
    before: dict[str, Any] = dataclasses.field(default_factory=dict)
    after: dict[str, Any] = dataclasses.field(default_factory=dict)
    personal_before: dict[str, Any] = dataclasses.field(default_factory=dict)
    personal_after: dict[str, Any] = dataclasses.field(default_factory=dict)


def record_all(turn: Turn, verb: JournalVerb, told: Sequence[Told], *, by: Actor) -> None:
    """An entry for each of many rows of one company, and what each concerns, in four statements. A step: it never commits."""
    if not told:
        return
    company_id = _company_of(told[0].subject)
    operations.begin(turn, verb, by, company_id)
    common = {
        "operation": turn.operation,
        "at": turn.now,
        "verb": verb,
        "actor_id": by.user_id,
        "company_id": company_id,
        "on_behalf_of_id": company_id if by.is_staff else None,
    }
    entries = [
        {
            "subject_type": _kind(one.subject),
            "subject_id": one.subject.id,
            "related": one.related or _NOTHING,
            "before": one.before or _NOTHING,
            "after": one.after or _NOTHING,
        }
        for one in told
    ]
    # SQLite would add them one by one if it were asked for the number of each.
    insert_rows(JournalEntry, [common | entry for entry in entries])
    numbers = sa.select(JournalEntry.subject_id, JournalEntry.id).order_by(JournalEntry.id)
    own = numbers.where(JournalEntry.operation == turn.operation, JournalEntry.verb == verb)
    ids: dict[int, int] = dict(db.session.execute(own).all())
    concerned = [
        {"entry_id": ids[one.subject.id], "company_id": company_id, "kind": kind, "row_id": row_id}
        for one in told
        for kind, row_id in _concerned(one.subject, one.related, by)
    ]
    insert_rows(JournalSubject, concerned)
    _keep_apart(told, ids, company_id, by)


# --- Questions --------------------------------------------------------------------------------------------------------


def concerns(kind: SubjectKind, row_id: int) -> sa.ColumnElement[bool]:
    """Whether an entry concerns a row: a condition for any select over `JournalEntry`, which keeps its order."""
    if kind == SubjectKind.COMPANY:
        return JournalEntry.company_id == row_id
    subject = JournalSubject
    found = sa.select(subject.entry_id).where(subject.kind == kind, subject.row_id == row_id)
    return JournalEntry.id.in_(found)


def latest(kind: SubjectKind, row_id: Any, count: int, *conditions: Any) -> sa.Select[Any]:
    """The last `count` entries that concern a row, newest first, read in the order of their index."""
    entries = sa.select(JournalEntry).where(*conditions).limit(count)
    if kind == SubjectKind.COMPANY:
        return entries.where(JournalEntry.company_id == row_id).order_by(JournalEntry.id.desc())
    subject = JournalSubject
    return (
        entries.join(subject, subject.entry_id == JournalEntry.id)
        .where(subject.kind == kind, subject.row_id == row_id)
        .order_by(subject.entry_id.desc())
    )


def last_verbs(kind: SubjectKind, row_ids: Iterable[int], verbs: Collection[JournalVerb]) -> dict[int, str]:
    """Which of `verbs` was last done to each of many rows, by their numbers."""
    found: dict[int, str] = {}
    for part in in_parts(row_ids):
        last = (
            sa.select(sa.func.max(JournalEntry.id))
            .join(JournalSubject, JournalSubject.entry_id == JournalEntry.id)
            .where(JournalSubject.kind == kind, JournalSubject.row_id.in_(part))
            .where(JournalEntry.subject_type == kind, JournalEntry.subject_id == JournalSubject.row_id)
            .where(JournalEntry.verb.in_(verbs))
            .group_by(JournalSubject.row_id)
        )
        told = sa.select(JournalEntry.subject_id, JournalEntry.verb).where(JournalEntry.id.in_(last))
        found |= dict(db.session.execute(told).all())
    return found


def not_before(instant: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether an entry is of `instant` or later, read from its place in the journal on."""
    place = _place(instant - OUT_OF_ORDER, "since")
    return sa.and_(JournalEntry.id >= place, JournalEntry.at >= instant)


def before(instant: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether an entry is earlier than `instant`, read from its place in the journal back."""
    place = _place(instant + OUT_OF_ORDER, "until")
    return sa.and_(JournalEntry.id < place, JournalEntry.at < instant)


def _place(instant: dt.datetime, name: str) -> Any:
    """The id of the first entry that is not earlier than `instant`, by halving: entries are numbered as they come."""
    entry = aliased(JournalEntry)
    end = sa.select(sa.func.coalesce(sa.func.max(entry.id), 0) + 1).scalar_subquery()
    low = sa.cast(sa.literal(0), sa.BigInteger).label("low")
    halves = sa.select(low, sa.type_coerce(end, sa.BigInteger).label("high")).cte(name, recursive=True)
    middle = (halves.c.low + halves.c.high) // 2
    there = aliased(JournalEntry)
    at = sa.select(there.at).where(there.id >= middle).order_by(there.id).limit(1)
    # Nothing at or after the middle: it is no earlier one.
    earlier = at.correlate(halves).scalar_subquery() < instant
    half = sa.select(
        sa.case((earlier, middle), else_=halves.c.low), sa.case((earlier, halves.c.high), else_=middle)
    ).where(halves.c.high - halves.c.low > 1)
    halves = halves.union_all(half)
    return sa.select(sa.func.min(halves.c.high)).scalar_subquery()


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _keep_apart(told: Sequence[Told], ids: Mapping[int, int], company_id: int | None, by: Actor) -> None:
    """What is personal of many entries, in the table of its own."""
    personal = [
        {
            "entry_id": ids[one.subject.id],
            "company_id": company_id,
            "address": by.address,
            "before": one.personal_before or _NOTHING,
            "after": one.personal_after or _NOTHING,
        }
        for one in told
        if by.address or one.personal_before or one.personal_after
    ]
    if personal:
        insert_rows(JournalPersonal, personal)


def _concerned(subject: Base, related: Mapping[str, int], by: Actor) -> list[tuple[str, int]]:
    """(kind, id) of every row whose pages tell of the entry: an order's are its buyer's too, a mail's its recipient's."""
    found = {(str(_kind(subject)), subject.id), *related.items()}  # type: ignore[attr-defined]
    people = [by.user_id]
    if isinstance(subject, Order):
        people.append(subject.placed_by_id)
    if isinstance(subject, OutgoingMail):
        people.append(subject.user_id)
        found |= {(kind, subject.context[kind]) for kind in MAIL_CONCERNS if kind in subject.context}
    return sorted(found | {(str(SubjectKind.USER), person) for person in people if person is not None})


def _company_of(subject: Base) -> int | None:
    if isinstance(subject, Company):
        return subject.id
    return subject.company_id if isinstance(subject, TenantRow) else None


def _kind(subject: Base) -> SubjectKind:
    return _kind_of(type(subject))


@functools.cache
def _kind_of(model: type[Base]) -> SubjectKind:
    """`License` → `license`, `TaxRate` → `tax_rate`. Raises ValueError for a table that is no `SubjectKind` yet."""
    return SubjectKind(re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower())
