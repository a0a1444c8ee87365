"""Importing people: a file or a paste becomes a batch, read as it is recognised or as somebody chooses, then prepared.

Nobody is added before the batch is confirmed. What was read stays with it (`BatchFile`), so that it can be read otherwise.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import Batch, BatchFile, BatchKind, BatchRow, BatchState, Company, RowOutcome, User, db
from services.batches import choosing, free, kinds
from services.files import headers, limits, reading, writing
from services.files.headers import Matching
from services.files.tables import Encoding, Kind, Line, Table
from services.foundation import checks
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.imports import applying, columns, deciding
from services.text import characters

# Of its name, as the column holds.
_NAME = 200
MISSING_SHOWN = 500
_WIDE = frozenset({Encoding.UTF_16_LE, Encoding.UTF_16_BE})
# Characters of a line that shows an encoding.
_SPELLED = 120


@dataclasses.dataclass(frozen=True)
class Choice:
    """How a file is read: what is None is recognised.

    Attributes:
        header: The number of the row that is the header; 0 for none.
        fields: Which column, from 0, holds which field.
    """

    encoding: Encoding | None = None
    separator: str | None = None
    sheet: str | None = None
    header: int | None = None
    fields: Mapping[str, int] | None = None


@dataclasses.dataclass(frozen=True)
class Look:
    """A file as it is read now."""

    table: Table
    found: Matching

    @property
    def lines(self) -> list[Line]:
        """Those that are about somebody."""
        return self.found.lines(self.table)

    @property
    def width(self) -> int:
        return max((len(line.cells) for line in self.table.lines), default=0)

    def lacks(self) -> list[str]:
        """The fields without which nobody can be added, and which no column holds."""
        lacking = [] if columns.EMAIL in self.found.columns else [columns.EMAIL]
        if columns.NAME in self.found.columns or self._has_names_beside_addresses():
            return lacking
        return [*lacking, *(name for name in _NAMES if name not in self.found.columns)]

    def _has_names_beside_addresses(self) -> bool:
        return any("<" in self.found.cell(line, columns.EMAIL) for line in self.lines)


_NAMES = (columns.FIRST_NAME, columns.LAST_NAME)
# Of a batch's options, what says how its file was read.
_KEPT = frozenset({"file", "pasted", "fields", "lacks", "read"})


def begin(content: bytes | str, name: str, company: Company, by: Actor) -> Batch:
    """Keep a file, or the text that was pasted, as a batch of a company, and read it as it is recognised. A verb.

    Raises:
        Refused: what `services.files` refuses: it is no table, too large, damaged …
    """
    company_id = company.id
    name = checks.readable(name)[-_NAME:] if isinstance(content, bytes) else ""
    kept = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    look = _look(content, Choice())
    with transaction() as turn:
        batch = choosing.open_batch(
            turn, BatchKind.PEOPLE, company_id, by, together=uuid.uuid4().hex, total=0
        )
        db.session.add(BatchFile(batch_id=batch.id, company_id=company_id, name=name, content=kept))
        _take(turn, batch, look, {"file": name, "pasted": isinstance(content, str)})
    return batch


def look_at(batch: Batch, choice: Choice | None = None) -> Look:
    """The batch's file, read as was chosen for it, or as `choice` says. Raises Refused as `begin`, and `file_choice`."""
    kept = db.session.get(BatchFile, (batch.id, 0))
    if kept is None:
        raise Refused(
            Code.FILE_EMPTY,
            _("The file of this import is no longer kept. Begin again with your own copy of it."),
        )
    content = kept.content.decode("utf-8") if batch.options.get("pasted") else kept.content
    return _look(content, choice or _chosen(batch))


def spellings(batch: Batch, look: Look, place: int = 0) -> list[tuple[Encoding, str]]:
    """How the first line of a CSV that is not plain reads in each encoding that it may be in: people see which is right.

    Args:
        look: The file as it is read now: of UTF-16 there is no doubt.
        place: Which of the batch's files it is.
    """
    kept, now = db.session.get(BatchFile, (batch.id, place)), look.table.encoding
    if (
        look.table.kind is not Kind.CSV
        or kept is None
        or batch.options.get("pasted")
        or kept.content.isascii()
    ):
        return []
    found: list[tuple[Encoding, str]] = []
    for encoding in (one for one in Encoding if one == now or one not in _WIDE):
        try:
            text = kept.content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        line = next((line for line in text.splitlines() if not line.isascii()), "")
        if line and characters.forbidden(line) is None:
            found.append((encoding, line.strip()[:_SPELLED]))
    return found


def choose(batch: Batch, choice: Choice) -> Look:
    """Have the batch's file read otherwise. What was prepared of it is void. A verb.

    Raises:
        Refused: as `look_at`; `batch_settled`, once it is confirmed.
    """
    look, batch_id = look_at(batch, choice), batch.id
    with transaction() as turn:
        batch = choosing.lock(turn, batch_id)
        choosing.check_open(batch)
        _take(turn, batch, look, batch.options)
    return look


def proceed(batch: Batch, choice: Choice, options: Mapping[str, Any], by: Actor) -> None:
    """Have the rows of the file, read so, wait to be prepared. A verb.

    Args:
        options: `plan`, the number of the plan to give, and `post`.

    Raises:
        Refused: as `choose`; `file_choice`, where no column holds what nobody can do without; `too_many`; `file_empty`.
    """
    batch_id = batch.id
    if choice != _chosen(batch):
        choose(batch, choice)
        batch = db.session.get_one(Batch, batch_id)
    _check(batch)
    choosing.settle(batch, options, by)


