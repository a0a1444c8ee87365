"""Which taxes apply to a sale, and how many cents each is.

Rounded half up per tax on the order's net, as Revenu Québec and the CRA accept for an invoice's total.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import ClassVar

import sqlalchemy as sa

from models import Bilingual, TaxRate, Vendor, db

# A rate is in thousandths of a percent.
_WHOLE = 100_000


@dataclasses.dataclass(frozen=True)
class Tax:
    """A tax on a net amount; `rate` in thousandths of a percent, `amount` in cents."""

    name_fr: str
    name_en: str
    rate: int
    registration_number: str
    amount: int

    name: ClassVar = Bilingual()


def taxes_on(net: int, place: str, day: dt.date, vendor: Vendor, without: int | None = None) -> list[Tax]:
    """The taxes on `net` cents sold to `place` (ISO 3166-2) on `day`; none where the vendor is not registered.

    Args:
        without: The id of a rate that is left out.
    """
    return [
        Tax(
            name_fr=rate.name_fr,
            name_en=rate.name_en,
            rate=rate.rate,
            registration_number=vendor.number_for(rate.registration),
            amount=_half_up(net * rate.rate),
        )
        for rate in _rates_on(place, day, without)
        if rate.rate and vendor.number_for(rate.registration)
    ]


def _rates_on(place: str, day: dt.date, without: int | None) -> list[TaxRate]:
    """The latest rate of each name that has begun by `day`, the federal one first."""
    rates = db.session.scalars(
        sa.select(TaxRate)
        .where(TaxRate.place == place, TaxRate.starts_on <= day, TaxRate.id != (without or 0))
        .order_by(TaxRate.registration, TaxRate.name_en, TaxRate.starts_on)
    )
    latest = {rate.name_en: rate for rate in rates}
    return list(latest.values())


def _half_up(product: int) -> int:
    return (product + _WHOLE // 2) // _WHOLE


def share(cents: int, weights: list[int]) -> list[int]:
    """`cents` split in proportion to `weights`, one share for each: whole cents that add up to `cents`."""
    whole = sum(weights)
    shares, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        until_here = cents * seen // whole if whole else 0
        shares.append(until_here - given)
        given = until_here
    return shares
