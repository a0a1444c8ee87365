"""Entries of the journal as sentences with names, in the reader's language: who, what, which licence, whose, on whose behalf."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from admin_views import labels
from admin_views.journal.changes import Change, differences, in_line
from admin_views.journal.names import COLUMNS, Entry, Names, names_of
from admin_views.journal.words import SAID, UNKNOWN
from admin_views.lists.exports import TITLES
from models import CURRENCY, JournalEntry, SubjectKind, db
from services.text import formats
from services.text.characters import isolated
from services.text.french import elided

_VARIABLE = re.compile(r"%\((\w+)\)s")
# Stands for a value in an address: a number, which a path may ask for.
MARK = 9_007_199_254_740_991


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a sentence: plain words, or the name of a row, which may lead to its page.

    Attributes:
        kind, row_id: The row that is named; None of plain words and of a row that is not there (any more).
        code: What its address may need: an order's reference.
    """

    text: str
    kind: str | None = None
    row_id: int | None = None
    code: str = ""


def page(
    endpoint: str, of: Callable[[Part], Any] = lambda part: part.row_id, *, argument: str = "id"
) -> Callable[[Part], str]:
    """The address of a named row on the page `endpoint`."""

    def address(part: Part) -> str:
        before, after = _around(endpoint, argument, request.script_root)
        return f"{before}{quote(str(of(part)), safe='')}{after}"

    return address


@functools.lru_cache(maxsize=100)
def _around(endpoint: str, argument: str, _root: str) -> tuple[str, str]:
    """What stands around the value in an address. A page of the journal has hundreds of links: routing is asked once for all."""
    before, _mark, after = url_for(endpoint, **{argument: MARK}).rpartition(str(MARK))
    return before, after


@dataclasses.dataclass(frozen=True)
class Reader:
    """Who reads.

    Attributes:
        own: The id of the person whose acts are told as « Vous »; None tells everybody by name.
        pages: The address of a named row, by its kind, on the site where it is read.
    """

    own: int | None = None
    pages: Mapping[str, Callable[[Part], str]] = dataclasses.field(default_factory=dict)

    def linked(self, part: Part) -> tuple[str, str | None]:
        """The words, and where they lead."""
        page = self.pages.get(part.kind or "")
        return part.text, page(part) if page else None

    def said(self, told: Sentence) -> tuple[tuple[str, str | None], ...]:
        """A sentence for `sentence` of `templates/timeline.html`."""
        return tuple(self.linked(part) for part in told.parts)


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One entry, said.

    Attributes:
        changes: What was before and after, without personal data.
        holder: Who had the licence that it is about, by the name that they have now.
        operation, at: What the entry belongs to, and when it was.
    """

    parts: tuple[Part, ...]
    changes: tuple[Change, ...] = ()
    holder: str = ""
    operation: str = ""
    at: dt.datetime | None = None

    def __str__(self) -> str:
        return "".join(isolated(part.text) for part in self.parts)


def sentences(entries: Iterable[Entry | int], reader: Reader) -> dict[int, Sentence]:
    """Each entry as a sentence, by its id: of entries, of rows with the same columns, or of ids. Two statements at most."""
    read = _read(list(entries))
    names = names_of(read)
    return {entry.id: sentence(entry, names, reader) for entry in read}


def _read(entries: Sequence[Entry | int]) -> list[Entry]:
    ids = [entry for entry in entries if isinstance(entry, int)]
    rows = [entry for entry in entries if not isinstance(entry, int)]
    if ids:
        rows += db.session.execute(_ENTRIES, {"ids": ids}).all()  # type: ignore[arg-type]
    return rows


_ENTRIES = sa.select(*COLUMNS).where(JournalEntry.id.in_(sa.bindparam("ids", expanding=True)))


def sentence(entry: Entry, names: Names, reader: Reader) -> Sentence:
    """The entry by the `names` of its batch."""
    said = SAID.get(entry.verb, UNKNOWN)
    own = reader.own is not None and entry.actor_id == reader.own and said.by_reader is not None
    parts = filled(str(said.by_reader if own else said.by_others), lambda name: _VALUES[name](entry, names))
    if said.by_reader is not None:
        parts += on_behalf(entry, names)
    changes = differences(entry.before, entry.after, names) if said.shows_changes else []
    lines = [(name, in_line(before), in_line(after)) for name, before, after in changes]
    return Sentence(tuple(parts), tuple(lines), _holder(entry, names), entry.operation, entry.at)


def _holder(entry: Entry, names: Names) -> str:
    name = names.get((SubjectKind.USER, entry.related.get(SubjectKind.USER)))
    return name.text if name is not None and entry.subject_type == SubjectKind.LICENSE else ""


def on_behalf(entry: Entry, names: Names) -> list[Part]:
    """« , au nom d’Acme », of what the vendor's staff did for a customer."""
    if entry.on_behalf_of_id is None:
        return []
    company = part_of(SubjectKind.COMPANY, entry.on_behalf_of_id, names)
    return filled(_(", on behalf of %(company)s"), lambda _name: company)


