"""What one row of a base says of a person and of a licence, checked, with all that is wrong of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from models import Language, Plan, day_in, utcnow
from services.bases import columns
from services.bases.customers import Customer
from services.foundation import checks
from services.foundation.errors import Refused
from services.imports import typed as people
from services.seats import validation
from services.text import dates
from services.text.alike import bare
from services.text.characters import isolated
from services.text.formats import current_language

_OF_PEOPLE = (columns.FIRST_NAME, columns.LAST_NAME, columns.NAME, columns.ROLE, columns.LANGUAGE)
_SHOWN = 40
# Plans that a sentence names.
_NAMED = 12


@dataclasses.dataclass
class Seat:
    """A licence that a row tells of; `key` is None where one is to be made."""

    plan: Plan
    key: str | None
    first_day: dt.date
    last_day: dt.date
    assigned: dt.date | None
    activated: dt.date | None


@dataclasses.dataclass
class Said:
    """What a row comes to.

    Attributes:
        email: Of the person, or of the licence's holder; nothing where it names nobody.
        person: The columns of `accounts.EDITABLE`, where the row names somebody as well.
        wrong: What is wrong, as (field, sentence).
    """

    email: str = ""
    person: dict[str, Any] | None = None
    seat: Seat | None = None
    wrong: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def problem(self) -> str:
        """All that is wrong: « Forfait : … Dernier jour : … »."""
        return " ".join(
            _("%(label)s: %(text)s", label=str(columns.LABELS[field]), text=text)
            for field, text in dict.fromkeys(self.wrong)
        )


def read(
    raw: Mapping[str, Any],
    customer: Customer,
    plans: Mapping[str, Plan],
    orders: Mapping[str, dates.DayOrder | None],
) -> Said:
    """What a row says. `orders`: of its file, which comes first in the dates of each column."""
    said = Said()
    said.wrong += [(field, people.said_of(fault)) for field, fault in raw.get(columns.FAULTS, {}).items()]
    _person(said, raw, customer.language)
    if any(str(raw.get(name, "")).strip() for name in columns.OF_LICENSES):
        _seat(said, raw, customer, plans, orders)
    return said


def _person(said: Said, raw: Mapping[str, Any], language: Language) -> None:
    """Who is named; a name that is an address is one."""
    own = {name: str(raw.get(name, "")) for name in (*_OF_PEOPLE, columns.EMAIL)}
    if not own[columns.EMAIL].strip() and "@" in own[columns.NAME]:
        own[columns.EMAIL], own[columns.NAME] = own[columns.NAME], ""
        own[columns.NAME] = own[columns.EMAIL].partition("<")[0] if "<" in own[columns.EMAIL] else ""
    names = (columns.FIRST_NAME, columns.LAST_NAME, columns.NAME)
    if any(own[name].strip() for name in names) or "<" in own[columns.EMAIL]:
        if columns.FAMILY_FIRST in raw:
            own[columns.FAMILY_FIRST] = raw[columns.FAMILY_FIRST]
        found = people.read({name: text for name, text in own.items() if text}, {}, language)
        said.email, said.person = found.email, found.values
        said.wrong += found.wrong
    elif own[columns.EMAIL].strip():
        try:
            said.email = checks.email(own[columns.EMAIL])
        except Refused as refused:
            said.wrong.append((columns.EMAIL, refused.sentence))


def _seat(
    said: Said,
    raw: Mapping[str, Any],
    customer: Customer,
    plans: Mapping[str, Plan],
    orders: Mapping[str, dates.DayOrder | None],
) -> None:
    before = len(said.wrong)
    plan, key = _plan(said, raw, plans), _key(said, raw)
    days = {name: _day(said, name, str(raw.get(name, "")), orders) for name in columns.DAYS}
    last = days[columns.END]
    if last is None and not any(field == columns.END for field, _text in said.wrong):
        said.wrong.append((columns.END, _("it is missing: a license ends on a day.")))
    if len(said.wrong) > before or plan is None or last is None:
        return
    assigned, activated = days[columns.ASSIGNED], days[columns.ACTIVATED]
    today = day_in(customer.zone, utcnow())
    first = days[columns.START] or _begun(last, [day for day in (assigned, activated) if day], today)
    said.seat = Seat(plan, key, first, last, assigned, activated)
    _check_days(said, said.seat, today)


def _begun(last: dt.date, known: list[dt.date], today: dt.date) -> dt.date:
    """The first day of a licence of which the file does not say it: that of what was done with it first, else a year's."""
    if known:
        return min(known)
    after = last + dt.timedelta(days=1)
    # The 29th of February has no other year.
    first = after.replace(year=after.year - 1, day=min(after.day, 28) if after.month == 2 else after.day)
    return min(first, today)


def _check_days(said: Said, seat: Seat, today: dt.date) -> None:
    if seat.first_day > seat.last_day:
        said.wrong.append((columns.END, _("it is before the first day.")))
    if seat.first_day > today:
        text = _(
            "it has not come yet: a license that is brought over has begun. Import this row on that day."
        )
        said.wrong.append((columns.START, text))
    for name, day in ((columns.ASSIGNED, seat.assigned), (columns.ACTIVATED, seat.activated)):
        if day is None:
            continue
        if day > today:
            said.wrong.append((name, _("it has not come yet.")))
        elif day > seat.last_day:
            said.wrong.append((name, _("it is after the last day of the license.")))
        if not said.email:
            said.wrong.append((name, _("the row does not say who holds the license.")))
    if seat.assigned and seat.activated and seat.activated < seat.assigned:
        said.wrong.append((columns.ACTIVATED, _("it is before the day on which the license was assigned.")))


def _plan(said: Said, raw: Mapping[str, Any], plans: Mapping[str, Plan]) -> Plan | None:
    """By its code, or its name in either language."""
    text = str(raw.get(columns.PLAN, ""))
    plan = plans.get(bare(text)) if bare(text) else None
    if plan is None:
        language = current_language()
        names = ", ".join(list(dict.fromkeys(one.name(language) for one in plans.values()))[:_NAMED])
        why = (
            _("“%(text)s” is no plan of this desk. There are: %(plans)s.", text=_shown(text), plans=names)
            if text.strip()
            else _("it is missing. There are: %(plans)s.", plans=names)
        )
        said.wrong.append((columns.PLAN, why))
    return plan


def _key(said: Said, raw: Mapping[str, Any]) -> str | None:
    """As it is kept: one that the check of keys would not find cannot be."""
    text = checks.readable(str(raw.get(columns.KEY, "")))
    if not text:
        return None
    key = validation.as_written(text)
    if not key:
        why = _(
            "“%(text)s” cannot be kept as a key: 4 to 40 letters without accents, figures and signs. Empty the cell to have "
            "one made.",
            text=_shown(text),
        )
        said.wrong.append((columns.KEY, why))
    return key or None


def _day(said: Said, name: str, text: str, orders: Mapping[str, dates.DayOrder | None]) -> dt.date | None:
    text = checks.readable(text)
    if not text:
        return None
    try:
        return dates.read(text, orders.get(name))
    except dates.TwoDaysError:
        why = _(
            "“%(text)s” may be two days. Say above which comes first, or write it as 2026-12-31.",
            text=_shown(text),
        )
    except ValueError:
        why = _("“%(text)s” is no day from 1970 to 2199. Write it as 2026-12-31.", text=_shown(text))
    said.wrong.append((name, why))
    return None


def _shown(text: str) -> str:
    return isolated(checks.readable(text)[:_SHOWN])
