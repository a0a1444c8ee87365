"""What the lists of the journal of both sites share: rows that say themselves, and filters by what an entry concerns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from admin_views.journal.changes import marked
from admin_views.journal.names import named
from admin_views.journal.sentences import Reader, Sentence, part_of, sentences
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from admin_views.lists.cells import said
from admin_views.lists.columns import Column, ListFilter
from admin_views.lists.filters import by_day
from admin_views.lists.view import around
from models import JournalEntry, SubjectKind, utcnow
from services.foundation import journal, operations
from services.foundation.days import end_of, start_of


@dataclasses.dataclass(frozen=True)
class Told:
    """What a row of the list says.

    Attributes:
        minutes: For how long it can still be taken back; None where it cannot, or another row of its operation offers it.
    """

    reader: Reader
    sentence: Sentence
    minutes: int | None = None


class ToldRows:
    """A list of the journal whose rows are sentences, made for the page at once."""

    def reader(self) -> Reader:
        """Who reads the list."""
        raise NotImplementedError

    def undoable(self) -> Mapping[str, int]:
        """The minutes for which each operation can still be taken back, by its id: none, where the list does not offer it."""
        return {}

    def told(self, keys: Sequence[Any]) -> Mapping[Any, Told]:
        reader = self.reader()
        found = sentences(keys, reader)
        fresh = utcnow() - operations.UNDO_WITHIN
        undoable = dict(self.undoable() if any(one.at and one.at > fresh for one in found.values()) else {})
        # The newest of an operation offers it.
        return {key: Told(reader, found[key], undoable.pop(found[key].operation, None)) for key in keys}


def _sentence(told: Told) -> str:
    """The sentence, whose names lead to their pages, and what takes the act back."""
    parts = [
        f'<a href="{escape(href)}">{said(text)}</a>' if href else said(text)
        for text, href in told.reader.said(told.sentence)
    ]
    text = f'<span class="said">{"".join(parts)}</span>'
    return text if told.minutes is None else text + str(_undo(told.sentence.operation, told.minutes))


def _undo(operation: str, minutes: int) -> Markup:
    """A button of the form that stands below the list: « Revenir à l’état précédent (encore 9 min) »."""
    button = Markup('<button class="btn undo" form="undo" name="operation" value="{}">{}</button>')
    return button.format(operation, _("Undo (%(num)s min left)", num=minutes))


def _changes(told: Told) -> str:
    """« Nom : Pro → Expert »: what was before and after."""
    line = Markup("{} {}")
    changes = told.sentence.changes
    return str(
        Markup("; ").join(
            line.format(_("%(label)s:", label=name), marked(*values)) for name, *values in changes
        )
    )


def _in_file(told: Told) -> str:
    return "".join(part.text for part in told.sentence.parts)


def _changes_in_file(told: Told) -> str:
    lines = ((_("%(label)s:", label=name), *values) for name, *values in told.sentence.changes)
    return "; ".join(f"{name} {before} → {after}" for name, before, after in lines)


# Whose licence an entry is about: a column of files, where one sorts and filters by it.
HOLDER = Column("holder", _l("Holder"), JournalEntry.id, kind="told", plain=lambda told: told.sentence.holder)
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


# How the verbs begin that are about a kind; all others are about people. By verb, since an index has those of a company.
_ABOUT = {
    SubjectKind.LICENSE: ("license_", "link_", "renewal_", "request_", "undone"),
    SubjectKind.ORDER: ("order_", "payment_", "card_", "issue_"),
    SubjectKind.CART_ITEM: ("cart_",),
    SubjectKind.COMPANY: ("company_",),
    SubjectKind.OUTGOING_MAIL: ("mail_",),
}
_OF_OTHERS = tuple(start for starts in _ABOUT.values() for start in starts)
KINDS = (*_ABOUT, SubjectKind.USER)


def verbs_about(kind: SubjectKind) -> list[str]:
    """The verbs of what customers are told about a kind of `KINDS`."""
    if kind == SubjectKind.USER:
        return [verb for verb in TOLD_TO_CUSTOMERS if not verb.startswith(_OF_OTHERS)]
    return [verb for verb in TOLD_TO_CUSTOMERS if verb.startswith(_ABOUT[kind])]


# By the reader's days, both included.
SINCE = by_day("since", _l("From"), lambda day: journal.not_before(start_of(day, around().zone)))
UNTIL = by_day("until", _l("Until"), lambda day: journal.before(end_of(day, around().zone)))
DAYS = ("since", "until")


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