def filled(message: str, value: Callable[[str], Part]) -> list[Part]:
    """A message in pieces: its own words, and what stands for each of its variables."""
    parts = {name: value(name) for name in _VARIABLE.findall(message)}
    message = elided(message, {name: part.text for name, part in parts.items()})
    pieces = _VARIABLE.split(message)
    found = [parts[piece] if number % 2 else Part(piece) for number, piece in enumerate(pieces)]
    return [part for part in found if part.text]


# --- What stands for each variable --------------------------------------------------------------------------------------


def who(entry: Entry, names: Names) -> Part:
    """Who acted: by name where the reader may know it. Customers see of the vendor's staff no person."""
    if entry.actor_id is None:
        return Part(_("The system"))
    if (SubjectKind.USER, entry.actor_id) in names:
        return part_of(SubjectKind.USER, entry.actor_id, names)
    return Part(_("The support team") if entry.on_behalf_of_id is not None else _("Somebody"))


def part_of(kind: SubjectKind, row_id: int | None, names: Names) -> Part:
    """A row by its name; by its number where it is not there (any more), which says of a person nothing."""
    name = names.get((kind, row_id)) if row_id is not None else None
    if name is not None:
        return Part(name.text, kind, row_id, name.code)
    if kind == SubjectKind.USER or row_id is None:
        return Part(_("somebody"))
    return Part(_("no. %(id)s", id=row_id))


def _about(kind: SubjectKind) -> Callable[[Entry, Names], Part]:
    """The row of `kind` that an entry was done to, or that it names besides."""

    def value(entry: Entry, names: Names) -> Part:
        row_id = entry.subject_id if entry.subject_type == kind else entry.related.get(kind)
        return part_of(kind, row_id, names)

    return value


def _tax(entry: Entry, names: Names) -> Part:
    """By what it was called then: a rate that was withdrawn is gone."""
    key = f"name_{formats.current_language()}"
    text = entry.after.get(key) or entry.before.get(key)
    return Part(str(text)) if text else part_of(SubjectKind.TAX_RATE, entry.subject_id, names)


def _mail(entry: Entry, names: Names) -> Part:
    name = names.get((SubjectKind.OUTGOING_MAIL, entry.subject_id))
    if name is None:
        return part_of(SubjectKind.OUTGOING_MAIL, entry.subject_id, names)
    return Part(labels.mail_words(name.code), SubjectKind.OUTGOING_MAIL, entry.subject_id)


def _money(column: str) -> Callable[[Entry, Names], Part]:
    def value(entry: Entry, _names: Names) -> Part:
        cents = entry.after.get(column)
        known = isinstance(cents, int)
        return Part(formats.money(cents, CURRENCY, formats.current_language()) if known else "–")

    return value


def _day(entry: Entry, _names: Names) -> Part:
    text = entry.after.get("starts_on") or entry.before.get("starts_on")
    return Part(formats.short_day(dt.date.fromisoformat(text)) if text else "–")


def _list(entry: Entry, _names: Names) -> Part:
    """The list that was exported, by its title; one of an older version by its name."""
    name = entry.after.get("list")
    return Part(str(TITLES.get(name, name or "–")))


def _rows(entry: Entry, _names: Names) -> Part:
    count = entry.after.get("rows")
    if not isinstance(count, int):
        return Part("–")
    text = formats.number(count, formats.current_language())
    return Part(ngettext("%(count)s row", "%(count)s rows", count, count=text))


_VALUES: dict[str, Callable[[Entry, Names], Part]] = {
    "who": who,
    "person": _about(SubjectKind.USER),
    "link": _about(SubjectKind.FIRM_LINK),
    "license": _about(SubjectKind.LICENSE),
    "order": _about(SubjectKind.ORDER),
    "plan": _about(SubjectKind.PLAN),
    "company": _about(SubjectKind.COMPANY),
    "id": lambda entry, _names: Part(str(entry.subject_id)),
    "issue": lambda entry, _names: Part(labels.issue_words(entry.after.get("issue")) or "–"),
    "mail": _mail,
    "tax": _tax,
    "total": _money("total"),
    "amount": _money("amount"),
    "day": _day,
    "list": _list,
    "rows": _rows,
    "format": lambda entry, _names: Part(str(entry.after.get("format") or "–").upper()),
    "verb": lambda entry, _names: Part(labels.verb_words(entry.verb)),
}
