"""What is sold: plans and their prices. Orders keep the names, price and term of the day they were placed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import CURRENCY, JournalVerb, License, OrderLine, Plan, Price, db
from services.catalogue import examples, scheduled, vendor
from services.foundation import checks, edits, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import transaction
from services.text import characters

# What the journal writes of a price, and what a page shows of it.
PRICED = ("amount", "currency", "starts_on")
EDITABLE = edits.Sheet(
    names=(
        "code",
        "product",
        "name_fr",
        "name_en",
        "description_fr",
        "description_en",
        "term_months",
        "devices_per_license",
        "limits",
        "on_sale",
        "position",
    ),
    added=JournalVerb.PLAN_ADDED,
    changed=JournalVerb.PLAN_CHANGED,
)
LIMIT_PARTS = ("code", "label_fr", "label_en", "value_fr", "value_en")
MAX_LIMITS = 50
MAX_LIMIT_LENGTH = 200
MAX_POSITION = 1_000
# Cents per licence and term: a million dollars.
MAX_AMOUNT = 100_000_000


def create_plan(values: Mapping[str, Any], *, by: Actor) -> Plan:
    """Add a plan. It cannot be bought before it has a price.

    Raises:
        Refused: `empty`, `too_long`, `bad_number`, `bad_limits`, `code_taken`.
    """
    checked = _checked(values)
    with transaction() as turn:
        _check_code(checked["code"], None)
        plan = Plan(**checked)
        EDITABLE.add(turn, plan, by=by)
        return plan


def update_plan(plan: Plan, values: Mapping[str, Any], *, by: Actor, seen: str | None = None) -> Plan:
    """Change a plan. Administrators with it in their cart have to read the confirmation again before they pay.

    Raises:
        Refused: what `create_plan` refuses, `product_in_use` or `changed_meanwhile`.
    """
    plan_id, checked = plan.id, _checked(values)
    with transaction() as turn:
        plan = db.session.get_one(Plan, plan_id, with_for_update=True)
        _check_code(checked["code"], plan_id)
        if checked["product"] != plan.product:
            _check_unsold(plan)
        EDITABLE.edit(turn, plan, checked, by=by, seen=seen)
        return plan


def set_price(
    plan: Plan,
    amount: int,
    starts_on: dt.date,
    *,
    by: Actor,
    seen: str | None = None,
    confirmed: str | None = None,
) -> Price:
    """From `starts_on` a licence of the plan costs `amount` cents a term. Replaces a price of the same day.

    Args:
        confirmed: As in `examples.asked_first`; a price of nothing is asked about.

    Raises:
        Refused: `bad_amount`, `past_day` for a day before today on the vendor's calendar, or `changed_meanwhile`
            when the plan's prices are not as they were `seen` (`version_of_prices`); `not_confirmed`.
    """
    if not 0 <= amount <= MAX_AMOUNT:
        raise Refused(Code.BAD_AMOUNT, _("A price is between $0 and $1,000,000."))
    plan_id = plan.id
    with transaction() as turn:
        if starts_on < vendor.current().today:
            raise Refused(Code.PAST_DAY, _("A price cannot begin in the past: choose today or a later day."))
        plan = db.session.get_one(Plan, plan_id, with_for_update=True)
        edits.changed_since(seen, version_of_prices(plan))
        price = db.session.scalar(
            sa.select(Price).filter_by(plan_id=plan_id, currency=CURRENCY, starts_on=starts_on)
        )
        before = None if price is None else price.amount
        price = price or Price(plan_id=plan_id, currency=CURRENCY, starts_on=starts_on)
        shown = [] if amount else [(examples.HOME, starts_on)]
        examples.asked_first(vendor.current(), shown, lambda: _charge(price, amount), confirmed, plan)
        if before != amount:
            journal.record(
                turn,
                JournalVerb.PRICE_SET,
                by=by,
                subject=plan,
                before={} if before is None else {"amount": before, "starts_on": starts_on.isoformat()},
                after={"amount": amount, "currency": CURRENCY, "starts_on": starts_on.isoformat()},
            )
        return price


def _charge(price: Price, amount: int) -> None:
    price.amount = amount
    db.session.add(price)


def withdraw_price(price: Price, *, by: Actor, seen: str | None = None) -> None:
    """Delete a price before its first day: the one before it stays in force. Withdrawing it twice does nothing.

    Raises:
        Refused: `already_begun` from its first day on the vendor's calendar: it may have been charged;
            `changed_meanwhile` when it is not as it was `seen` (`version_of_price`).
    """
    price_id, plan_id = price.id, price.plan_id
    with transaction() as turn:
        plan = db.session.get_one(Plan, plan_id, with_for_update=True)
        found = db.session.get(Price, price_id)
        if found is None:
            return
        sentence = _(
            "This price has begun, so it stays: set another one from a later day. Nothing was changed."
        )
        before = scheduled.withdraw(found, PRICED, sentence, seen)
        journal.record(turn, JournalVerb.PRICE_WITHDRAWN, by=by, subject=plan, before=before)


# --- Questions --------------------------------------------------------------------------------------------------------


def version_of_price(price: Price) -> str:
    """Tells whether a price is still as a page showed it."""
    return edits.version_of(price, PRICED)


def version_of_prices(plan: Plan) -> str:
    """Tells whether the plan's prices are still as a page showed them."""
    return "-".join(sorted(version_of_price(price) for price in plan.prices))


