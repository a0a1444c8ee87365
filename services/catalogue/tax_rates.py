"""Tax rates, as the vendor's staff keep them. A rate that orders were charged at never changes: add a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import JournalVerb, OrderTax, Registration, TaxRate, db
from services.catalogue import examples, scheduled, vendor
from services.foundation import checks, edits, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import transaction
from services.text import places

EDITABLE = edits.Sheet(
    names=("place", "name_fr", "name_en", "rate", "registration", "starts_on"),
    added=JournalVerb.TAX_RATE_ADDED,
    changed=JournalVerb.TAX_RATE_CHANGED,
)
MAX_RATE = 100_000


def add_rate(values: Mapping[str, Any], *, by: Actor, confirmed: str | None = None) -> TaxRate:
    """Add a rate. From its first day it replaces the one with the same place and name.

    Args:
        confirmed: As in `examples.asked_first`.

    Raises:
        Refused: `empty`, `too_long`, `bad_place`, `bad_rate`, `past_day`, `rate_exists` or `not_confirmed`.
    """
    checked = _checked(values)
    with transaction() as turn:
        _check_day(checked["starts_on"])
        _check_free(checked, None)
        rate = TaxRate(**checked)
        shown = [(rate.place, rate.starts_on)]
        examples.asked_first(vendor.current(), shown, lambda: EDITABLE.add(turn, rate, by=by), confirmed)
        return rate


def update_rate(
    rate: TaxRate,
    values: Mapping[str, Any],
    *,
    by: Actor,
    seen: str | None = None,
    confirmed: str | None = None,
) -> TaxRate:
    """Correct a rate that no order has been charged at yet.

    Raises:
        Refused: what `add_rate` refuses, `rate_used` or `changed_meanwhile`.
    """
    rate_id, checked = rate.id, _checked(values)
    with transaction() as turn:
        found = db.session.get(TaxRate, rate_id, with_for_update=True)
        if found is None:
            raise Refused(Code.CHANGED_MEANWHILE, _("Somebody else withdrew this rate. Nothing was changed."))
        _check_unused(found)
        if any(checked[name] != getattr(found, name) for name in ("place", "name_en", "starts_on")):
            # Another tax, or another day: as if it were new.
            _check_day(checked["starts_on"])
        _check_free(checked, rate_id)
        EDITABLE.check_seen(found, seen)
        days = sorted({found.starts_on, checked["starts_on"]})
        shown = [(place, day) for place in (found.place, checked["place"]) for day in days]
        examples.asked_first(
            vendor.current(), shown, lambda: EDITABLE.edit(turn, found, checked, by=by), confirmed
        )
        return found


def withdraw_rate(rate: TaxRate, *, by: Actor, seen: str | None = None) -> None:
    """Delete a rate before its first day: the one before it stays in force. Withdrawing it twice does nothing.

    Raises:
        Refused: `already_begun` from its first day on the vendor's calendar: orders may have been charged;
            `changed_meanwhile` when it is not as it was `seen` (`EDITABLE.version`).
    """
    rate_id = rate.id
    with transaction() as turn:
        found = db.session.get(TaxRate, rate_id, with_for_update=True)
        if found is None:
            return
        sentence = _(
            "This rate has begun, so it stays: add another one from a later day. Nothing was changed."
        )
        before = scheduled.withdraw(found, EDITABLE.names, sentence, seen)
        journal.record(turn, JournalVerb.TAX_RATE_WITHDRAWN, by=by, subject=found, before=before)


# --- Helpers: they check, and refuse --------------------------------------------------------------------------------


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = checks.texts(TaxRate, {name: values[name] for name in EDITABLE})
    checks.filled(checked, "place", "name_fr", "name_en", "registration", "starts_on")
    checked["place"] = checked["place"].upper()
    checked["registration"] = Registration(checked["registration"])
    if not _is_taxable(checked["place"]):
        raise Refused(
            Code.BAD_PLACE,
            _("A place is a province of Canada, such as CA-QC, or another country as a whole, such as FR."),
        )
    if type(checked["rate"]) is not int or not 0 <= checked["rate"] <= MAX_RATE:
        raise Refused(Code.BAD_RATE, _("A rate is between 0 and 100%."))
    if not isinstance(checked["starts_on"], dt.date):
        raise Refused(Code.EMPTY, _("A mandatory field is empty. Nothing was changed."))
    return checked


def _is_taxable(place: str) -> bool:
    """Whether taxes can be due at `place`: a province of Canada (`CA-QC`), or another country as a whole (`FR`).

    A customer's address knows no other subdivision, and in Canada always has one.
    """
    country, _dash, province = place.partition("-")
    if country == places.CANADA:
        return province in places.PROVINCES
    return not province and country in dict(places.countries("en"))


def _check_day(starts_on: dt.date) -> None:
    """Refuse a day that is over: what was sold since was sold without this rate, and its receipts say so."""
    if starts_on < vendor.current().today:
        raise Refused(Code.PAST_DAY, _("A tax rate cannot begin in the past: choose today or a later day."))


def _check_free(values: Mapping[str, Any], own_id: int | None) -> None:
    same = {name: values[name] for name in ("place", "name_en", "starts_on")}
    found = db.session.scalar(sa.select(TaxRate.id).filter_by(**same))
    if found is not None and found != own_id:
        raise Refused(Code.RATE_EXISTS, _("This tax already has a rate from that day in that place."))


def _check_unused(rate: TaxRate) -> None:
    """Refuse when an order may have been charged at this rate: its receipt shows it."""
    if rate.starts_on > vendor.current().today:
        return
    charged = sa.exists().where(OrderTax.name_en == rate.name_en, OrderTax.rate == rate.rate)
    if db.session.scalar(sa.select(charged)):
        raise Refused(
            Code.RATE_USED,
            _(
                "Orders have been charged at this rate, so it stays as it is. Add a rate from a later day: "
                "it takes over by itself."
            ),
        )
