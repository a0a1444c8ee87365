"""The customers of a base: what all the rows say of each, who is in the desk already, and what the others would be opened with."""

from __future__ import annotations

import dataclasses
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from models import Batch, BatchRow, Company, Language, db, in_parts
from services.bases import columns
from services.catalogue import vendor
from services.foundation import checks
from services.foundation.errors import Refused
from services.foundation.transaction import release_reads
from services.imports import columns as people
from services.people import companies
from services.text import places
from services.text.alike import bare

# Rows that are read at once.
PART = 5_000


@dataclasses.dataclass
class Customer:
    """A customer whom rows name.

    Attributes:
        key: By which rows find it: its name as nobody looks at how it is typed.
        told: What the rows say of it, by field: the first that says something.
        row: The first row that names it.
        id: Its own, where it is in the desk.
        values: What it would be opened with, checked; None where it is there, or cannot be opened.
        wrong: Why none of its rows can come in, as (field, sentence).
    """

    key: str
    name: str
    row: int
    told: dict[str, str] = dataclasses.field(default_factory=dict)
    id: int | None = None
    language: Language = Language.FR
    zone: zoneinfo.ZoneInfo = dataclasses.field(default_factory=lambda: zoneinfo.ZoneInfo("America/Toronto"))
    values: dict[str, Any] | None = None
    wrong: tuple[str, str] | None = None


def key_of(name: str) -> str:
    """« Bélanger inc. » and « BELANGER INC » are one customer."""
    readable = checks.readable(name)
    return bare(readable) or readable.casefold()


def gathered(batch: Batch) -> dict[str, Customer]:
    """Every customer of a batch, by its key."""
    found: dict[str, Customer] = {}
    for no, raw in _rows(batch.id):
        name = " ".join(checks.readable(str(raw.get(columns.CUSTOMER, ""))).split())
        if not name:
            continue
        customer = found.setdefault(key_of(name), Customer(key_of(name), name, no))
        for field in columns.OF_CUSTOMERS:
            if (text := str(raw.get(field, "")).strip()) and field not in customer.told:
                customer.told[field] = text
    _find(found)
    zone = vendor.current().time_zone
    # Thousands take seconds to check: nothing is held meanwhile.
    release_reads()
    for customer in found.values():
        if customer.id is None and customer.wrong is None:
            _open(customer, zone)
    return found


def _rows(batch_id: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    after = -1
    while True:
        part = db.session.execute(
            sa.select(BatchRow.no, BatchRow.raw)
            .where(BatchRow.batch_id == batch_id, BatchRow.no > after)
            .order_by(BatchRow.no)
            .limit(PART)
        ).all()
        if not part:
            return
        yield from map(tuple, part)
        after = part[-1][0]


def _find(customers: Mapping[str, Customer]) -> None:
    """Which of them are in the desk: by name, and by the billing email where several have it."""
    known: dict[str, list[tuple[int, str]]] = {}
    for company_id, name, billing in db.session.execute(
        sa.select(Company.id, Company.name, Company.billing_email).execution_options(yield_per=PART)
    ):
        if key_of(name) in customers:
            known.setdefault(key_of(name), []).append((company_id, billing.lower()))
    for key, those in known.items():
        customer = customers[key]
        billing = checks.sought_email(customer.told.get(columns.BILLING, ""))
        fitting = those if len(those) == 1 else [one for one in those if one[1] == billing]
        if len(fitting) == 1:
            customer.id = fitting[0][0]
        else:
            customer.wrong = (
                columns.CUSTOMER,
                _("several customers of the desk are called so. Say which one by its billing email."),
            )
    ids = {customer.id: customer for customer in customers.values() if customer.id is not None}
    for part in in_parts(ids):
        read = sa.select(Company.id, Company.language, Company.time_zone).where(Company.id.in_(part))
        for company_id, language, zone in db.session.execute(read):
            ids[company_id].language, ids[company_id].zone = language, zoneinfo.ZoneInfo(zone)


def _open(customer: Customer, usual_zone: str) -> None:
    """What it would be opened with, or why it cannot be."""
    told = customer.told
    country = places.country_named(told.get(columns.COUNTRY, ""))
    province = places.province_named(told.get(columns.PROVINCE, "")) if country == places.CANADA else ""
    zone = told.get(columns.ZONE) or places.ZONES.get(province or "", usual_zone)
    language = people.LANGUAGES.get(bare(told.get(columns.CUSTOMER_LANGUAGE, "")))
    if not told.get(columns.BILLING):
        customer.wrong = (columns.BILLING, _("it is missing, and this customer is new."))
    elif country is None:
        customer.wrong = (columns.COUNTRY, _("this country does not exist."))
    elif province is None or (country == places.CANADA and not province):
        text = _("this customer is new, and taxes depend on it: write it as QC or Quebec.")
        customer.wrong = (columns.PROVINCE, text)
    elif told.get(columns.CUSTOMER_LANGUAGE) and language is None:
        customer.wrong = (columns.CUSTOMER_LANGUAGE, _("write French or English."))
    if customer.wrong is not None:
        return
    values = {
        "name": customer.name,
        "billing_email": told[columns.BILLING],
        **{name: told.get(name, "") for name in (columns.STREET, columns.CITY, columns.POSTAL)},
        "province": province,
        "country": country,
        "language": language or (Language.FR if province in {"QC", ""} else Language.EN),
        "time_zone": zone,
    }
    try:
        customer.values = companies.checked(values)
    except Refused as refused:
        customer.wrong = (refused.fields[0] if refused.fields else columns.CUSTOMER, refused.sentence)
    else:
        customer.language, customer.zone = customer.values["language"], zoneinfo.ZoneInfo(zone)
