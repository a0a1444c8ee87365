"""What a journal entry says has changed, in words: the names of the fields, and their values as people read them."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin_views import labels
from models import CURRENCY, IssueKind, Language, MailState, OrderState, Role, SubjectKind
from services.foundation import formats

FIELDS = {
    "active": _l("Active"),
    "address": _l("Address"),
    "color": _l("Color"),
    "description_en": _l("Description in English"),
    "description_fr": _l("Description in French"),
    "devices_per_license": _l("Devices per license"),
    "gst_number": _l("GST/HST number"),
    "install_url_en": _l("Installation instructions in English"),
    "install_url_fr": _l("Installation instructions in French"),
    "legal_name": _l("Legal name"),
    "limits": _l("Limits"),
    "name_en": _l("Name in English"),
    "name_fr": _l("Name in French"),
    "place": _l("Place"),
    "position": _l("Position"),
    "postal_code": _l("Postal code"),
    "qst_number": _l("QST number"),
    "registration": _l("Registration number"),
    "street": _l("Street"),
    "support_email": _l("Support address"),
    "term_months": _l("Term in months"),
    "amount": _l("Price"),
    "billing_email": _l("Billing email"),
    "city": _l("City"),
    "code": _l("Code"),
    "country": _l("Country"),
    "currency": _l("Currency"),
    "email": _l("Email"),
    "first_name": _l("First name"),
    "issue": _l("Issue"),
    "language": _l("Language"),
    "last_name": _l("Last name"),
    "name": _l("Name"),
    "note": _l("Note"),
    "on_sale": _l("On sale"),
    "product": _l("Product"),
    "province": _l("Province"),
    "quantity": _l("Number of licenses"),
    "rate": _l("Rate"),
    "role": _l("Role"),
    "starts_on": _l("From"),
    "state": _l("State"),
    "time_zone": _l("Time zone"),
    "total": _l("Total"),
    "user": _l("Person"),
}


def field_words(names: Iterable[str]) -> str:
    """The fields, in the words of the forms."""
    return ", ".join(str(FIELDS.get(name, name)) for name in names)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, before, after) of everything that an entry names. A field without words yet shows its own name."""
    return [
        (str(FIELDS.get(name, name)), _said(name, before.get(name)), _said(name, after.get(name)))
        for name in sorted({*before, *after})
    ]


def _said(name: str, value: Any) -> Any:
    """The value as people read it; lists and the like are left to the page."""
    if isinstance(value, bool):
        return labels.yes_no(value)
    return _VALUES[name](value) if value is not None and name in _VALUES else value


def _money(cents: int) -> str:
    return formats.money(cents, CURRENCY, formats.current_language())


def _rate(thousandths: int) -> str:
    return formats.percent(thousandths, formats.current_language())


def _person(user_id: int) -> str:
    return _("%(kind)s no. %(id)s", kind=labels.subject_words(SubjectKind.USER), id=user_id)


def _note(code: str) -> str:
    """What an order's note said, of before there were issues."""
    return labels.issue_words(code) if code in set(IssueKind) else labels.outcome_words(code)


def _one_of(*kinds: type[enum.StrEnum]) -> Callable[[str], str]:
    """The label of a stored value that is a member of the first of `kinds` that has it."""

    def say(value: str) -> str:
        members = (kind(value) for kind in kinds if value in list(kind))
        return next((labels.label(member) for member in members), value)

    return say


_VALUES: dict[str, Callable[[Any], Any]] = {
    "amount": _money,
    "total": _money,
    "rate": _rate,
    "user": _person,
    "issue": labels.issue_words,
    "note": _note,
    # A state is of an order or of a mail; no value is both.
    "state": _one_of(OrderState, MailState),
    "role": _one_of(Role),
    "language": _one_of(Language),
}


def as_json(value: Any) -> str:
    """JSON as people read it in the back office: keys in order, accents kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
