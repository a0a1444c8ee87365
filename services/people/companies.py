"""Customers, as the vendor's staff open and mend their accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from access import Actor
from models import CURRENCY, Company, Language, Role, db
from services.foundation import checks, edits, journal, places
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock, transaction
from services.people import accounts

EDITABLE = (
    "name",
    "billing_email",
    "street",
    "city",
    "province",
    "postal_code",
    "country",
    "language",
    "time_zone",
)
# A small firm's addresses are somebody's own.
PERSONAL = ("billing_email", "street", "city", "postal_code")


def create_company(
    values: Mapping[str, Any], *, by: Actor, administrator: Mapping[str, Any] | None = None
) -> Company:
    """Open a customer's account, with its first administrator when one is given.

    Args:
        values: The columns of `EDITABLE`.
        administrator: `email`, `first_name` and `last_name`; they get a mail to choose a password.

    Raises:
        Refused: `empty`, `too_long`, `bad_address`, `unknown_place`, `unknown_time_zone`, `email_taken`.
    """
    checked = _checked(values)
    with transaction():
        company = Company(currency=CURRENCY, **checked)
        db.session.add(company)
        db.session.flush()
        _record("company_added", company, edits.Change({}, edits.written(checked)), by)
        if administrator is not None:
            defaults = {"role": Role.ADMIN, "language": company.language, "time_zone": None, "active": True}
            accounts._add(defaults | dict(administrator), company.id, by=by, invite=True)
        return company


def update_company(
    company: Company, values: Mapping[str, Any], *, by: Actor, seen: str | None = None
) -> Company:
    """Change what is given of `EDITABLE`. Orders that were placed keep the name and address they were placed with.

    Raises:
        Refused: what `create_company` refuses, or `changed_meanwhile`.
    """
    company_id, checked = company.id, _checked(values)
    with company_lock(company_id) as locked:
        change = edits.apply(locked, checked, EDITABLE, seen)
        if change:
            _record("company_changed", locked, change, by)
        return locked


def _record(verb: str, company: Company, change: edits.Change, by: Actor) -> None:
    plain, personal = change.only(set(EDITABLE) - set(PERSONAL)), change.only(PERSONAL)
    journal.record(
        verb,
        by=by,
        subject=company,
        company_id=company.id,
        before=plain.before,
        after=plain.after,
        personal_before=personal.before,
        personal_after=personal.after,
    )


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = checks.texts(Company, {name: values[name] for name in EDITABLE})
    checks.filled(checked, "name", "billing_email", "country")
    checked["billing_email"] = checks.email(checked["billing_email"])
    checked["time_zone"] = checks.time_zone(checked["time_zone"])
    checked["language"] = Language(checked["language"])
    _check_place(checked["country"], checked["province"])
    return checked


def _check_place(country: str, province: str) -> None:
    """Taxes follow the place: in Canada it needs a province, elsewhere a province would name no tax."""
    if country not in dict(places.countries("en")):
        raise Refused("unknown_place", _("This country does not exist."))
    if country == places.CANADA and province not in places.PROVINCES:
        raise Refused("unknown_place", _("Choose the province: taxes depend on it."))
    if country != places.CANADA and province:
        raise Refused("unknown_place", _("Only an address in Canada has a province here: leave it empty."))
