"""What each kind of batch does with its rows. A room above this one registers its own: nothing here points up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from access import Actor
from models import Batch, BatchKind
from services.batches.rows import Row
from services.foundation.transaction import CompanyTurn, Turn
from services.waiting.queue import Lease

# Decides of the rows that it is given, one part after the other: their outcome, whom they are about, what each gets.
Decide = Callable[[Sequence[Row]], None]


@dataclasses.dataclass(frozen=True)
class Kind:
    """
    Attributes:
        prepare: Begins to prepare a batch whose rows before are decided: returns what decides of the others. It reads only.
        apply: The step that does what was shown, of the rows that are `ready`, in sets. A row that has changed since it
            was shown is left: `row.leave(why, RowOutcome.MOVED)`. Raises Refused where the whole cannot be done.
        begin: Reads only; returns the step that adds, before the company is locked, people whom nobody counts or moves, and keeps
            them in those rows (`begun`). `apply` is then given all rows; where it leaves one of those, nothing of either stays,
            and `apply` does the whole. The step raises `Overtaken` where it cannot say whether it may: to refuse is for `apply`,
            under the lock.
        check: Refuses options that make no sense; returns them as they are kept.
        apply_parts: Of what makes its customers: a verb of many turns, which does what is left of a batch customer by customer
            and says itself when it is done. It is given the lease, and who acts, by the batch (raises Refused `access_ended`).
    """

    prepare: Callable[[Batch], Decide]
    apply: Callable[[CompanyTurn, Batch, Sequence[Row], Actor], None] | None
    check: Callable[[Batch, dict[str, object]], dict[str, object]]
    apply_parts: Callable[[Lease, Callable[[Batch], Actor]], None] | None = None
    begin: Callable[[Batch, Sequence[Row], Actor], Callable[[Turn], None]] | None = None


_KINDS: dict[BatchKind, Kind] = {}


def register(kind: BatchKind, does: Kind) -> None:
    _KINDS[kind] = does


def of(kind: BatchKind) -> Kind:
    return _KINDS[kind]
