"""What every page of the portal asks about the company of the signed-in person."""

from __future__ import annotations

import sqlalchemy as sa
from flask_login import current_user

from admin_views.lists.rows import narrow
from models import Company, License, Plan, db
from services.text.formats import current_language


def own_company() -> Company:
    """The company of the signed-in person; the permissions of the portal are those of people who have one."""
    company: Company | None = current_user.company
    if company is None:
        raise LookupError("the vendor's staff have no company")
    return company


def own_plans() -> list[tuple[int, str]]:
    """(id, name) pairs of the plans of which the company has licences; of others it may not know."""
    has = narrow(sa.select(License.plan_id), License).distinct()
    plans = db.session.scalars(sa.select(Plan).where(Plan.id.in_(has)).order_by(Plan.position, Plan.id))
    return [(plan.id, plan.name(current_language())) for plan in plans]
