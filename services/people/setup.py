"""Going live: the first account of the vendor's staff, and what a desk needs before it can sell."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _

from access import SYSTEM
from models import (
    Conditions,
    JournalVerb,
    Language,
    Registration,
    Role,
    TaxRate,
    User,
    Vendor,
    db,
    insert_or_ignore,
)
from services.catalogue import tax_rates
from services.foundation import checks, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.mail import letters
from services.people import oneself

# Place, French and English name, rate in thousandths of a percent, the registration it is collected under, first day.
# Canada Revenue Agency, "GST/HST calculator (and rates)"; Revenu Québec, « Taux de la TPS et de la TVQ ».
_GST, _HST, _QST = ("TPS", "GST"), ("TVH", "HST"), ("TVQ", "QST")
CANADIAN_TAXES = [
    *[
        (f"CA-{province}", _GST, 5_000, Registration.GST, dt.date(2008, 1, 1))
        for province in ("AB", "BC", "MB", "NT", "NU", "QC", "SK", "YT")
    ],
    ("CA-QC", _QST, 9_975, Registration.QST, dt.date(2013, 1, 1)),
    ("CA-ON", _HST, 13_000, Registration.GST, dt.date(2010, 7, 1)),
    ("CA-NB", _HST, 15_000, Registration.GST, dt.date(2016, 7, 1)),
    ("CA-NL", _HST, 15_000, Registration.GST, dt.date(2016, 7, 1)),
    ("CA-PE", _HST, 15_000, Registration.GST, dt.date(2016, 10, 1)),
    ("CA-NS", _HST, 15_000, Registration.GST, dt.date(2010, 7, 1)),
    ("CA-NS", _HST, 14_000, Registration.GST, dt.date(2025, 4, 1)),
]

CONDITIONS_FR = (
    "Chaque licence est valable pour la durée indiquée à la commande, à compter de la date du paiement.\n\n"
    "Une licence peut être libérée et assignée à une autre personne de votre entreprise en tout temps. "
    "Une licence libérée demeure à votre compte.\n\n"
    "Les prix sont en dollars canadiens. Les taxes applicables s’ajoutent au prix affiché."
)
CONDITIONS_EN = (
    "Each license is valid for the term shown on the order, from the date of payment.\n\n"
    "A license may be released and assigned to another person of your business at any time. "
    "A released license stays on your account.\n\n"
    "Prices are in Canadian dollars. Applicable taxes are added to the price shown."
)


@dataclasses.dataclass(frozen=True)
class Staff:
    """Who the first account is for."""

    email: str
    first_name: str
    last_name: str
    language: Language = Language.FR


def first_staff(person: Staff, vendor_name: str, password: str | None = None) -> User:
    """Make the desk's first account, its vendor, conditions of sale and tax rates.

    Without a password, the person is invited by mail to choose one.

    Raises:
        Refused: `has_staff`, `bad_address`, `bad_name`, `bad_text`, `empty`, `too_long`, `password_short` or `password_long`.
    """
    person = dataclasses.replace(
        person,
        email=checks.email(person.email),
        first_name=checks.person_name(person.first_name),
        last_name=checks.person_name(person.last_name),
    )
    vendor_name = checks.texts(Vendor, {"name": vendor_name})["name"]
    checks.filled({"name": vendor_name}, "name")
    hashed = oneself.hashed(password) if password is not None else None
    with transaction() as turn:
        # First of all: it locks the vendor's row, so that of two runs at once the second waits here.
        add_vendor(turn, vendor_name, person.email)
        if db.session.scalar(sa.select(User.id).where(User.role == Role.SUPPORT).limit(1)):
            raise Refused(
                Code.HAS_STAFF,
                _(
                    "There is a staff account already: further accounts are made in /support. Nothing was changed."
                ),
            )
        add_missing(turn)
        user = User(**dataclasses.asdict(person), role=Role.SUPPORT, password=hashed)
        db.session.add(user)
        journal.record(
            turn, JournalVerb.STAFF_ADDED, by=SYSTEM, subject=user, personal_after={"email": person.email}
        )
        if hashed is None:
            letters.invitation(turn, user, SYSTEM)
        return user


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def add_vendor(turn: Turn, name: str, support_email: str) -> None:
    """Add the vendor's row unless there is one, and lock it."""
    values = {"id": 1, "name": name, "legal_name": name, "support_email": support_email}
    made = db.session.scalar(insert_or_ignore(Vendor).values(**values).returning(Vendor.id))
    row = db.session.get_one(Vendor, 1, with_for_update=True)
    if made is not None:
        journal.record(
            turn,
            JournalVerb.VENDOR_ADDED,
            by=SYSTEM,
            subject=row,
            after={"name": name, "legal_name": name},
            # The first person's own address, until it is changed.
            personal_after={"support_email": support_email},
        )


def add_missing(turn: Turn) -> None:
    """Add a first version of the conditions, and Canada's taxes, unless there are some."""
    if db.session.scalar(sa.select(Conditions.id).limit(1)) is None:
        conditions = Conditions(text_fr=CONDITIONS_FR, text_en=CONDITIONS_EN)
        db.session.add(conditions)
        journal.record(turn, JournalVerb.CONDITIONS_PUBLISHED, by=SYSTEM, subject=conditions)
    if db.session.scalar(sa.select(TaxRate.id).limit(1)) is None:
        for rate in canadian_taxes():
            tax_rates.EDITABLE.add(turn, rate, by=SYSTEM)


def canadian_taxes() -> list[TaxRate]:
    """Every province's and territory's sales taxes, as new rows that are not added yet."""
    return [
        TaxRate(
            place=place, name_fr=name[0], name_en=name[1], rate=rate, registration=number, starts_on=since
        )
        for place, name, rate, number, since in CANADIAN_TAXES
    ]
