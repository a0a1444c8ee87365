"""Twenty thousand rows of what lists show, in a few statements and known to the planner."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from models import (
    Batch,
    Company,
    FirmLink,
    IssueKind,
    JournalEntry,
    JournalSubject,
    License,
    MailState,
    Order,
    OrderIssue,
    OrderState,
    OutgoingMail,
    StripeEvent,
    User,
    db,
    utcnow,
)
from services.links import tokens
from tests.conftest import Cast

ROWS = 20_000
FIRMS = 400
# Half of all rows are one company's, as those of a customer who matters would be.
PROVINCES = ("QC", "ON", "BC", "NS")
NAMES = ("Tremblay", "Gagnon", "Roy", "Côté", "Bouchard", "Gauthier", "Morin", "Lavoie", "Fortin", "Gagné")
DAY = dt.timedelta(days=1)


def make_crowd(cast: Cast, rows: int = ROWS) -> None:
    """People, licences, orders, mail, entries, events and issues; Acme has half of them."""
    now = utcnow()
    _insert(Company, [_firm(number) for number in range(FIRMS)])
    firms = list(db.session.scalars(sa.select(Company.id).where(Company.name.startswith("Firm"))))
    whose = [cast.acme.id if number % 2 else firms[number % FIRMS] for number in range(rows)]
    _insert(User, [_person(number, whose[number]) for number in range(rows)])
    people = [
        (person, company)
        for person, company in db.session.execute(
            sa.select(User.id, User.company_id).where(User.email.startswith("crowd")).order_by(User.id)
        )
    ]
    _insert(License, [_license(number, *people[number], cast=cast, now=now) for number in range(rows)])
    tenth = range(0, rows, 10)
    _insert(Order, [_order(number, *people[number + number // 10 % 2], now=now) for number in tenth])
    orders = list(db.session.execute(sa.select(Order.id, Order.company_id)))
    _insert(OrderIssue, [_issue(place, *order, now=now) for place, order in enumerate(orders)])
    _insert(OutgoingMail, [_mail(number, *people[number], now=now) for number in range(rows)])
    _insert(JournalEntry, [_entry(number, *people[number], now=now) for number in range(rows)])
    entries = db.session.execute(sa.select(JournalEntry.id, JournalEntry.actor_id, JournalEntry.company_id))
    _insert(JournalSubject, [row for entry in entries for row in _subjects(*entry, cast=cast)])
    _insert(FirmLink, [_firm_link(number, cast.acme.id) for number in tenth])
    _insert(Batch, [_batch(number, *people[number + number // 10 % 2], now=now) for number in tenth])
    _insert(StripeEvent, [_event(number, now) for number in tenth])
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    # SQLite reads what it learned when a connection is opened.
    db.session.rollback()
    db.engine.dispose()


def _insert(kind: type, rows: list[dict[str, Any]]) -> None:
    db.session.execute(sa.insert(kind), rows)
    db.session.commit()


def _firm(number: int) -> dict[str, Any]:
    return {
        "name": f"Firm {number * 7 % FIRMS}",
        "billing_email": f"billing@firm{number}.example",
        "province": PROVINCES[number % len(PROVINCES)],
    }


def _person(number: int, company: int) -> dict[str, Any]:
    return {
        "company_id": company,
        "email": f"crowd{number}@firm.example",
        "first_name": f"First{number % 97}",
        "last_name": f"{NAMES[number // 2 % len(NAMES)]}{number % 89}",
        "role": "admin" if number % 40 in {0, 1} else "member",
        "active": number % 10 not in {4, 5},
    }


def _batch(number: int, person: int, company: int, *, now: dt.datetime) -> dict[str, Any]:
    return {
        "company_id": company,
        "together": f"{number:032x}",
        "kind": ("assign", "release", "transfer")[number // 10 % 3],
        "state": ("draft", "ready", "failed")[number // 10 % 3],
        "made_by_id": person,
        "made_as": "person",
        "options": {"post": "held"},
        "total": number,
        "created_at": now - number * DAY / 24,
    }


def _license(number: int, person: int, company: int, *, cast: Cast, now: dt.datetime) -> dict[str, Any]:
    plan = (cast.eco, cast.avance, cast.pro)[number // 2 % 3]
    until = now + (number // 2 % 400 - 40) * DAY
    held = number // 2 % 10 < 7
    return {
        "company_id": company,
        "plan_id": plan.id,
        "product": plan.product,
        "user_id": person if held else None,
        "assigned_at": now if held else None,
        "activated_at": now if held and number // 2 % 3 else None,
        "status": "suspended" if number // 2 % 200 == 0 else "active",
        "valid_from": now - 400 * DAY,
        "valid_until": until,
        "usable_until": until,
        "first_day": (now - 400 * DAY).date(),
        "last_day": until.date(),
    }


def _order(number: int, person: int, company: int, *, now: dt.datetime) -> dict[str, Any]:
    state = list(OrderState)[number // 20 % len(OrderState)]
    placed = now - (ROWS - number) // 20 * DAY / 4
    return {
        "company_id": company,
        "placed_by_id": person,
        "state": state,
        "language": "fr",
        "net": 100,
        "tax": 0,
        "total": 100,
        "customer_name": "",
        "customer_address": "",
        "vendor_name": "",
        "vendor_address": "",
        "fingerprint": f"{number}",
        "placed_at": placed,
        "paid_at": placed if state in {"paid", "refunded", "disputed"} else None,
    }


def _issue(place: int, order: int, company: int, *, now: dt.datetime) -> dict[str, Any]:
    kinds = list(IssueKind)
    return {
        "company_id": company,
        "order_id": order,
        "kind": kinds[place // 2 % len(kinds)],
        "opened_at": now - place * DAY / 24,
        "closed_at": now if place % 20 else None,
        "reason": "done" if place % 20 else None,
    }


def _mail(number: int, person: int, company: int, *, now: dt.datetime) -> dict[str, Any]:
    states = (MailState.SENT, MailState.SENT, MailState.SENT, MailState.QUEUED, MailState.FAILED)
    return {
        "company_id": company,
        "user_id": person,
        "template": ("receipt", "license_assigned", "sign_in_link")[number // 2 % 3],
        "language": "fr",
        "dedupe_key": f"crowd {number}",
        "message_id": f"<crowd{number}@desk.example>",
        "state": states[number // 2 % len(states)],
        "created_at": now,
    }


def _entry(number: int, person: int, company: int, *, now: dt.datetime) -> dict[str, Any]:
    return {
        "operation": f"{number:032x}",
        "at": now,
        "verb": ("license_assigned", "license_released", "order_paid")[number // 2 % 3],
        "actor_id": person,
        "company_id": company,
        "subject_type": ("license", "user", "order")[number // 2 % 3],
        "subject_id": number,
    }


def _subjects(entry: int, person: int, company: int, *, cast: Cast) -> list[dict[str, Any]]:
    """Whoever did it; of some that are of Acme, its administrator too."""
    people = [person, cast.alice.id] if company == cast.acme.id and entry % 20 == 0 else [person]
    return [{"entry_id": entry, "kind": "user", "row_id": one, "company_id": company} for one in people]


def _firm_link(number: int, company: int) -> dict[str, Any]:
    return {
        "company_id": company,
        "domain": f"firm{number}.example",
        "places": 10,
        "last_day": dt.date(2099, 1, 1),
        "expires_at": dt.datetime(2099, 1, 2, tzinfo=dt.UTC),
        "made_as": "system",
        **tokens.sow(),
    }


def _event(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"evt_{number * 7919 % ROWS}",
        "type": "checkout.session.completed",
        "object_id": f"cs_{number}",
        "livemode": False,
        "created_at": now,
        "received_at": now - number * DAY / 100,
        "handled_at": now if number % 200 else None,
    }
