"""What the lists of the journal of both sites share: rows that say themselves, and filters by what an entry concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from admin_views.journal.names import named
from admin_views.journal.sentences import Reader, Sentence, part_of, sentences
from admin_views.lists.cells import said
from admin_views.lists.columns import Column, ListFilter
from models import JournalEntry, SubjectKind
from services.foundation import journal


class ToldRows:
    """A list of the journal whose rows are sentences, made for the page at once."""

    def reader(self) -> Reader:
        """Who reads the list."""
        raise NotImplementedError

    def told(self, keys: Sequence[Any]) -> Mapping[Any, tuple[Reader, Sentence]]:
        reader = self.reader()
        return {key: (reader, sentence) for key, sentence in sentences(keys, reader).items()}


def _sentence(told: tuple[Reader, Sentence]) -> str:
    """The sentence, whose names lead to their pages."""
    reader, sentence = told
    parts = [
        f'<a href="{escape(href)}">{said(text)}</a>' if href else said(text)
        for text, href in reader.said(sentence)
    ]
    return f'<span class="said">{"".join(parts)}</span>'


def _changes(told: tuple[Reader, Sentence]) -> str:
    """« Nom : Pro → Expert »: what was before and after, on one line."""
    line = Markup("{} {} → {}")
    changes = told[1].changes
    return str(
        Markup("; ").join(line.format(_("%(label)s:", label=name), *values) for name, *values in changes)
    )


def _in_file(told: tuple[Reader, Sentence]) -> str:
    return "".join(part.text for part in told[1].parts)


def _changes_in_file(told: tuple[Reader, Sentence]) -> str:
    lines = ((_("%(label)s:", label=name), *values) for name, *values in told[1].changes)
    return "; ".join(f"{name} {before} → {after}" for name, before, after in lines)


# Whose licence an entry is about: a column of files, where one sorts and filters by it.
HOLDER = Column("holder", _l("Holder"), JournalEntry.id, kind="told", plain=lambda told: told[1].holder)
WHAT = Column(
    "told", _l("What happened"), JournalEntry.id, kind="told", words=_sentence, phone="line", plain=_in_file
)
CHANGES = Column(
    "changes",
    _l("Before and after"),
    JournalEntry.id,
    kind="told",
    words=_changes,
    blank="\u00a0",
    plain=_changes_in_file,
)


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
