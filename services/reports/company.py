"""The numbers on a customer's home page."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from models import LIVE_STATUSES, CartItem, License, User, db


@dataclasses.dataclass(frozen=True)
class Figures:
    """Counts of what an administrator may have to act on.

    Attributes:
        in_cart: Licences in the cart.
        expiring: Live licences that end within 60 days (`ENDS_SOON`).
        first_expiry: The last day of the first of them.
        people_without: Active people without a live licence.
        people_expired: Those of them who hold one that has expired.
        held_by_inactive: Live licences that somebody who was deactivated still holds.
    """

    in_cart: int
    expiring: int
    first_expiry: dt.date | None
    people_without: int
    people_expired: int
    held_by_inactive: int


def figures(company_id: int, now: dt.datetime) -> Figures:
    """The company's numbers at `now`. One statement."""
    soon = sa.and_(License.company_id == company_id, License.where_ending_soon(now))
    holds = sa.exists().where(License.user_id == User.id, License.where_live(now))
    people = sa.select(sa.func.count(User.id)).where(User.company_id == company_id, User.active, ~holds)
    held = sa.exists().where(License.user_id == User.id, License.status.in_(LIVE_STATUSES))
    inactive = sa.select(sa.func.count(License.id)).join(User, User.id == License.user_id)
    inactive = inactive.where(License.company_id == company_id, License.where_live(now), ~User.active)
    in_cart = sa.select(sa.func.coalesce(sa.func.sum(CartItem.quantity), 0))
    row = db.session.execute(
        sa.select(
            in_cart.where(CartItem.company_id == company_id).scalar_subquery(),
            sa.select(sa.func.count(License.id)).where(soon).scalar_subquery(),
            sa.select(sa.func.min(License.last_day)).where(soon).scalar_subquery(),
            people.scalar_subquery(),
            people.where(held).scalar_subquery(),
            inactive.scalar_subquery(),
        )
    ).one()
    return Figures(*row)
