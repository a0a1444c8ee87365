"""Importing an existing base: one file or three become a batch, read as they are recognised or as somebody chooses, then prepared.

Nothing is brought over before the batch is confirmed. What was read stays with it (`BatchFile`), so that it can be read otherwise.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import Batch, BatchFile, BatchKind, BatchRow, BatchState, Post, RowOutcome, db
from services.bases import applying, columns, deciding
from services.batches import choosing, kinds
from services.files import headers, limits, reading, writing
from services.files.headers import Matching
from services.files.tables import Encoding, Kind
from services.foundation import checks
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.imports import columns as people_columns
from services.imports import people
from services.imports.people import Choice
from services.text import dates

MOST_FILES = 3
_NAME = 200
_KEPT = frozenset({"files", "fields", "lacks", "rows"})


@dataclasses.dataclass(frozen=True)
class Look(people.Look):
    """One of the files, as it is read now."""

    place: int
    name: str

    def lacks(self) -> list[str]:
        """The fields without which nothing can be done with it, and which no column holds."""
        return columns.lacking(self.found.columns)


def begin(files: Sequence[tuple[str, bytes]], by: Actor, *, most: int | None = limits.ROWS) -> Batch:
    """Keep up to three files as a batch, and read them as they are recognised. A verb.

    Args:
        files: Each with its name.
        most: How many rows together; None for an operator's own files.

    Raises:
        Refused: what `services.files` refuses, `file_choice` for none or more than three, `too_many`.
    """
    if not 0 < len(files) <= MOST_FILES:
        raise Refused(Code.FILE_CHOICE, _("Choose one file, or two or three: customers, people, licenses."))
    looks = []
    for place, (given, content) in enumerate(files):
        name = checks.readable(given)[-_NAME:] or _("File %(number)s", number=place + 1)
        try:
            looks.append(_look(place, name, content, Choice(), most))
        except Refused as refused:
            raise _of_file(refused, name, len(files)) from refused
    with transaction() as turn:
        batch = choosing.open_batch(turn, BatchKind.BASE, None, by, together=uuid.uuid4().hex, total=0)
        for look, (_given, content) in zip(looks, files, strict=True):
            db.session.add(BatchFile(batch_id=batch.id, place=look.place, name=look.name, content=content))
        _take(turn, batch, looks, {"rows": most})
    return batch


def look_at(batch: Batch, choices: Sequence[Choice] | None = None) -> list[Look]:
    """The batch's files, read as was chosen for them, or as `choices` say. Raises Refused as `begin`."""
    kept = db.session.scalars(
        sa.select(BatchFile).where(BatchFile.batch_id == batch.id).order_by(BatchFile.place)
    ).all()
    if not kept:
        raise Refused(
            Code.FILE_EMPTY,
            _("The file of this import is no longer kept. Begin again with your own copy of it."),
        )
    wanted = choices or [_chosen(file) for file in batch.options["files"]]
    looks = []
    for file, choice in zip(kept, wanted, strict=True):
        try:
            looks.append(_look(file.place, file.name, file.content, choice, batch.options["rows"]))
        except Refused as refused:
            raise _of_file(refused, file.name, len(kept)) from refused
    return looks


def chosen(batch: Batch) -> list[Choice]:
    """How each of the files is read now."""
    return [_chosen(file) for file in batch.options["files"]]


def choose(batch: Batch, choices: Sequence[Choice]) -> list[Look]:
    """Have the files read otherwise. What was prepared of them is void. A verb.

    Raises:
        Refused: as `look_at`; `batch_settled`, once it is confirmed.
    """
    looks, batch_id = look_at(batch, choices), batch.id
    with transaction() as turn:
        batch = choosing.lock(turn, batch_id)
        choosing.check_open(batch)
        _take(turn, batch, looks, batch.options)
    return looks


def proceed(batch: Batch, choices: Sequence[Choice], options: Mapping[str, Any], by: Actor) -> None:
    """Have the rows of the files, read so, wait to be prepared. A verb.

    Args:
        options: `post`, and `order`: a `DayOrder` where people said which comes first in a date.

    Raises:
        Refused: as `choose`; `file_choice`, where no column holds what nobody can do without; `file_empty`.
    """
    batch_id = batch.id
    if list(choices) != chosen(batch):
        choose(batch, choices)
        batch = db.session.get_one(Batch, batch_id)
    _check(batch)
    choosing.settle(batch, options, by)


def template(kind: Kind, separator: str) -> bytes:
    """A file to fill in, a row for each licence, which shows how."""
    shown = (
        columns.CUSTOMER,
        columns.BILLING,
        columns.STREET,
        columns.CITY,
        columns.PROVINCE,
        columns.POSTAL,
        columns.FIRST_NAME,
        columns.LAST_NAME,
        columns.EMAIL,
        columns.PLAN,
        columns.KEY,
        columns.START,
        columns.END,
        columns.ACTIVATED,
    )
    plan = next(iter(people_columns.plans_by_word().values()), None)
    name = plan.code if plan else "pro"
    who = [
        "Lévis Transport inc.",
        "comptes@levis-transport.example",
        "12, rue Principale",
        "Lévis",
        "QC",
        "G6V 1A1",
    ]
    held = ["Marie", "Tremblay", "marie@levis-transport.example", name, "AB12-CD34-EF56"]
    free = ["", "", "", name, "AB12-CD34-EF57"]
    rows = [
        [*who, *held, "2026-02-01", "2027-01-31", "2026-02-03"],
        [*who, *free, "2026-02-01", "2027-01-31", ""],
    ]
    return writing.template([str(columns.LABELS[field]) for field in shown], rows, kind, separator=separator)


