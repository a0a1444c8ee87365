"""What happened, newest first, as pages show it: a face or a mark, a sentence, how long ago; acts of one kind told together."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import zoneinfo
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from admin_views.journal.changes import Change, words_of
from admin_views.journal.names import COLUMNS, Entry, Names, names_of
from admin_views.journal.sentences import Part, Reader, Sentence, filled, on_behalf, sentence, who
from admin_views.journal.words import BY_MANY, OF_MANY, SAID, TOLD_TO_CUSTOMERS, UNKNOWN
from models import JournalEntry, SubjectKind, db
from services.foundation import journal
from services.text.formats import current_language, number

# On a row's own page.
SHORT = 10


@dataclasses.dataclass(frozen=True)
class Moment:
    """One line of a timeline.

    Attributes:
        parts: (words, where they lead or None) of its sentence.
        note: A second line, in small: whom it was about.
        below: Further lines, each as `parts`: the order that it is of, the mail that told of it.
        person: Whose face stands beside it; empty where `icon` stands instead.
        operation: Of one entry, what it belongs to: whoever may do the act may take it back for a while.
    """

    parts: tuple[tuple[str, str | None], ...]
    at: dt.datetime
    note: str = ""
    below: tuple[tuple[tuple[str, str | None], ...], ...] = ()
    changes: tuple[Change, ...] = ()
    person: str = ""
    icon: str = ""
    operation: str = ""

    words_of = staticmethod(words_of)

    def __str__(self) -> str:
        return "".join(text for text, _href in self.parts)


def about(kind: SubjectKind, row_id: int, reader: Reader, count: int = SHORT) -> list[Moment]:
    """The last things that concern a row, one by one. Two statements."""
    return told(_latest(kind, row_id, count, for_customers=False), reader)


def for_customers(kind: SubjectKind, row_id: int, reader: Reader, count: int = SHORT) -> list[Moment]:
    """As `about`, without what the vendor's staff alone look at."""
    return told(_latest(kind, row_id, count, for_customers=True), reader)


def told(entries: Sequence[Entry], reader: Reader) -> list[Moment]:
    """Each entry by itself. One statement, whatever it names."""
    names = names_of(entries)
    return [moment_of(entry, sentence(entry, names, reader), names, reader) for entry in entries]


def _latest(kind: SubjectKind, row_id: int, count: int, *, for_customers: bool) -> Sequence[Any]:
    return db.session.execute(_statement(kind, count, for_customers), {"row": row_id}).all()


@functools.cache
def _statement(kind: SubjectKind, count: int, for_customers: bool) -> sa.Select[Any]:
    told = [JournalEntry.verb.in_(TOLD_TO_CUSTOMERS)] if for_customers else []
    return journal.latest(kind, sa.bindparam("row"), count, *told).with_only_columns(*COLUMNS)


def moment_of(entry: Entry, said: Sentence, names: Names, reader: Reader, note: str = "") -> Moment:
    """An entry as it stands in a timeline."""
    name = names.get((SubjectKind.USER, entry.actor_id))
    told = SAID.get(entry.verb, UNKNOWN)
    acts = name is not None and told.by_reader is not None
    return Moment(
        parts=reader.said(said),
        at=entry.at,
        note=note,
        changes=said.changes,
        person=name.text if name is not None and acts else "",
        icon="" if acts else told.icon if entry.actor_id is None else "headset",
        operation=entry.operation,
    )


# --- Together -----------------------------------------------------------------------------------------------------------


def grouped(
    entries: Sequence[Any], reader: Reader, zone: zoneinfo.ZoneInfo, count: int, *, more: bool
) -> list[Moment]:
    """At most `count` lines: acts of one kind, by one person on one day, are told as one. One statement.

    Args:
        zone: Whose days they are.
        more: Whether there are entries before these: the last group may then be larger than it seems, and says so.
    """
    groups: dict[Any, list[Any]] = {}
    for entry in entries:
        groups.setdefault(_together(entry, zone), []).append(entry)
    shown = list(groups.values())[:count]
    names = names_of(entry for group in shown for entry in group[:_NAMED])
    last = entries[-1] if entries and more else None
    return [_group(group, names, reader, open_ended=last in group) for group in shown]


# So many of a group are named.
_NAMED = 2


def _together(entry: Any, zone: zoneinfo.ZoneInfo) -> Any:
    """What entries have in common that are told as one; an entry told by itself has that alone."""
    day = entry.at.astimezone(zone).date()
    if entry.verb in BY_MANY:
        return entry.verb, day
    return (entry.verb, day, entry.actor_id) if entry.verb in OF_MANY else entry.id


def _group(group: list[Any], names: Names, reader: Reader, *, open_ended: bool) -> Moment:
    first = group[0]
    if len(group) == 1:
        return moment_of(first, sentence(first, names, reader), names, reader)
    if first.verb in BY_MANY:
        people = _some([entry.actor_id for entry in group], names)
        said = filled(str(BY_MANY[first.verb]), lambda _name: Part(people))
        return moment_of(first, Sentence(tuple(said)), names, reader)
    note = _some([_person_of(entry) for entry in group], names)
    told = moment_of(first, _of_many(group, names, reader, open_ended=open_ended), names, reader, note)
    several = len({entry.operation for entry in group}) > 1
    return dataclasses.replace(told, operation="") if several else told


def _of_many(group: list[Any], names: Names, reader: Reader, *, open_ended: bool) -> Sentence:
    """« Vous avez assigné 10 licences Avancé »."""
    first, together = group[0], OF_MANY[group[0].verb]
    plans = {entry.related.get("plan") for entry in group}
    plan = names.get((SubjectKind.PLAN, first.related.get("plan"))) if len(plans) == 1 else None
    said = together.of_one_plan if together.of_one_plan and plan else together.said
    amount = number(len(group), current_language())
    values = {
        "who": lambda: who(first, names),
        "count": lambda: Part(_("more than %(count)s", count=amount) if open_ended else amount),
        "plan": lambda: Part(plan.text if plan else ""),
    }
    own = reader.own is not None and first.actor_id == reader.own
    parts = filled(str(said.by_reader if own else said.by_others), lambda name: values[name]())
    return Sentence((*parts, *on_behalf(first, names)))


def _some(people: list[int | None], names: Names) -> str:
    """« Camille Côté, Julie Boucher et 8 autres »: the first two by name, where there are names."""
    different = list(dict.fromkeys(people))
    known = [name.text for person in different[:_NAMED] if (name := names.get((SubjectKind.USER, person)))]
    others = len(different) - len(known)
    if not others:
        return _("%(first)s and %(second)s", first=known[0], second=known[1]) if known[1:] else "".join(known)
    return ngettext(
        "%(names)s and %(num)s other", "%(names)s and %(num)s others", others, names=", ".join(known)
    )


def _person_of(entry: Any) -> int | None:
    """The id of whom it was about."""
    person: int | None = entry.related.get("user")
    return entry.subject_id if entry.subject_type == SubjectKind.USER else person
