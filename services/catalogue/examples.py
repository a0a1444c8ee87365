"""What a buyer of ten licences would pay before a change of taxes or prices and after it: a slip is seen by whoever makes it,
and not first by customers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from models import CURRENCY, Plan, Vendor, db
from services.catalogue.taxes import Tax, taxes_on
from services.foundation.errors import Code, Refused
from services.text import places
from services.text.formats import current_language, money, short_day

LICENSES = 10
# Cents, for a desk that sells nothing yet.
NOMINAL_PRICE = 10_000
# Where most customers are: the example of what changes everywhere.
HOME = "CA-QC"


class Unconfirmed(Refused):
    """Whoever changes what buyers pay has not been shown it yet.

    Attributes:
        confirm: What to send back to confirm this very change.
    """

    def __init__(self, changed: Sequence[tuple[Example, Example]]) -> None:
        not_yet = _("Nothing is saved yet: save again to confirm.")
        sentences = [said(before, after) for before, after in changed]
        super().__init__(Code.NOT_CONFIRMED, " ".join([*sentences, not_yet]))
        self.confirm = outcome(after for _before, after in changed)


@dataclasses.dataclass(frozen=True)
class Example:
    """What ten licences cost: in cents, to a buyer of `place` (ISO 3166-2) on `day`. `plan` None is a nominal price."""

    place: str
    day: dt.date
    plan: Plan | None
    net: int
    taxes: list[Tax]

    @property
    def total(self) -> int:
        return self.net + sum(tax.amount for tax in self.taxes)


def example(
    vendor: Vendor, place: str, day: dt.date, plan: Plan | None = None, *, without: int | None = None
) -> Example:
    """As things stand in this session, of `plan` or else the first one that is sold with a price.

    Args:
        without: The id of a tax rate that is left out.
    """
    plan = plan or _first_plan(day)
    price = plan.price_on(day) if plan else None
    net = (price.amount if price else NOMINAL_PRICE) * LICENSES
    return Example(place, day, plan if price else None, net, taxes_on(net, place, day, vendor, without))


def asked_first(
    vendor: Vendor,
    changes: Sequence[tuple[str, dt.date]],
    change: Callable[[], object],
    confirmed: str | None,
    plan: Plan | None = None,
) -> None:
    """Make `change` in the open turn, and refuse it unless whoever asks has confirmed what it does to a buyer.

    Args:
        changes: The places and days where it may show; days that are past show as today.
        confirmed: `Unconfirmed.confirm` of what was shown; None makes the change unasked.

    Raises:
        Unconfirmed: with each example that is not the same after the change.
    """
    where = list(dict.fromkeys((place, max(day, vendor.today)) for place, day in changes))
    before = [example(vendor, place, day, plan) for place, day in where]
    change()
    db.session.flush()
    if plan is not None:
        db.session.refresh(plan, ["prices"])
    after = [example(vendor, place, day, plan) for place, day in where]
    changed = [
        (was, now)
        for was, now in zip(before, after, strict=True)
        if (was.net, was.taxes) != (now.net, now.taxes)
    ]
    if changed and confirmed is not None and confirmed != outcome(now for _was, now in changed):
        raise Unconfirmed(changed)


def outcome(examples: Iterable[Example]) -> str:
    """Names what buyers would pay, tax by tax, for a form to send back: 64 hex digits."""
    seen = [
        [one.place, one.day.isoformat(), one.plan.id if one.plan else None, one.net]
        + [[tax.name_en, tax.rate, tax.registration_number, tax.amount] for tax in one.taxes]
        for one in examples
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def said(before: Example, after: Example) -> str:
    """The change in a sentence, and which tax will no longer be charged."""
    language = current_language()
    amounts = {
        "plan": after.plan.name(language) if after.plan else money(NOMINAL_PRICE, CURRENCY, language),
        "place": places.name(after.place, language),
        "day": short_day(after.day),
        "before": money(before.total, CURRENCY, language),
        "after": money(after.total, CURRENCY, language),
    }
    sentence = _(
        "Ten licenses (%(plan)s) for a buyer in %(place)s on %(day)s: %(before)s before this change, %(after)s after it.",
        **amounts,
    )
    gone = [
        tax.name(language) for tax in before.taxes if tax.name_en not in {one.name_en for one in after.taxes}
    ]
    if not gone:
        return str(sentence)
    no_longer = _("Tax no longer charged: %(taxes)s.", taxes=", ".join(gone))
    return f"{sentence} {no_longer}"


def _first_plan(day: dt.date) -> Plan | None:
    plans = db.session.scalars(
        sa.select(Plan)
        .where(Plan.on_sale)
        .options(selectinload(Plan.prices))
        .order_by(Plan.position, Plan.id)
    )
    return next((plan for plan in plans if plan.price_on(day) is not None), None)
