"""A few rows of everything that a page of `/support` shows."""

from __future__ import annotations

from typing import Any

from access import Actor
from models import (
    JournalEntry,
    OutgoingMail,
    Price,
    StripeEvent,
    TaxRate,
    db,
    utcnow,
)
from services import licenses
from tests import factories


def furnish(cast: Any, count: int) -> dict[str, Any]:
    """`count` rows of everything, and the ids that `PAGES` names."""
    plan = cast.pro
    people = [factories.make_user(cast.acme, f"Person{number}") for number in range(count)]
    for number in range(count):
        factories.make_company(f"Firm{number}")
    owned = factories.make_licenses(count * 2, cast.alice, plan)
    by = Actor.of(cast.sam, "192.0.2.1")
    for license, person in zip(owned, people, strict=False):
        licenses.assign_license(license, person, by)
    orders = [factories.make_order(cast.alice, plan, issue="wrong_amount") for _ in range(count)]
    _events(count)
    return {
        "company": cast.acme.id,
        "user": people[0].id,
        "link": _links(cast, count),
        "staff": cast.sam.id,
        "license": owned[0].id,
        "free": owned[-1].id,
        "order": orders[0].id,
        "issue": orders[0].open_issues[0].id,
        "paid": owned[0].order_line.order_id,
        "plan": plan.id,
        "price": db.session.scalar(db.select(Price.id)),
        "rate": db.session.scalar(db.select(TaxRate.id)),
        "conditions": 1,
        "request": factories.make_request(people[0], "Please.").id,
        "entry": db.session.scalar(db.select(JournalEntry.id).order_by(JournalEntry.id.desc())),
        "mail": db.session.scalar(db.select(OutgoingMail.id)),
    }


def _events(count: int) -> None:
    now = utcnow()
    for number in range(count):
        db.session.add(
            StripeEvent(
                id=f"evt_{number}",
                type="checkout.session.completed",
                object_id="cs_test_1",
                livemode=False,
                created_at=now,
                received_at=now,
            )
        )
    db.session.commit()


def _links(cast: Any, count: int) -> int:
    """The id of the first of `count` invitation links."""
    return min(factories.make_firm_link(cast.alice).id for _ in range(count))
