"""What every page of the portal asks about the company of the signed-in person."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_login import current_user

from models import Company, License, LicenseState, Order, OrderState, Plan, db
from services.formats import current_language

# From when on a licence's end is worth a word.
EXPIRES_SOON = dt.timedelta(days=60)
IN_USE = (LicenseState.ASSIGNED, LicenseState.ACTIVATED)


def own_company() -> Company:
    """The company of the signed-in person; the permissions of the portal are those of people who have one."""
    company: Company | None = current_user.company
    if company is None:
        raise LookupError("the vendor's staff have no company")
    return company


def plan_options() -> list[tuple[int, str]]:
    """Every plan, withdrawn ones included, as the options of a filter."""
    plans = db.session.scalars(sa.select(Plan).order_by(Plan.position, Plan.id))
    return [(plan.id, plan.name(current_language())) for plan in plans]


def unpaid_orders(company_id: int) -> list[Order]:
    """The orders that wait for the customer to pay them or to give them up, newest first. One statement."""
    waiting = sa.select(Order).where(
        Order.company_id == company_id, Order.state.in_([OrderState.PENDING, OrderState.FAILED])
    )
    return list(db.session.scalars(waiting.order_by(Order.id.desc()).limit(5)))


def expiring(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The live licences that end soon, as SQL."""
    return sa.and_(License.valid_until > now, License.valid_until <= now + EXPIRES_SOON)


def is_live(license: License, now: dt.datetime) -> bool:
    """Whether the licence stands in the way of another one for its holder."""
    return license.state(now) in {*IN_USE, LicenseState.SUSPENDED}
