"""Editing a row that somebody else may be editing too: what differs is written and recorded, and no edit is lost."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from access import Actor
from models import JournalVerb, db
from services.foundation import journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn


@dataclasses.dataclass(frozen=True)
class Change:
    """What an edit changed, as the journal writes it down: only the columns that differ."""

    before: dict[str, Any]
    after: dict[str, Any]

    def __bool__(self) -> bool:
        return bool(self.after)


@dataclasses.dataclass(frozen=True)
class Sheet:
    """The columns of a table that are edited together, and how the journal writes an edit down.

    Attributes:
        names: The columns.
        added, changed: The journal's verbs for a new row and for an edit.
        personal: Those of `names` that hold personal data; the journal keeps them apart.
    """

    names: tuple[str, ...]
    added: JournalVerb
    changed: JournalVerb
    personal: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def version(self, row: Any) -> str:
        """A short hash of what `row` holds in each of these columns: it tells whether and which of them have changed."""
        return version_of(row, self.names)

    def add(self, turn: Turn, row: Any, *, by: Actor) -> None:
        """Add a new row to the turn, and record what these columns hold. A step: it never commits."""
        db.session.add(row)
        self.record(turn, row, Change({}, values_of(row, self.names)), self.added, by=by)

    def add_all(self, turn: Turn, rows: Sequence[Any], *, by: Actor) -> None:
        """Record what these columns hold of rows that were added. A step: it never commits."""
        told = [self._told(row, Change({}, values_of(row, self.names))) for row in rows]
        journal.record_all(turn, self.added, told, by=by)

    def edit(
        self, turn: Turn, row: Any, wanted: Mapping[str, Any], *, by: Actor, seen: str | None = None
    ) -> Change:
        """Write into `row` what differs, and record it. A step: the caller has locked the row; it never commits.

        Args:
            wanted: The columns to write.
            seen: The `version` that the editor was shown; None writes whatever the row holds.

        Raises:
            Refused: `changed_meanwhile` when the row is not as it was seen.
        """
        self.check_seen(row, seen)
        change = apply(row, wanted)
        if change:
            self.record(turn, row, change, self.changed, by=by)
        return change

    def check_seen(self, row: Any, seen: str | None) -> None:
        """Refuse (`changed_meanwhile`) unless `row` still has the version `seen`; None skips the check."""
        if seen is None or seen == (now := self.version(row)):
            return
        parts = list(zip(self.names, seen.split("."), now.split("."), strict=False))
        moved = tuple(name for name, was, is_now in parts if was != is_now)
        raise Refused(
            Code.CHANGED_MEANWHILE,
            _(
                "Somebody else changed this in the meantime, so nothing was saved. What you typed is kept below: "
                "compare it with the current page, then save again to replace what they changed."
            ),
            # A form that does not say what it showed cannot be told what changed.
            fields=moved if len(parts) == len(self.names) else (),
        )

    def record(self, turn: Turn, row: Any, change: Change, verb: JournalVerb, *, by: Actor) -> None:
        """Write a change of `row` in the journal, personal columns apart. A step: it never commits."""
        journal.record(turn, verb, by=by, **vars(self._told(row, change)))

    def _told(self, row: Any, change: Change) -> journal.Told:
        return journal.Told(
            subject=row,
            before=self._part(change.before, personal=False),
            after=self._part(change.after, personal=False),
            personal_before=self._part(change.before, personal=True),
            personal_after=self._part(change.after, personal=True),
        )

    def _part(self, values: dict[str, Any], *, personal: bool) -> dict[str, Any]:
        return {name: value for name, value in values.items() if (name in self.personal) == personal}


def version_of(row: Any, names: Iterable[str]) -> str:
    """As `Sheet.version`, of other columns."""
    return ".".join(_hash(operations.plain(getattr(row, name))) for name in names)


def changed_since(seen: str | None, now: str) -> None:
    """Refuse (`changed_meanwhile`) an act that a page asked for which showed `seen`; None skips the check."""
    if seen is not None and seen != now:
        raise Refused(
            Code.CHANGED_MEANWHILE,
            _("Somebody else has changed this since the page was shown. Nothing was changed: look again."),
        )


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def apply(row: Any, wanted: Mapping[str, Any]) -> Change:
    """Write into `row` what differs. A step: it never commits, and records nothing."""
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    before = values_of(row, changed)
    for name, value in changed.items():
        setattr(row, name, value)
    return Change(before, values_of(row, changed))


def values_of(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """What `row` holds in `names`, as the journal writes it: days and instants in ISO 8601."""
    return {name: operations.plain(getattr(row, name)) for name in names}
