"""Editing a row that somebody else may be editing too: what differs is written, and no edit is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _

from services.foundation.errors import Refused


@dataclasses.dataclass(frozen=True)
class Change:
    """What an edit changed, as the journal writes it down: only the columns that differ."""

    before: dict[str, Any]
    after: dict[str, Any]

    def __bool__(self) -> bool:
        return bool(self.after)

    def only(self, names: Iterable[str]) -> Change:
        """The part of it that is about `names`."""
        chosen = set(names)
        return Change(*({k: v for k, v in part.items() if k in chosen} for part in (self.before, self.after)))


def version(row: Any, names: Iterable[str]) -> str:
    """A word for what `row` holds in `names`: it is another one as soon as one of them has changed."""
    held = [_plain(getattr(row, name)) for name in names]
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]


def apply(row: Any, wanted: Mapping[str, Any], names: Iterable[str], seen: str | None) -> Change:
    """Write into `row` what differs, inside the caller's transaction. The caller has just locked the row.

    Args:
        wanted: The columns to write.
        names: All that can be edited together: what `seen` is the version of.
        seen: The `version` that the editor had before them; None writes whatever the row holds.

    Raises:
        Refused: `changed_meanwhile` when the row is not as it was seen.
    """
    if seen is not None and seen != version(row, names):
        raise Refused(
            "changed_meanwhile",
            _(
                "Somebody else changed this in the meantime, so nothing was saved. What you typed is kept below: "
                "compare it with the current page, then save again to replace what they changed."
            ),
        )
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    before = {name: _plain(getattr(row, name)) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    return Change(before, {name: _plain(value) for name, value in changed.items()})


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the journal writes them."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
