"""What one box finds: people, customers, licences and orders, each with what is shown of it; within what the request may see."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from models import Company, License, Order, Payment, SeatCount, User, db, same_address, sought
from services.search import codes, hits

# Orders of a customer that was found: the last ones.
LATEST = 3
# Of many that are found so many are put in order, best first.
COMPARED = 300


@dataclasses.dataclass(frozen=True)
class Found:
    """The rows of one kind, best first, and how many there are: `count`, or more than that.

    Attributes:
        more: Whether there are more than were counted.
        told: What is told of some of the rows, by their id.
    """

    rows: Sequence[Any]
    count: int
    more: bool = False
    told: dict[int, int] = dataclasses.field(default_factory=dict)


NONE = Found((), 0)


def people(text: str, most: int) -> Found:
    """People, with their company and licences: whose whole address it is, then whose family name begins so, the active first."""
    who = hits.people(text)
    if not who.ids:
        return NONE
    exact = same_address(User.email, text)
    found = (
        sa.select(User)
        .where(User.id.in_(_compared(who, exact)))
        .options(joinedload(User.company), selectinload(User.licenses).joinedload(License.plan))
        .order_by(_place(text, exact, User.sort_key), User.active.desc())
        .order_by(User.sort_key, User.id)
    )
    return _found(who, db.session.scalars(found.limit(most)).unique().all())


def companies(text: str, most: int) -> Found:
    """Customers, with how many seats they have."""
    who = hits.companies(text)
    if not who.ids:
        return NONE
    exact = sa.func.lower(Company.name) == text.lower()
    found = (
        sa.select(Company)
        .where(Company.id.in_(_compared(who, exact)))
        .order_by(_place(text, exact, Company.sort_key), Company.sort_key, Company.id)
    )
    rows = db.session.scalars(found.limit(most)).all()
    seats = sa.select(SeatCount.company_id, sa.func.sum(SeatCount.seats)).group_by(SeatCount.company_id)
    told = dict(db.session.execute(seats.where(SeatCount.company_id.in_([row.id for row in rows]))).all())
    return dataclasses.replace(_found(who, rows), told=told)


def licenses(text: str, holders: Sequence[User], most: int) -> Found:
    """Licences whose key begins so, then those that `holders` hold."""
    shown = sa.select(License).options(
        joinedload(License.plan), joinedload(License.user), joinedload(License.company)
    )
    rows: list[License] = []
    if (begins := codes.beginning(License.key, text)) is not None:
        rows += db.session.scalars(shown.where(begins).order_by(License.id.desc()).limit(most + 1)).unique()
    if len(rows) <= most and holders:
        held = shown.where(License.user_id.in_([one.id for one in holders]))
        rest = held.order_by(License.usable_until.desc(), License.id).limit(most + 1 - len(rows))
        rows += [row for row in db.session.scalars(rest).unique() if row not in rows]
    return Found(rows[:most], min(len(rows), most), len(rows) > most)


def orders(text: str, buyers: Sequence[Company], most: int) -> Found:
    """Orders by their reference, an id of Stripe's or their amount; then the last of `buyers`, while they are few."""
    conditions = [
        sa.or_(Order.stripe_session_id == text, Order.stripe_payment_intent_id == text),
        Order.id.in_(
            sa.select(Payment.order_id).where(
                sa.or_(
                    Payment.stripe_session_id == text,
                    Payment.stripe_payment_intent_id == text,
                    Payment.stripe_charge_id == text,
                )
            )
        ),
    ]
    if (begins := codes.beginning(Order.reference, text)) is not None:
        conditions.append(begins)
    if (cents := codes.cents(text)) is not None:
        conditions.append(Order.total == cents)
    shown = sa.select(Order).options(joinedload(Order.company)).order_by(Order.id.desc())
    rows: list[Order] = []
    for condition in reversed(conditions):
        more = shown.where(condition).limit(most + 1)
        rows += [row for row in db.session.scalars(more) if row not in rows]
    if len(rows) <= most and 0 < len(buyers) <= LATEST:
        for buyer in buyers:
            last = shown.where(Order.company_id == buyer.id).limit(LATEST)
            rows += [row for row in db.session.scalars(last) if row not in rows]
    return Found(rows[:most], min(len(rows), most), len(rows) > most)


def _compared(who: hits.Hits, exact: Any) -> list[int]:
    """The ids that are put in order: of many hits some, and those that were typed whole in any case."""
    whole = db.session.scalars(sa.select(who.model.id).where(exact).limit(COMPARED)) if who.are_many else ()
    return [*whole, *who.ids[:COMPARED]]


def _found(who: hits.Hits, rows: Sequence[Any]) -> Found:
    limit = hits.MOST[who.model]
    return Found(rows, min(len(who.ids), limit), who.are_many)


def _place(text: str, exact: Any, sort_key: Any) -> Any:
    """Where a row stands: what was typed whole, then what a name begins with."""
    words = sought(text)
    begins = [
        sort_key.startswith("".join(one for one in word if one.isalnum()), autoescape=True) for word in words
    ]
    return sa.case((exact, 0), (sa.or_(*begins), 1), else_=2)
