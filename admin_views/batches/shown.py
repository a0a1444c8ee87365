"""What the page of a batch shows: how many rows come to what, why some are left out, and the rows themselves, page by page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from sqlalchemy.orm import joinedload

from admin_views import labels
from admin_views.batches import words
from admin_views.lists import keyset, listing
from admin_views.lists.rows import narrow
from models import Batch, BatchKind, BatchRow, BatchState, License, Operation, Post, RowOutcome, User, db
from services.bases import deciding
from services.batches import free, preparing
from services.foundation import operations
from services.foundation.errors import Code

PAGE_SIZE = 50
_CODES = set(Code)
# Of a row: what is most to be looked at comes first. Of a file that is what is wrong.
_FIRST = {
    False: (RowOutcome.MOVED, RowOutcome.READY, RowOutcome.LEFT, RowOutcome.SAME),
    True: (RowOutcome.LEFT, RowOutcome.MOVED, RowOutcome.READY, RowOutcome.SAME),
}
_WHY = sa.func.coalesce(BatchRow.seen["why"].as_string(), BatchRow.problem)


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why rows are left out: in a few words, how many, and the sentence where it is the same of all."""

    words: str
    count: int
    sentence: str


@dataclasses.dataclass(frozen=True)
class Section:
    """One customer's batch, counted.

    Attributes:
        seats: By plan, how many can be given before and after, and how many are lacking.
        expired: What it shows is too old to be confirmed.
        undo: For how many minutes it can still be taken back.
        undone: It was taken back.
    """

    batch: Batch
    counts: Mapping[RowOutcome, int]
    seats: Sequence[free.PlanSeats]
    expired: bool
    undo: int
    undone: bool

    @property
    def ready(self) -> int:
        return self.counts[RowOutcome.READY]

    @property
    def left(self) -> int:
        return self.counts[RowOutcome.LEFT] + self.counts[RowOutcome.MOVED]

    @property
    def brought(self) -> int:
        """Of a base, how many rows are done: customer by customer."""
        done = narrow(sa.select(sa.func.count()), BatchRow).where(
            BatchRow.batch_id == self.batch.id, BatchRow.company_id.is_not(None)
        )
        return db.session.scalar(done) or 0

    @property
    def files_left(self) -> list[int]:
        """Of a base, which of its files have rows that are left."""
        left = narrow(sa.select(BatchRow.no // deciding.OF_A_FILE), BatchRow).where(
            BatchRow.batch_id == self.batch.id, BatchRow.outcome.in_([RowOutcome.LEFT, RowOutcome.MOVED])
        )
        return sorted(db.session.scalars(left.distinct()))

    @property
    def lacking(self) -> int:
        return sum(plan.lacking for plan in self.seats)

    @property
    def is_confirmable(self) -> bool:
        return self.batch.state == BatchState.READY and not self.expired and self.ready > 0

    @property
    def is_stuck(self) -> bool:
        """Whether it has to be prepared anew before anything comes of it."""
        return self.expired or self.batch.state == BatchState.FAILED


@dataclasses.dataclass(frozen=True)
class Tab:
    name: str
    words: str
    count: int
    here: bool
    # `wait` for what somebody should look at.
    tone: str = ""


@dataclasses.dataclass(frozen=True)
class Rows:
    """A page of rows, the outcomes beside it, and why rows are left out."""

    tabs: Sequence[Tab]
    reasons: Sequence[Reason]
    rows: Sequence[BatchRow]
    before: str | None
    after: str | None
    # By number, whom the licences of a transfer go to.
    receivers: Mapping[int, User]

    @staticmethod
    def why(row: BatchRow) -> str:
        """Why a row is left, in a few words where there are some: the sentence stands above, once."""
        return _short(row.seen.get("why"), row.problem)


def section(batch: Batch, now: dt.datetime) -> Section:
    undoable = operations.undoable(batch.company_id, now) if batch.operation_id and batch.company_id else {}
    return Section(
        batch,
        preparing.counts(batch.id),
        free.seats(batch) if batch.state == BatchState.READY and batch.kind != BatchKind.BASE else (),
        batch.state == BatchState.READY and (batch.expires_at is None or batch.expires_at <= now),
        undoable.get(batch.operation_id or "", 0),
        _is_undone(batch),
    )


def _is_undone(batch: Batch) -> bool:
    undoing = narrow(sa.select(Operation.id), Operation).where(Operation.undoes_id == batch.operation_id)
    return batch.operation_id is not None and db.session.scalar(undoing) is not None


def rows_of(batch: Batch, args: Mapping[str, str]) -> Rows:
    """The page of rows that an address asks for: `?show=` an outcome, `?after=` or `?before=` a row."""
    counts, of_file = preparing.counts(batch.id), batch.kind in words.OF_FILES
    named = words.tabs(batch.kind, done=batch.state == BatchState.DONE)
    show = next((outcome for outcome in named if outcome == args.get("show")), None)
    whole = Tab("", pgettext("rows", "All"), sum(counts.values()), show is None)
    tabs = [
        Tab(outcome.value, text, counts[outcome], outcome == show, _tone(outcome))
        for outcome, text in named.items()
        if counts[outcome]
    ]
    page = _page(batch, show, args, of_file=of_file)
    lines = [line[0] for line in page.rows]
    return Rows([whole, *tabs], _reasons(batch), lines, page.before, page.after, _receivers(batch, lines))


def _receivers(batch: Batch, lines: Sequence[BatchRow]) -> dict[int, User]:
    ids = {row.seen["to"] for row in lines if row.seen.get("to")} if batch.kind == BatchKind.TRANSFER else ()
    if not ids:
        return {}
    return {
        user.id: user for user in db.session.scalars(narrow(sa.select(User), User).where(User.id.in_(ids)))
    }


def _tone(outcome: RowOutcome) -> str:
    return "wait" if outcome in {RowOutcome.LEFT, RowOutcome.MOVED} else ""


def _page(batch: Batch, show: RowOutcome | None, args: Mapping[str, str], *, of_file: bool) -> listing.Slice:
    found = narrow(sa.select(BatchRow), BatchRow).where(BatchRow.batch_id == batch.id)
    if show is not None:
        found = found.where(BatchRow.outcome == show)
    first = sa.case(
        *((BatchRow.outcome == outcome, place) for place, outcome in enumerate(_FIRST[of_file])), else_=9
    )
    order = keyset.Order((first,), BatchRow.no, descending=False)

    def read(edge: list[Any] | None, backwards: bool) -> list[Any]:
        statement = found.add_columns(first, BatchRow.no).options(
            joinedload(BatchRow.user),
            joinedload(BatchRow.license).options(joinedload(License.plan), joinedload(License.user)),
            joinedload(BatchRow.other).joinedload(License.plan),
        )
        if edge:
            statement = statement.where(keyset.beyond(order, edge, backwards=backwards))
        ordered = keyset.ordered(statement, order, backwards=backwards).limit(PAGE_SIZE + 1)
        return list(db.session.execute(ordered).unique().all())

    asked = listing.read_request(args, (), (), PAGE_SIZE)
    return listing.slice_of(dataclasses.replace(asked, size=PAGE_SIZE), order, read, key=2)


def _reasons(batch: Batch) -> list[Reason]:
    """Why rows are left out, what is said of most of them first."""
    count = sa.func.count()
    found = (
        narrow(sa.select(_WHY, count, sa.func.min(BatchRow.problem), sa.func.max(BatchRow.problem)), BatchRow)
        .where(BatchRow.batch_id == batch.id, BatchRow.outcome.in_((RowOutcome.LEFT, RowOutcome.MOVED)))
        # By its place: PostgreSQL does not know an expression again whose parameters are sent twice.
        .group_by(sa.text("1"))
        .order_by(count.desc())
        .limit(20)
    )
    return [
        # A sentence that names somebody is of one row alone.
        Reason(_short(why, sentence), many, sentence if sentence == other else "")
        for why, many, sentence, other in db.session.execute(found)
    ]


def _short(why: str | None, sentence: str | None) -> str:
    return labels.refusal_words(why) if why in _CODES else sentence or ""


# --- Sentences --------------------------------------------------------------------------------------------------------


def letters(batch: Batch, ready: int) -> str:
    """How many mails leave, and when."""
    post = Post(batch.options.get("post", Post.HELD))
    if post == Post.NONE:
        return _("No email leaves.")
    if batch.kind == BatchKind.DEACTIVATE:
        return (
            _("Whoever loses a license is told by email as soon as it is confirmed.")
            if post == Post.NOW
            else _("Whoever loses a license is told by email ten minutes after it is confirmed.")
        )
    # Both of a transfer are told; of anything else, whoever holds it.
    count = 2 * ready if batch.kind == BatchKind.TRANSFER else ready
    if post == Post.NOW:
        return ngettext(
            "%(num)s email leaves as soon as it is confirmed.",
            "%(num)s emails leave as soon as it is confirmed.",
            count,
        )
    return ngettext(
        "%(num)s email leaves ten minutes after it is confirmed. Until then, you can take it all back and nobody was told.",
        "%(num)s emails leave ten minutes after it is confirmed. Until then, you can take it all back and nobody was told.",
        count,
    )
