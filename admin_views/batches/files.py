"""The rows of a batch as a file: each with what comes of it and why. A text is never a formula there (`lists/exports.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Response, stream_with_context
from flask_babel import gettext as _

from access import current_actor
from admin_views.batches import words
from admin_views.lists import exports
from admin_views.lists.filed import Filed
from admin_views.lists.rows import narrow
from models import Batch, BatchRow, BatchState, Company, License, Plan, RowOutcome, User, db
from services.foundation.transaction import release_reads
from services.reports import exported
from services.text.formats import current_language

_COLUMNS: tuple[Any, ...] = (
    BatchRow.no,
    Company.name,
    User.first_name,
    User.last_name,
    User.email,
    License.plan_id,
    License.last_day,
    BatchRow.raw,
    BatchRow.outcome,
    BatchRow.problem,
)


def download(endpoint: str, batches: Sequence[Batch], show: str) -> Response:
    """Every row of `batches`, or those of one outcome. It stands in the journal before its first byte."""
    outcome = next((one for one in RowOutcome if one == show), None)
    first = batches[0]
    fields = [str(name) for name in first.options.get("fields", ())] if first.kind in words.OF_FILES else []
    done = {batch.id: batch.state == BatchState.DONE for batch in batches}
    total = sum(batch.total for batch in batches)
    exported.note(endpoint, "csv", rows=total, asked={"kind": first.kind.value}, by=current_actor())
    name = exports.file_name(str(words.TITLES[first.kind]), "csv")
    columns = [Filed(label, "text", lambda page, told: ()) for label in _labels(fields)]
    pages = _pages(done, outcome, fields)
    lines = exports.csv_lines(columns, pages, current_language())
    return exports.answer(stream_with_context(lines), "csv", name)


def _labels(fields: Sequence[str]) -> list[str]:
    """The heads of the columns: what the file held of each row, else whom and what it is about."""
    about = [words.field(name) for name in fields] or [
        _("Customer"),
        _("First name"),
        _("Last name"),
        _("Email"),
        _("Plan"),
        _("Valid until"),
    ]
    return [_("Row"), *about, _("Result"), _("Reason")]


def _pages(
    done: Mapping[int, bool], outcome: RowOutcome | None, fields: Sequence[str]
) -> Iterator[list[Sequence[Any]]]:
    """The cells, column by column, of so many rows at a time."""
    plans = {plan.id: plan.name(current_language()) for plan in db.session.scalars(sa.select(Plan))}
    for batch_id, is_done in done.items():
        after = -1
        while lines := _read(batch_id, outcome, after):
            after = lines[-1][0]
            release_reads()
            cells = [_cells(line, fields, plans, done=is_done) for line in lines]
            yield list(zip(*cells, strict=True))


def _read(batch_id: int, outcome: RowOutcome | None, after: int) -> Sequence[Any]:
    found = (
        narrow(sa.select(*_COLUMNS), BatchRow)
        .select_from(BatchRow)
        .outerjoin(Company, Company.id == BatchRow.company_id)
        .outerjoin(User, User.id == BatchRow.user_id)
        .outerjoin(License, License.id == BatchRow.license_id)
        .where(BatchRow.batch_id == batch_id, BatchRow.no > after)
    )
    if outcome is not None:
        found = found.where(BatchRow.outcome == outcome)
    return db.session.execute(found.order_by(BatchRow.no).limit(exports.ROWS_AT_A_TIME)).all()


def _cells(line: Any, fields: Sequence[str], plans: Any, *, done: bool) -> list[str]:
    number, company, first, last, email, plan_id, day, raw, outcome, problem = line
    about = [raw.get(name) for name in fields] if fields else [company, first, last, email]
    if not fields:
        about += [plans.get(plan_id), day and day.isoformat()]
    return [
        str(words.number(number)),
        *("" if value is None else str(value) for value in about),
        words.result(outcome, done=done),
        problem or "",
    ]
