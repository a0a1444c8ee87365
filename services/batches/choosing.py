"""Choosing many rows, and saying how they are to be treated: a batch for each customer among them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from access import Actor
from models import (
    Batch,
    BatchKind,
    BatchRow,
    BatchState,
    Language,
    License,
    Post,
    RowOutcome,
    User,
    db,
    in_parts,
    insert_rows,
    utcnow,
)
from services.batches import kinds
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.text.formats import current_language

# Of one act.
MOST = 10_000
# What is done to a licence that somebody holds, and not to a person.
OF_LICENSES = frozenset({BatchKind.CHANGE, BatchKind.RELEASE, BatchKind.TRANSFER, BatchKind.RESEND})

# By the number of a company, whom and which licence each of its rows is about.
Chosen = Mapping[int, Sequence[tuple[int | None, int | None]]]


def of_people(kind: BatchKind, user_ids: Collection[int], by: Actor) -> str:
    """Choose people, or the licences that they hold. A verb.

    Returns:
        What the batches' page is called (`Batch.together`).

    Raises:
        Refused: `nothing_chosen`, where nobody of them is in a company; `too_many`.
    """
    _check_count(user_ids)
    chosen: dict[int, list[tuple[int | None, int | None]]] = defaultdict(list)
    for part in in_parts(user_ids):
        people = sa.select(User.company_id, User.id).where(User.id.in_(part), User.company_id.is_not(None))
        if kind in OF_LICENSES:
            held = (License.user_id == User.id) & License.where_live(utcnow())
            found = people.add_columns(License.id).outerjoin(License, held)
        else:
            found = people.add_columns(sa.null())
        for company_id, user_id, license_id in db.session.execute(found.order_by(User.id)):
            chosen[company_id].append((user_id, license_id))
    return _make(kind, chosen, by)


def of_licenses(kind: BatchKind, license_ids: Collection[int], by: Actor) -> str:
    """Choose licences, with whoever holds each. As `of_people`."""
    _check_count(license_ids)
    chosen: dict[int, list[tuple[int | None, int | None]]] = defaultdict(list)
    for part in in_parts(license_ids):
        found = sa.select(License.company_id, License.user_id, License.id).where(License.id.in_(part))
        for company_id, user_id, license_id in db.session.execute(found.order_by(License.id)):
            chosen[company_id].append((user_id, license_id))
    return _make(kind, chosen, by)


def settle(batch: Batch, options: Mapping[str, Any], by: Actor) -> None:
    """Say how the rows are to be treated: they wait to be prepared, for the first time or anew. A verb.

    Args:
        options: `post` (a `Post`), and what its kind asks for.

    Raises:
        Refused: `batch_settled`, once it is confirmed; what the kind refuses.
    """
    batch_id = batch.id
    with transaction() as turn:
        batch = lock(turn, batch_id)
        check_open(batch)
        post = options.get("post", Post.HELD)
        if post not in list(Post):
            raise Refused(
                Code.EMPTY, _("Say when those whom it concerns are told by email."), fields=("post",)
            )
        batch.options = kinds.of(batch.kind).check(batch, {**options, "post": post})
        begin_anew(turn, batch, BatchState.QUEUED)
        batch.language = Language(current_language())
        anew: dict[str, Any] = {} if batch.kind in OF_LICENSES else {"license_id": None}
        anew |= {
            "outcome": RowOutcome.WAITING,
            "problem": None,
            "field": None,
            "other_id": None,
            "seen": {},
        }
        db.session.execute(sa.update(BatchRow).where(BatchRow.batch_id == batch_id).values(anew))


def discard(batch: Batch) -> None:
    """Put away what was not confirmed. Doing it twice is no error. A verb; raises Refused `batch_settled`."""
    batch_id = batch.id
    with transaction() as turn:
        batch = lock(turn, batch_id)
        if batch.state != BatchState.DISCARDED:
            check_open(batch)
            batch.state = BatchState.DISCARDED


# --- Steps and helpers ------------------------------------------------------------------------------------------------


def lock(_turn: Turn, batch_id: int) -> Batch:
    """The batch, kept from whoever else would move it. A step."""
    return db.session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)


def add_rows(turn: Turn, batch: Batch, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, each with the same of the columns `no`, `raw`, `user_id`, `license_id`. A step."""
    common: dict[str, Any] = {
        "batch_id": batch.id,
        "company_id": batch.company_id,
        "outcome": RowOutcome.WAITING,
        "seen": {},
        "raw": {},
    }
    insert_rows(BatchRow, [common | dict(row) for row in rows])


def open_batch(
    turn: Turn, kind: BatchKind, company_id: int | None, by: Actor, *, together: str, total: int
) -> Batch:
    """A batch without rows yet. A step."""
    batch = Batch(
        kind=kind,
        company_id=company_id,
        together=together,
        made_by_id=by.user_id,
        made_as=by.kind,
        language=Language(current_language()),
        total=total,
        created_at=turn.now,
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def begin_anew(turn: Turn, batch: Batch, state: BatchState) -> None:
    """Have nothing of it prepared. A step."""
    batch.state, batch.prepared, batch.problem, batch.expires_at = state, 0, None, None
    batch.attempts, batch.due_at, batch.lease_until = 0, turn.now, None


def check_open(batch: Batch) -> None:
    """Refuse (`batch_settled`) what is confirmed, done or put away."""
    if not batch.is_open:
        raise settled()


def settled() -> Refused:
    return Refused(
        Code.BATCH_SETTLED,
        _(
            "This was confirmed or put away in the meantime, by you or a colleague. Nothing was changed: look again."
        ),
    )


def _make(kind: BatchKind, chosen: Chosen, by: Actor) -> str:
    if not chosen:
        raise Refused(Code.NOTHING_CHOSEN, _("Choose at least one row first."))
    together = uuid.uuid4().hex
    with transaction() as turn:
        for company_id, about in sorted(chosen.items()):
            batch = open_batch(turn, kind, company_id, by, together=together, total=len(about))
            rows = [
                {"no": no, "user_id": user_id, "license_id": license_id}
                for no, (user_id, license_id) in enumerate(about, 1)
            ]
            add_rows(turn, batch, rows)
    return together


def _check_count(ids: Collection[int]) -> None:
    if len(ids) > MOST:
        sentence = ngettext(
            "Choose at most %(num)s row at once. Nothing was changed.",
            "Choose at most %(num)s rows at once. Nothing was changed.",
            MOST,
        )
        raise Refused(Code.TOO_MANY, sentence)
