"""What every page of the portal asks about the company of the signed-in person."""

from __future__ import annotations

from flask_login import current_user

from models import Company


def own_company() -> Company:
    """The company of the signed-in person; the permissions of the portal are those of people who have one."""
    company: Company | None = current_user.company
    if company is None:
        raise LookupError("the vendor's staff have no company")
    return company
