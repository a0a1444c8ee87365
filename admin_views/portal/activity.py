"""The last things that happened in a company, as sentences: what the journal says to people."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from models import JournalEntry, JournalVerb, Order, Plan, User, db
from services.foundation.formats import current_language
from services.foundation.known import by_id

# What is told, by verb. The sentences come from functions, so that each is in the reader's language.
SENTENCES: dict[JournalVerb, Callable[..., str]] = {
    JournalVerb.ORDER_PLACED: lambda **words: _("%(who)s placed order %(order)s.", **words),
    JournalVerb.ORDER_FULFILLED: lambda **words: _(
        "Order %(order)s was paid and its licenses delivered.", **words
    ),
    JournalVerb.ORDER_EXPIRED: lambda **words: _("Order %(order)s was abandoned before payment.", **words),
    JournalVerb.ORDER_CANCELLED: lambda **words: _("%(who)s cancelled order %(order)s.", **words),
    JournalVerb.PAYMENT_STARTED: lambda **words: _(
        "The bank debit of order %(order)s is under way.", **words
    ),
    JournalVerb.PAYMENT_FAILED: lambda **words: _("The payment of order %(order)s was declined.", **words),
    JournalVerb.PAYMENT_RETRIED: lambda **words: _(
        "%(who)s resumed the payment of order %(order)s.", **words
    ),
    JournalVerb.LICENSE_ASSIGNED: lambda **words: _(
        "%(who)s assigned a license of the %(plan)s plan to %(person)s.", **words
    ),
    JournalVerb.LICENSE_RELEASED: lambda **words: _(
        "%(who)s released the %(plan)s license of %(person)s.", **words
    ),
    JournalVerb.LICENSE_ACTIVATED: lambda **words: _(
        "%(person)s activated a license of the %(plan)s plan.", **words
    ),
    JournalVerb.PERSON_ADDED: lambda **words: _("%(who)s added %(person)s.", **words),
    JournalVerb.PERSON_DEACTIVATED: lambda **words: _("%(who)s deactivated %(person)s.", **words),
    JournalVerb.PERSON_REACTIVATED: lambda **words: _("%(who)s reactivated %(person)s.", **words),
}


@dataclasses.dataclass(frozen=True)
class Event:
    """One thing that happened."""

    sentence: str
    at: dt.datetime


def recent(company_id: int, count: int) -> list[Event]:
    """The last `count` things worth telling, newest first. At most four statements, whatever happened."""
    entries = db.session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.company_id == company_id, JournalEntry.verb.in_(SENTENCES))
        .options(joinedload(JournalEntry.actor))
        .order_by(JournalEntry.id.desc())
        .limit(count)
    ).all()
    people = by_id(User, {_person_of(entry) for entry in entries})
    plans = by_id(Plan, {entry.related.get("plan") for entry in entries})
    orders = by_id(Order, {entry.subject_id for entry in entries if entry.subject_type == "order"})
    return [Event(_sentence(entry, people, plans, orders), entry.at) for entry in entries]


def _sentence(
    entry: JournalEntry, people: dict[int, User], plans: dict[int, Plan], orders: dict[int, Order]
) -> str:
    person, plan = people.get(_person_of(entry)), plans.get(entry.related.get("plan"))
    order = orders.get(entry.subject_id) if entry.subject_type == "order" else None
    return SENTENCES[JournalVerb(entry.verb)](
        who=name_of(entry.actor),
        person=person.name if person else "",
        plan=plan.name(current_language()) if plan else "",
        order=order.reference if order else "",
    )


def _person_of(entry: JournalEntry) -> int | None:
    """The id of whom it concerns."""
    related: int | None = entry.related.get("user")
    return entry.subject_id if entry.subject_type == "user" else related


def name_of(actor: User | None) -> str:
    """Who acted. Of the vendor's staff and of the system a customer sees no person."""
    return actor.name if actor else _("Support")
