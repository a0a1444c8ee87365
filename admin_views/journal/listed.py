"""What the lists of the journal of both sites share: rows that say themselves, and filters by what an entry concerns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from admin_views.journal.names import named
from admin_views.journal.sentences import Reader, part_of, sentences
from admin_views.lists.columns import ListFilter
from models import SubjectKind
from services.foundation import journal


class ToldRows:
    """A list of the journal whose rows have their sentence as `told`, made for the page at once."""

    def reader(self) -> Reader:
        """Who reads the list."""
        raise NotImplementedError

    def rows(self, ids: Sequence[object]) -> list[Any]:
        found: list[Any] = super().rows(ids)  # type: ignore[misc]
        said = sentences(found, self.reader())
        for row in found:
            row.told = said[row.id]
        return found


def changes_text(row: Any) -> Markup:
    """« Nom : Pro → Expert »: what was before and after, on one line; HTML, as a name may say its language."""
    line = Markup("{} {} → {}")
    changes = row.told.changes
    return Markup("; ").join(line.format(_("%(label)s:", label=name), *values) for name, *values in changes)


def by_subject(name: str, label: Any, kind: SubjectKind) -> ListFilter:
    """The entries that concern one row of `kind`; reached by links, and shown by its name."""
    return ListFilter(
        name,
        label,
        None,
        lambda query, value: query.where(journal.concerns(kind, int(value))),
        describe=_described(kind),
    )


def _described(kind: SubjectKind) -> Callable[[str], str]:
    def describe(value: str) -> str:
        key = (str(kind), int(value))
        return part_of(kind, key[1], named([key])).text

    return describe
