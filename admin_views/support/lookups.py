"""Who and what the pickers of `/support` find."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from admin_views.lists.columns import ListFilter
from admin_views.lists.filters import by_id
from admin_views.lists.finding import Words
from admin_views.lists.rows import parse_id
from admin_views.pickers import Lookup, people_lookup
from models import Company, License, User, db


def company_text(company: Company) -> str:
    return f"{company.name} ({company.billing_email})"


def person_text(user: User) -> str:
    return f"{user.name} ({user.email})"


def company_lookup(name: str = "company") -> Lookup:
    """Customers, by a part of their name or their whole billing address."""
    search = (Words(Company),)
    return Lookup(name, Company, search, label=company_text, order=(Company.sort_key,))


def person_lookup(name: str) -> Lookup:
    """Everybody, by their whole address or a part of their name."""
    return people_lookup(name, label=person_text)


def colleague_lookup(name: str) -> Lookup:
    """The active people of the company that owns the licence `?id=`."""
    return people_lookup(name, label=person_text, where=_of_the_license)


def _of_the_license(statement: sa.Select[Any]) -> sa.Select[Any]:
    owner = sa.select(License.company_id).where(License.id == parse_id(License, request.args.get("id")))
    return statement.where(User.company_id == owner.scalar_subquery(), User.active.is_(True))


def of_company(column: Any) -> ListFilter:
    """The filter that holds a list to one customer, by the id in `column`."""
    return by_id("company", _l("Customer"), column, describe=company_name)


def company_name(company_id: str) -> str:
    """What stands on the label of a list that is held to one customer."""
    return db.session.scalar(sa.select(Company.name).where(Company.id == int(company_id))) or company_id


def person_name(user_id: str) -> str:
    """What stands on the label of a list that is held to one person."""
    user = db.session.get(User, int(user_id), options=[joinedload(User.company)])
    return user.name if user else user_id
