"""What pages call each field that people fill in, by its name: in the journal, in what a rival changed, in what was typed."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

FIELDS = {
    "active": _l("Active"),
    "address": _l("Address"),
    "charges_no_tax": _l("We charge no sales taxes"),
    "color": _l("Color"),
    "description_en": _l("Description in English"),
    "description_fr": _l("Description in French"),
    "devices_per_license": _l("Devices per license"),
    "grace_days": _l("Days of grace"),
    "domain": _l("Domain"),
    "gst_number": _l("GST/HST number"),
    "install_url_en": _l("Installation instructions in English"),
    "install_url_fr": _l("Installation instructions in French"),
    "legal_name": _l("Legal name"),
    "last_day": _l("Last day"),
    "limits": _l("Limits"),
    "name_en": _l("Name in English"),
    "name_fr": _l("Name in French"),
    "place": _l("Place"),
    "plan": _l("Plan"),
    "places": _l("Number of people"),
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
    "filters": _l("Filters"),
    "first_name": _l("First name"),
    "format": _l("Format"),
    "issue": _l("Issue"),
    "language": _l("Language"),
    "last_name": _l("Last name"),
    "list": _l("List"),
    "name": _l("Name"),
    "note": _l("Note"),
    "on_sale": _l("On sale"),
    "product": _l("Product"),
    "province": _l("Province"),
    "quantity": _l("Number of licenses"),
    "rate": _l("Rate"),
    "renewal": _l("At its end"),
    "role": _l("Role"),
    "rows": _l("Rows"),
    "starts_on": _l("From"),
    "state": _l("State"),
    "time_zone": _l("Time zone"),
    "total": _l("Total"),
    "user": _l("Person"),
}


def field_words(names: Iterable[str]) -> str:
    """The fields, in the words of the forms."""
    return ", ".join(str(FIELDS.get(name, name)) for name in names)
