"""The numbers on a customer's home page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from models import (
    ENDS_SOON,
    CartItem,
    License,
    LicenseRequest,
    LicenseState,
    SeatCount,
    User,
    UtcDateTime,
    db,
)


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
        asking: People who ask for a licence.
        last_asked: The number of the latest request of them.
        unused_since: When the first live licence was given whose holder has not begun to use it.
    """

    in_cart: int
    expiring: int
    first_expiry: dt.date | None
    people_without: int
    people_expired: int
    held_by_inactive: int
    asking: int
    last_asked: int | None
    unused_since: dt.datetime | None


def figures(company_id: int, now: dt.datetime) -> Figures:
    """The company's numbers at `now`. One statement, which reads counts and ends of indexes, whatever the company's size."""
    asked = {"company": company_id, "now": now, "soon": now + ENDS_SOON}
    return Figures(*db.session.execute(_FIGURES, asked).one())


def _figures() -> sa.Select[Any]:
    """Of `company`, at `now` and until `soon`. It is put together once: that took longer than the database does."""
    company: Any = sa.bindparam("company", type_=sa.Integer)
    now: Any = sa.bindparam("now", type_=UtcDateTime())
    ending = sa.select(SeatCount).where(
        SeatCount.company_id == company,
        SeatCount.seats > 0,
        SeatCount.where_live(now),
        SeatCount.valid_until <= sa.bindparam("soon", type_=UtcDateTime()),
    )
    people = sa.select(sa.func.count()).where(User.company_id == company, User.active)
    never = people.where(User.covered_until.is_(None)).scalar_subquery()
    expired = people.where(User.where_run_out(now)).scalar_subquery()
    inactive = sa.select(sa.func.count(License.id)).join(User, User.id == License.user_id)
    inactive = inactive.where(User.company_id == company, ~User.active, User.where_covered(now))
    unused = sa.select(License.assigned_at).where(
        License.company_id == company, License.where_state(LicenseState.ASSIGNED, now)
    )
    asked = sa.select(LicenseRequest).where(LicenseRequest.company_id == company, LicenseRequest.where_open())
    in_cart = sa.select(sa.func.coalesce(sa.func.sum(CartItem.quantity), 0))
    return sa.select(
        in_cart.where(CartItem.company_id == company).scalar_subquery(),
        ending.with_only_columns(sa.func.coalesce(sa.func.sum(SeatCount.seats), 0)).scalar_subquery(),
        ending.with_only_columns(sa.func.min(SeatCount.last_day)).scalar_subquery(),
        never + expired,
        expired,
        inactive.where(License.where_live(now)).scalar_subquery(),
        asked.with_only_columns(sa.func.count()).scalar_subquery(),
        asked.with_only_columns(sa.func.max(LicenseRequest.id)).scalar_subquery(),
        unused.order_by(License.assigned_at).limit(1).scalar_subquery(),
    )


_FIGURES = _figures()
