"""The days for which a licence still works after its last one: when the vendor changes them, the licences follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

import access
from models import Company, License, SeatCount, Vendor, db
from services.foundation.transaction import company_lock, transaction


def follow() -> None:
    """Give every licence that is still alive the vendor's days of grace; what is over stays over.

    Company by company, each under its lock. Cut short, it goes on where it is needed.
    """
    with access.everything():
        vendor = db.session.get(Vendor, 1)
        if vendor is None or vendor.granted_days == vendor.grace_days:
            return
        days = vendor.grace_days
        for company_id in _companies():
            _follow(company_id, dt.timedelta(days=days))
        with transaction():
            # Changed meanwhile, it is followed next time.
            db.session.get_one(Vendor, 1, with_for_update=True).granted_days = days


def _companies() -> Sequence[int]:
    """All of them: one whose first licences are being delivered has none yet, and its lock is waited for."""
    return db.session.scalars(sa.select(Company.id).order_by(Company.id)).all()


def _follow(company_id: int, grace: dt.timedelta) -> None:
    with company_lock(company_id) as turn:
        ends = sa.select(SeatCount.valid_until, SeatCount.usable_until).where(
            SeatCount.company_id == company_id, SeatCount.seats > 0, SeatCount.where_live(turn.now)
        )
        for valid_until, usable_until in db.session.execute(ends.distinct()).all():
            if usable_until != valid_until + grace:
                moved = sa.update(License).where(
                    License.company_id == company_id,
                    License.valid_until == valid_until,
                    License.usable_until == usable_until,
                    License.where_live(turn.now),
                )
                db.session.execute(
                    moved.values(usable_until=valid_until + grace),
                    execution_options={"synchronize_session": False},
                )
