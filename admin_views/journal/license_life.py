"""The life of a licence: its periods and who held it as two lanes, and the same in sentences, with the order and the mails of each."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from admin_views import labels, lanes
from admin_views.journal.names import COLUMNS, Names, concerned, named
from admin_views.journal.sentences import Part, Reader, Sentence, filled, part_of, sentence
from admin_views.journal.timeline import Moment, moment_of
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from models import (
    ActorKind,
    Assignment,
    JournalEntry,
    License,
    MailState,
    Operation,
    Order,
    OrderLine,
    SubjectKind,
    Suspension,
    Term,
    TermKind,
    db,
)
from services.foundation import journal
from services.reports import mailed
from services.text.formats import current_language, month, short_day

# Entries of the journal, and people who held it: the latest.
ENTRIES, HISTORY = 50, 100


@dataclasses.dataclass(frozen=True)
class Held:
    """Who held it from when until when, given and taken back by whom.

    Attributes:
        person: Their name, and where it leads.
        until, taken_by: None while they hold it.
    """

    person: tuple[str, str | None]
    email: str
    since: dt.datetime
    until: dt.datetime | None
    given_by: str
    taken_by: str | None


@dataclasses.dataclass(frozen=True)
class Life:
    """All that the page of a licence tells of its past.

    Attributes:
        said: What the picture shows, in a few words.
        moments: Newest first.
        terms: Its periods in order: rows of a `Term`, and the `order_id` and `reference` of its order.
        holders: Newest first.
    """

    lanes: lanes.Lanes
    said: str
    moments: Sequence[Moment]
    terms: Sequence[Any]
    holders: Sequence[Held]


@dataclasses.dataclass(frozen=True)
class _Read:
    """What the database has of a licence."""

    license: License
    terms: Sequence[Any]
    held: Sequence[Assignment]
    suspensions: Sequence[Suspension]
    entries: Sequence[Any]
    names: Names
    mails: Sequence[Any]


def of(
    row: License, reader: Reader, zone: zoneinfo.ZoneInfo, now: dt.datetime, *, for_customers: bool
) -> Life:
    """The life of a licence until `now`, by the days of `zone`. Six statements, however long it was.

    Args:
        for_customers: Without what the vendor's staff alone look at.
    """
    read = _read(row, for_customers=for_customers)
    moments = [
        *(_told(entry, read, reader) for entry in read.entries),
        *(_bought(term, read, reader) for term in read.terms),
        *_by_itself(read, now),
    ]
    return Life(
        lanes=lanes.draw(_spans(read, now), now, zone, _month),
        said=_said(read),
        moments=sorted(moments, key=lambda moment: moment.at, reverse=True),
        terms=read.terms,
        holders=[_holding(one, read.names, reader) for one in read.held],
    )


# --- Reading ------------------------------------------------------------------------------------------------------------


def _read(row: License, *, for_customers: bool) -> _Read:
    terms = db.session.execute(_TERMS, {"license": row.id}).all()
    held = db.session.scalars(_HELD, {"license": row.id}).all()
    suspensions = db.session.scalars(_SUSPENSIONS, {"license": row.id}).all()
    only = [JournalEntry.verb.in_(TOLD_TO_CUSTOMERS)] if for_customers else []
    latest = journal.latest(SubjectKind.LICENSE, row.id, ENTRIES, *only)
    entries = db.session.execute(
        latest.outerjoin(Operation, Operation.id == JournalEntry.operation).with_only_columns(
            *COLUMNS, Operation.undoes_id
        )
    ).all()
    people = {one.user_id for one in held}
    acted = {person for one in held for person in (one.given_by_id, one.taken_by_id)}
    acted |= {term.placed_by_id for term in terms}
    keys = {key for entry in entries for key in concerned(entry)}
    keys |= {(SubjectKind.USER, person) for person in people | acted if person is not None}
    orders = [term.order_id for term in terms if term.order_id is not None]
    mails = mailed.told_of(people, {entry.at for entry in entries}, orders)
    return _Read(row, terms, held, suspensions, entries, named(keys), mails)


_LICENSE = sa.bindparam("license")
_TERMS = (
    sa.select(
        Term,
        Order.id.label("order_id"),
        Order.reference,
        Order.placed_by_id,
        Order.placed_as,
        sa.func.coalesce(Order.paid_at, Term.starts_at, type_=Term.starts_at.type).label("at"),
    )
    # What was brought over has no order.
    .outerjoin(OrderLine, OrderLine.id == Term.order_line_id)
    .outerjoin(Order, Order.id == OrderLine.order_id)
    .where(Term.license_id == _LICENSE)
    .order_by(Term.starts_at, Term.id)
)
_HELD = (
    sa.select(Assignment)
    .where(Assignment.license_id == _LICENSE)
    .options(joinedload(Assignment.user))
    .order_by(Assignment.id.desc())
    .limit(HISTORY)
)
_SUSPENSIONS = sa.select(Suspension).where(Suspension.license_id == _LICENSE).order_by(Suspension.id)


# --- In sentences -------------------------------------------------------------------------------------------------------

_BOUGHT: dict[TermKind, tuple[Any, Any]] = {
    TermKind.NEW: (
        _l("%(who)s bought the license, valid until %(day)s"),
        _l("You bought the license, valid until %(day)s"),
    ),
    TermKind.RENEW: (
        _l("%(who)s renewed the license, valid until %(day)s"),
        _l("You renewed the license, valid until %(day)s"),
    ),
    TermKind.CHANGE: (
        _l("%(who)s bought another plan for the license, until %(day)s"),
        _l("You bought another plan for the license, until %(day)s"),
    ),
}
_BROUGHT = _l("The license was brought over, valid until %(day)s")
_MAILED: dict[MailState, Any] = {
    MailState.QUEUED: _l("Email on its way to %(name)s"),
    MailState.SENDING: _l("Email on its way to %(name)s"),
    MailState.SENT: _l("Email sent to %(name)s"),
    MailState.FAILED: _l("The email to %(name)s could not be delivered"),
    MailState.DROPPED: _l("No email to %(name)s: it was no longer needed"),
}
Line = tuple[tuple[str, str | None], ...]


def _told(entry: Any, read: _Read, reader: Reader) -> Moment:
    """An entry of the journal, with the mails of its moment."""
    moment = moment_of(entry, sentence(entry, read.names, reader), read.names, reader)
    own = {one.id for one in read.held}
    lines: list[Line] = [((_("By going back to the former state"), None),)] if entry.undoes_id else []
    lines += [
        _mail(mail, read, reader)
        for mail in read.mails
        if mail.created_at == entry.at
        and mail.user_id == entry.related.get(SubjectKind.USER)
        and (mail.context.get("license") == read.license.id or mail.context.get("instead_of") in own)
    ]
    return dataclasses.replace(moment, below=tuple(lines))


def _mail(mail: Any, read: _Read, reader: Reader) -> Line:
    """« Courriel envoyé à Bob Tremblay », which leads to the mail where the reader may see it."""
    name = read.names.get((SubjectKind.USER, mail.user_id))
    text = str(_MAILED[mail.state]) % {"name": name.text if name else mail.address or _("somebody")}
    return (reader.linked(Part(text, SubjectKind.OUTGOING_MAIL, mail.id)),)


def _bought(term: Any, read: _Read, reader: Reader) -> Moment:
    """Who bought a period, until when, with its order and the receipt."""
    words = _BOUGHT.get(term.Term.kind, _BOUGHT[TermKind.NEW])
    own = reader.own is not None and term.placed_by_id == reader.own
    message = _BROUGHT if term.order_id is None else words[1] if own else words[0]
    values = {"who": lambda: _buyer(term, read.names), "day": lambda: Part(short_day(term.Term.last_day))}
    parts = filled(str(message), lambda name: values[name]())
    name = read.names.get((SubjectKind.USER, term.placed_by_id))
    lines: list[Line] = []
    if term.order_id is not None:
        order = Part(term.reference, SubjectKind.ORDER, term.order_id, term.reference)
        lines.append(reader.said(Sentence(tuple(filled(_("Order %(order)s"), lambda _name: order)))))
        lines += [
            _mail(mail, read, reader) for mail in read.mails if mail.context.get("order") == term.order_id
        ]
    return Moment(
        parts=reader.said(Sentence(tuple(parts))),
        at=term.at,
        below=tuple(lines),
        person=name.text if name else "",
        icon="" if name else "cart",
    )


def _buyer(term: Any, names: Names) -> Part:
    if (SubjectKind.USER, term.placed_by_id) in names:
        return part_of(SubjectKind.USER, term.placed_by_id, names)
    return Part(
        _("Somebody") if term.placed_as == ActorKind.PERSON else labels.word(ActorKind, term.placed_as)
    )


def _by_itself(read: _Read, now: dt.datetime) -> list[Moment]:
    """What no entry tells: the end of what was paid, suspensions, the moment from which on it was gone."""
    gone, told = read.license.gone_at, {entry.at for entry in read.entries}
    found = [
        (end, _("The license was no longer valid: what was paid had ended"), "clock-history")
        for end in _lapses(read)
        if end <= now and (gone is None or end < gone)
    ]
    for one in read.suspensions:
        reason = labels.word(type(one.reason), one.reason)
        found.append(
            (
                one.started_at,
                _("The license was suspended: %(reason)s", reason=reason),
                "exclamation-triangle",
            )
        )
        if one.ended_at is not None:
            found.append((one.ended_at, _("A suspension was lifted: %(reason)s", reason=reason), "check-lg"))
    if gone is not None and gone not in told:
        why = labels.word(type(read.license.gone_why), read.license.gone_why)
        found.append((gone, _("The license was taken off the account: %(reason)s", reason=why), "x-circle"))
    return [Moment(parts=((text, None),), at=at, icon=icon) for at, text, icon in found]


def _base(read: _Read) -> list[Term]:
    return [row.Term for row in read.terms if row.Term.kind != TermKind.CHANGE]


def _lapses(read: _Read) -> list[dt.datetime]:
    """The ends of periods that no other followed at once."""
    base = _base(read)
    starts = [term.starts_at for term in base[1:]]
    ends = [term.ends_at for term in base]
    return [end for number, end in enumerate(ends) if number == len(starts) or starts[number] > end]


def _holding(one: Assignment, names: Names, reader: Reader) -> Held:
    def name(person: int | None) -> str:
        # The vendor's own people are not visible to customers.
        known = names.get((SubjectKind.USER, person)) if person is not None else None
        return known.text if known else _("Support")

    return Held(
        person=reader.linked(Part(one.user.name, SubjectKind.USER, one.user_id)),
        email=one.user.email,
        since=one.started_at,
        until=one.ended_at,
        given_by=name(one.given_by_id),
        taken_by=name(one.taken_by_id) if one.ended_at else None,
    )


# --- As a picture -------------------------------------------------------------------------------------------------------


def _spans(read: _Read, now: dt.datetime) -> list[lanes.Span]:
    """Its periods with what lies upon them, and its holders, oldest first."""
    row, base = read.license, set(_base(read))
    paid = [
        lanes.Span(0, *_until(term.starts_at, term.ends_at, row.gone_at), "g0", _period(one), "t0")
        if term in base
        else lanes.Span(
            0, *_until(term.starts_at, term.ends_at, row.gone_at), "g3", _period(one), edge="foot"
        )
        for one in read.terms
        for term in [one.Term]
        if row.gone_at is None or term.starts_at < row.gone_at
    ]
    suspended = [
        lanes.Span(
            0,
            one.started_at,
            one.ended_at or now,
            "wait",
            labels.word(type(one.reason), one.reason),
            edge="top",
        )
        for one in read.suspensions
    ]
    live = row.is_live(now)
    held = [
        lanes.Span(1, one.started_at, one.ended_at or max(row.usable_until, one.started_at), *ink)
        for one in reversed(read.held)
        for ink in [
            ("g2", one.user.name, "t2") if live and one.ended_at is None else ("g1", one.user.name, "t1")
        ]
    ]
    return [*paid, *suspended, *held]


def _until(
    begins: dt.datetime, ends: dt.datetime, gone: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    return begins, ends if gone is None else min(ends, gone)


def _period(one: Any) -> str:
    """« Achat, 7XD3M-K9P2Q »."""
    kind = labels.term_words(one.Term.kind)
    return f"{kind}, {one.reference}" if one.reference else kind


def _month(day: dt.date) -> str:
    return month(day, current_language(), short=True)


def _said(read: _Read) -> str:
    periods, holders = len(_base(read)), len({one.user_id for one in read.held})
    return _(
        "%(periods)s, %(holders)s: the list below says the same.",
        periods=ngettext("%(num)s period", "%(num)s periods", periods),
        holders=ngettext("%(num)s holder", "%(num)s holders", holders),
    )