def wrong_rows(batch: Batch, place: int) -> tuple[bytes, Kind] | None:
    """The rows of a file that are left, with why in a column of their own; None where none is. Raises Refused as `look_at`."""
    above = place * deciding.OF_A_FILE
    left = sa.select(BatchRow.no, BatchRow.problem).where(
        BatchRow.batch_id == batch.id,
        BatchRow.no.between(above, above + deciding.OF_A_FILE - 1),
        BatchRow.outcome.in_([RowOutcome.LEFT, RowOutcome.MOVED]),
    )
    said = {no - above: problem or "" for no, problem in db.session.execute(left)}
    if not said:
        return None
    look = look_at(batch)[place]
    content = writing.with_column(look.table, _("What to correct"), said, header=look.found.header)
    return content, writing.written_kind(look.table)


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _of_file(refused: Refused, name: str, count: int) -> Refused:
    """Which of several files is meant."""
    if count == 1:
        return refused
    return Refused(
        refused.code, _("%(file)s: %(sentence)s", file=name, sentence=refused.sentence), fields=refused.fields
    )


def _look(place: int, name: str, content: bytes, choice: Choice, most: int | None) -> Look:
    table = reading.read(
        content, encoding=choice.encoding, separator=choice.separator, sheet=choice.sheet, most=most
    )
    if choice.fields is not None:
        return Look(table, Matching.chosen(table, choice.fields, choice.header or None), place, name)
    return Look(table, columns.settled(headers.matched(table, columns.FIELDS)), place, name)


def _take(turn: Turn, batch: Batch, looks: Sequence[Look], options: Mapping[str, Any]) -> None:
    """Put the rows of the files, read so, in the place of what was read before: the batch is a draft again."""
    most, total = options["rows"], sum(len(look.lines) for look in looks)
    if most is not None and total > most:
        raise limits.too_many_rows(most)
    db.session.execute(sa.delete(BatchRow).where(BatchRow.batch_id == batch.id))
    for look in looks:
        _add_lines(turn, batch, look, several=len(looks) > 1)
    fields = columns.in_order({name for look in looks for name in look.found.columns})
    batch.total = total
    batch.options = {
        **options,
        "files": [_noted(look) for look in looks],
        "fields": [*([columns.FILE] if len(looks) > 1 else []), *fields],
    }
    choosing.begin_anew(turn, batch, BatchState.DRAFT)


def _add_lines(turn: Turn, batch: Batch, look: Look, *, several: bool) -> None:
    above = look.place * deciding.OF_A_FILE
    of_file = {columns.FILE: look.name} if several else {}
    for start in range(0, len(look.lines), limits.ROWS):
        part = look.lines[start : start + limits.ROWS]
        rows = [
            {"no": above + line.number, "raw": of_file | people.raw_of(look.table, look.found, line)}
            for line in part
        ]
        choosing.add_rows(turn, batch, rows)


def _noted(look: Look) -> dict[str, Any]:
    """How a file is read, as the batch's options keep it."""
    table, found = look.table, look.found
    return {
        "name": look.name,
        "lacks": look.lacks(),
        "encoding": table.encoding,
        "separator": table.separator,
        "sheet": table.sheet,
        "header": found.header.number if found.header else 0,
        "columns": dict(found.columns),
        "orders": {
            name: dates.order_of(found.cell(line, name) for line in look.lines)
            for name in columns.DAYS
            if name in found.columns
        },
    }


def _chosen(file: Mapping[str, Any]) -> Choice:
    encoding = Encoding(file["encoding"]) if file["encoding"] else None
    return Choice(encoding, file["separator"], file["sheet"], file["header"], file["columns"])


def _check(batch: Batch) -> None:
    for file in batch.options["files"]:
        if file["lacks"]:
            raise Refused(
                Code.FILE_CHOICE,
                _(
                    "%(file)s: say which column holds this: %(fields)s.",
                    file=file["name"],
                    fields=columns.words(file["lacks"]),
                ),
                fields=tuple(file["lacks"]),
            )
    if not batch.total:
        raise Refused(Code.FILE_EMPTY, _("Nothing stands below the header: there is nothing to bring over."))


def _options(batch: Batch, wanted: dict[str, object]) -> dict[str, object]:
    """What was read stays; mail leaves where it was asked for."""
    kept = {name: value for name, value in batch.options.items() if name in _KEPT}
    order = wanted.get("order") or None
    if order is not None and order not in list(dates.DayOrder):
        raise Refused(Code.FILE_CHOICE, _("Say which comes first in a date."), fields=("order",))
    return {**kept, "order": order, "post": Post(str(wanted["post"]))}


kinds.register(BatchKind.BASE, kinds.Kind(deciding.prepare, None, _options, applying.apply_parts))
