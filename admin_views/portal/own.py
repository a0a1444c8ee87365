"""What every page of the portal asks about the company of the signed-in person."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_login import current_user

from models import Company, License, Order, OrderState, db

# From when on a licence's end is worth a word.
EXPIRES_SOON = dt.timedelta(days=60)


def own_company() -> Company:
    """The company of the signed-in person; the permissions of the portal are those of people who have one."""
    company: Company | None = current_user.company
    if company is None:
        raise LookupError("the vendor's staff have no company")
    return company


def unpaid_orders(company_id: int) -> list[Order]:
    """The orders that wait for the customer to pay them or to give them up, newest first. One statement."""
    waiting = sa.select(Order).where(
        Order.company_id == company_id, Order.state.in_([OrderState.PENDING, OrderState.FAILED])
    )
    return list(db.session.scalars(waiting.order_by(Order.id.desc()).limit(5)))


def expiring(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The live licences that end soon, as SQL."""
    return sa.and_(License.where_live(now), License.valid_until <= now + EXPIRES_SOON)
