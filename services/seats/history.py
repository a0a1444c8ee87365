"""What the seats of a company were at any second: who held each, of which plan, in which state.

Read from what is never overwritten (terms, assignments, suspensions, the moment a seat was gone), by the rule that says
today's state too (`models.state_of`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from models import (
    LIVE_STATUSES,
    Assignment,
    JournalVerb,
    License,
    LicenseState,
    LicenseStatus,
    Operation,
    OperationRow,
    Suspension,
    Term,
    TermKind,
    db,
    state_of,
)


@dataclasses.dataclass(frozen=True)
class Seat:
    """One licence at one instant.

    Attributes:
        plan_id: The plan of then.
        user_id: Its holder, also of one that had expired; None where nobody held it.
        since, until: From when until when that holder had it; `until` is None while they still have it.
        last_day: Until which day it had been paid by then.
        today: The licence as it is now.
    """

    license_id: int
    key: str
    plan_id: int
    user_id: int | None
    state: LicenseState
    since: dt.datetime | None
    until: dt.datetime | None
    last_day: dt.date
    today: License


# Seats that are read at once.
AT_A_TIME = 2_000


def as_of(company_id: int, instant: dt.datetime) -> dict[int, Seat]:
    """{license id: seat} of every licence that the company had at `instant`.

    A period is half-open: what began at `instant` counts, what ended at it does not. Whoever was given a seat and lost
    it within the same instant never held it.
    """
    return {seat.license_id: seat for part in read([company_id], instant) for seat in part}


def read(company_ids: Sequence[int], instant: dt.datetime, size: int = AT_A_TIME) -> Iterator[list[Seat]]:
    """As `as_of`, of these companies and in the order of their licences, `size` at a time: four statements for
    each part."""
    licenses = sa.select(License).where(License.company_id.in_(company_ids), License.valid_from <= instant)
    removed, after = _removed_for_a_while(company_ids, instant), 0
    while True:
        part = db.session.scalars(licenses.where(License.id > after).order_by(License.id).limit(size)).all()
        if not part:
            return
        ids = (part[0].id, part[-1].id)
        terms = _by_license(Term, company_ids, ids, Term.starts_at <= instant)
        held = _by_license(Assignment, company_ids, ids, *_running(Assignment, instant))
        suspended = _by_license(Suspension, company_ids, ids, *_running(Suspension, instant))
        yield [
            _seat(one, terms[one.id], held[one.id], _status(one, suspended, removed, instant), instant)
            for one in part
        ]
        if len(part) < size:
            return
        after = ids[1]


def _removed_for_a_while(company_ids: Sequence[int], instant: dt.datetime) -> set[int]:
    """The licences that were removed before `instant`, and brought back by an undo after it."""
    undoing = aliased(Operation)
    found = (
        sa.select(OperationRow.row_id)
        .join(Operation, Operation.id == OperationRow.operation_id)
        .join(undoing, undoing.undoes_id == Operation.id)
        .where(
            Operation.company_id.in_(company_ids),
            Operation.verb == JournalVerb.LICENSE_REMOVED,
            Operation.at <= instant,
            undoing.at > instant,
            OperationRow.table_name == License.__tablename__,
        )
    )
    return set(db.session.scalars(found))


def _status(
    license: License, suspended: Mapping[int, Sequence[Suspension]], removed: set[int], instant: dt.datetime
) -> LicenseStatus:
    """What its status was at `instant`."""
    if license.gone_at is not None and license.gone_at <= instant:
        return license.status
    if license.id in removed:
        return LicenseStatus.REMOVED
    return LicenseStatus.SUSPENDED if suspended[license.id] else LicenseStatus.ACTIVE


def _running(table: Any, instant: dt.datetime) -> tuple[Any, Any]:
    return table.started_at <= instant, sa.or_(table.ended_at.is_(None), table.ended_at > instant)


Row = TypeVar("Row", Term, Assignment, Suspension)


def _by_license(
    table: type[Row], company_ids: Sequence[int], ids: tuple[int, int], *conditions: Any
) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    among = table.company_id.in_(company_ids), table.license_id.between(*ids)
    for row in db.session.scalars(sa.select(table).where(*among, *conditions)):
        found[row.license_id].append(row)
    return found


def _seat(
    license: License,
    terms: Sequence[Term],
    held: Sequence[Assignment],
    status: LicenseStatus,
    instant: dt.datetime,
) -> Seat:
    """The seat, from the terms that had begun and what ran at `instant`."""
    # The grace is the licence's: it comes after each of its terms alike.
    grace = license.usable_until - license.valid_until
    ends = [term.ends_at for term in terms if term.kind != TermKind.CHANGE]
    assignment = next(iter(held), None) if status in LIVE_STATUSES else None
    return Seat(
        license_id=license.id,
        key=license.key,
        plan_id=_latest(terms).plan_id if terms else license.plan_id,
        user_id=assignment.user_id if assignment else None,
        state=state_of(
            status=status,
            usable=any(end + grace > instant for end in ends),
            in_term=any(end > instant for end in ends),
            held=assignment is not None,
            activated=_is_activated(assignment, instant),
        ),
        since=assignment.started_at if assignment else None,
        until=assignment.ended_at if assignment else None,
        last_day=max((term.last_day for term in terms), default=license.last_day),
        today=license,
    )


def _latest(terms: Iterable[Term]) -> Term:
    """The one that names the plan: of two that began together, a change counts more than what it changed."""
    return max(terms, key=lambda term: (term.starts_at, term.kind == TermKind.CHANGE, term.id))


def _is_activated(assignment: Assignment | None, instant: dt.datetime) -> bool:
    return bool(assignment and assignment.activated_at and assignment.activated_at <= instant)