# --- Helpers: they check, and refuse --------------------------------------------------------------------------------


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = checks.texts(Plan, {name: values[name] for name in EDITABLE})
    checks.filled(checked, "code", "product", "name_fr", "name_en")
    _check_range(checked["term_months"], 1, 120, _("The term is between 1 and 120 months."))
    _check_range(checked["devices_per_license"], 1, 100, _("A license has between 1 and 100 devices."))
    _check_range(checked["position"], 0, MAX_POSITION, _("The position is between 0 and 1000."))
    checked["limits"] = _limits(checked["limits"])
    checked["on_sale"] = bool(checked["on_sale"])
    return checked


def _check_range(value: Any, low: int, high: int, sentence: str) -> None:
    if type(value) is not int or not low <= value <= high:
        raise Refused(Code.BAD_NUMBER, sentence)


def _limits(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The rows of the comparison table: every part of `LIMIT_PARTS` is filled, and no code is used twice."""
    limits = [{part: checks.text(str(row.get(part, ""))) for part in LIMIT_PARTS} for row in rows]
    parts = [text for row in limits for text in row.values()]
    if not all(characters.is_visible(text) and len(text) <= MAX_LIMIT_LENGTH for text in parts):
        raise Refused(Code.BAD_LIMITS, _("Each limit has a code, two labels and two values."))
    codes = [row["code"] for row in limits]
    if len(set(codes)) < len(codes) or len(codes) > MAX_LIMITS:
        raise Refused(
            Code.BAD_LIMITS, _("Each code is used once, in at most %(count)s lines.", count=MAX_LIMITS)
        )
    return limits


def _check_code(code: str, own_id: int | None) -> None:
    found = db.session.scalar(sa.select(Plan.id).where(Plan.code == code))
    if found is not None and found != own_id:
        raise Refused(Code.CODE_TAKEN, _("Another plan has the code %(code)s already.", code=code))


def _check_unsold(plan: Plan) -> None:
    """Refuse when licences were sold: they store the plan's product, so that a person holds one of each."""
    sold = sa.or_(
        sa.exists().where(License.plan_id == plan.id), sa.exists().where(OrderLine.plan_id == plan.id)
    )
    if db.session.scalar(sa.select(sold)):
        raise Refused(
            Code.PRODUCT_IN_USE,
            _("This plan has been sold: its product can no longer change. Nothing was changed."),
        )