def template(kind: Kind, separator: str) -> bytes:
    """A file to fill in, with two people who show how."""
    headings = [_("First name"), _("Last name"), _("Email"), _("Role"), _("Language")]
    return writing.template(
        headings,
        [
            ["Marie", "Tremblay", "marie.tremblay@entreprise.example", _("Standard user"), _("French")],
            ["John", "Roy", "john.roy@entreprise.example", _("Administrator"), _("English")],
        ],
        kind,
        separator=separator,
    )


def wrong_rows(batch: Batch) -> tuple[bytes, Kind]:
    """The rows of the file that are left, with why in a column of their own. Raises Refused as `look_at`."""
    look = look_at(batch)
    left = sa.select(BatchRow.no, BatchRow.problem).where(
        BatchRow.batch_id == batch.id, BatchRow.outcome.in_([RowOutcome.LEFT, RowOutcome.MOVED])
    )
    said = {no: problem or "" for no, problem in db.session.execute(left)}
    heading = _("What to correct")
    content = writing.with_column(look.table, heading, said, header=look.found.header)
    return content, writing.written_kind(look.table)


@dataclasses.dataclass(frozen=True)
class Missing:
    """The active people of the company of whom the file says nothing: the first of them, and how many there are."""

    people: list[User]
    count: int


def missing(batch: Batch) -> Missing:
    """Who is in the desk and not in the file. Nothing is ever done to them."""
    named = sa.exists().where(BatchRow.batch_id == batch.id, BatchRow.user_id == User.id)
    absent = sa.and_(User.company_id == batch.company_id, User.active.is_(True), ~named)
    count = db.session.scalar(sa.select(sa.func.count(User.id)).where(absent)) or 0
    order = (User.sort_key, User.id)
    found = sa.select(User).where(absent).order_by(*order).limit(MISSING_SHOWN)
    return Missing(list(db.session.scalars(found)), count)


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _look(content: bytes | str, choice: Choice) -> Look:
    if isinstance(content, str):
        table = reading.read_text(content, separator=choice.separator)
    else:
        table = reading.read(
            content, encoding=choice.encoding, separator=choice.separator, sheet=choice.sheet
        )
    if choice.fields is not None:
        return Look(table, Matching.chosen(table, choice.fields, choice.header or None))
    return Look(table, columns.settled(headers.matched(table, columns.FIELDS)))


def _take(turn: Turn, batch: Batch, look: Look, options: Mapping[str, Any]) -> None:
    """Put the rows of a file, read so, in the place of what was read before: the batch is a draft again."""
    if len(look.lines) > limits.ROWS:
        raise limits.too_many_rows(limits.ROWS)
    db.session.execute(sa.delete(BatchRow).where(BatchRow.batch_id == batch.id))
    if look.lines:
        choosing.add_rows(
            turn,
            batch,
            [{"no": line.number, "raw": raw_of(look.table, look.found, line)} for line in look.lines],
        )
    batch.options, batch.total = {**options, **_noted(look)}, len(look.lines)
    choosing.begin_anew(turn, batch, BatchState.DRAFT)


def _noted(look: Look) -> dict[str, Any]:
    """How it is read, as the batch's options keep it."""
    table, found = look.table, look.found
    return {
        "fields": columns.in_order(found.columns),
        "lacks": look.lacks(),
        "read": {
            "encoding": table.encoding,
            "separator": table.separator,
            "sheet": table.sheet,
            "header": found.header.number if found.header else 0,
            "columns": dict(found.columns),
        },
    }


def _chosen(batch: Batch) -> Choice:
    read = batch.options["read"]
    return Choice(
        Encoding(read["encoding"]) if read["encoding"] else None,
        read["separator"],
        read["sheet"],
        read["header"],
        read["columns"],
    )


def _check(batch: Batch) -> None:
    if lacking := batch.options["lacks"]:
        raise Refused(
            Code.FILE_CHOICE,
            _("Say which column holds this: %(fields)s.", fields=columns.words(lacking)),
            fields=tuple(lacking),
        )
    if not batch.total:
        raise Refused(Code.FILE_EMPTY, _("Nothing stands below the header: there is nobody to add."))


def raw_of(table: Table, found: Matching, line: Line) -> dict[str, Any]:
    """What a line says, by field, and what is wrong with its cells."""
    raw: dict[str, Any] = {name: found.cell(line, name) for name in found.columns}
    if columns.puts_family_first(found):
        raw[columns.FAMILY_FIRST] = True
    faults: dict[str, str] = {
        name: line.faults[column] for name, column in found.columns.items() if column in line.faults
    }
    # Where a separator stands in a name, all that follows is one too far; the cells of a workbook stay where they are.
    if table.kind is not Kind.XLSX and found.header is not None and len(line.cells) > len(found.header.cells):
        faults[columns.WHOLE_ROW] = columns.TOO_MANY_CELLS
    return raw | {columns.FAULTS: faults} if faults else raw


def _options(batch: Batch, wanted: dict[str, object]) -> dict[str, object]:
    """What was read stays; the plan is one that there is, or none."""
    kept = {name: value for name, value in batch.options.items() if name in _KEPT}
    plan = free.asked_plan(wanted).id if wanted.get("plan") else None
    return {**kept, "plan": plan, "post": wanted["post"]}


kinds.register(BatchKind.PEOPLE, kinds.Kind(deciding.prepare, applying.apply, _options, begin=applying.begin))
