"""Customers' accounts, as the vendor's staff open and edit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from access import Actor
from models import CURRENCY, Company, JournalVerb, Language, Role
from services.foundation import checks, edits
from services.foundation.errors import Code, Refused
from services.foundation.transaction import company_lock, transaction
from services.people import accounts
from services.text import places

EDITABLE = edits.Sheet(
    names=(
        "name",
        "billing_email",
        "street",
        "city",
        "province",
        "postal_code",
        "country",
        "language",
        "time_zone",
    ),
    added=JournalVerb.COMPANY_ADDED,
    changed=JournalVerb.COMPANY_CHANGED,
    # A small firm's addresses may be its owner's private ones.
    personal=frozenset({"billing_email", "street", "city", "postal_code"}),
)


def create_company(
    values: Mapping[str, Any], *, by: Actor, administrator: Mapping[str, Any] | None = None
) -> Company:
    """Open a customer's account, with its first administrator when one is given.

    Args:
        values: The columns of `EDITABLE`.
        administrator: `email`, `first_name` and `last_name`; they are invited by mail.

    Raises:
        Refused: `empty`, `too_long`, `bad_address`, `unknown_place`, `unknown_time_zone`, `email_taken`.
    """
    values_of_it = checked(values)
    with transaction() as turn:
        company = Company(currency=CURRENCY, **values_of_it)
        EDITABLE.add(turn, company, by=by)
        if administrator is not None:
            values = {"role": Role.ADMIN, "language": company.language} | dict(administrator)
            accounts.add_person(turn, values, company.id, by=by, invite=True)
        return company


def update_company(
    company: Company, values: Mapping[str, Any], *, by: Actor, seen: str | None = None
) -> Company:
    """Change the columns of `EDITABLE`. Orders keep the name and address that they were placed with.

    Raises:
        Refused: what `create_company` refuses, or `changed_meanwhile`.
    """
    company_id, wanted = company.id, checked(values)
    with company_lock(company_id) as turn:
        EDITABLE.edit(turn, turn.company, wanted, by=by, seen=seen)
        return turn.company


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `EDITABLE`, as they are stored. Raises Refused, as `create_company`."""
    found = checks.texts(Company, {name: values[name] for name in EDITABLE})
    checks.filled(found, "name", "billing_email", "country")
    found["billing_email"] = checks.email(found["billing_email"])
    found["time_zone"] = checks.time_zone(found["time_zone"])
    found["language"] = Language(found["language"])
    _check_place(found["country"], found["province"])
    return found


def _check_place(country: str, province: str) -> None:
    """Taxes depend on the place: in Canada a province is mandatory, elsewhere there is none to choose."""
    if country not in dict(places.countries("en")):
        raise Refused(Code.UNKNOWN_PLACE, _("This country does not exist."))
    if country == places.CANADA and province not in places.PROVINCES:
        raise Refused(Code.UNKNOWN_PLACE, _("Choose the province: taxes depend on it."))
    if country != places.CANADA and province:
        raise Refused(Code.UNKNOWN_PLACE, _("Only an address in Canada has a province here: leave it empty."))
