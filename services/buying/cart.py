"""The cart that a company's administrators share. Nothing in it is charged before payment."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from access import Actor
from models import MAX_QUANTITY, CartItem, Company, JournalVerb, LineKind, Plan, db
from services.catalogue import vendor as vendors
from services.forms.once import is_first
from services.foundation import checks, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.text.formats import current_language, number


def parse_quantity(text: str | None) -> int:
    """A number of licences as a person typed it: « 1 000 » is one, "１０" and "1_0", which `int()` would take, are none.

    Raises:
        Refused: `bad_quantity`, for anything that is not a whole number from 1 to `MAX_QUANTITY`.
    """
    quantity = checks.whole_number(text or "") or 0
    _require_range(quantity)
    return quantity


def size(company_id: int | None) -> int:
    """How many licences are in the company's cart, whatever became of their plans; 0 for who has no company."""
    if company_id is None:
        return 0
    return db.session.scalar(_SIZE, {"company": company_id}) or 0


_SIZE = sa.select(sa.func.sum(CartItem.quantity)).where(CartItem.company_id == sa.bindparam("company"))


def add(company_id: int, plan: Plan, quantity: int, by: Actor, *, once: str | None = None) -> CartItem | None:
    """Put `quantity` more licences of `plan` in the cart; returns the line.

    Args:
        once: The token of the form that asks (`forms/once.py`). The same form again adds nothing: then the line as
            it is, or None when it is gone.

    Raises:
        Refused: `plan_withdrawn` when it is no longer sold, `bad_quantity` when the line would exceed `MAX_QUANTITY`.
    """
    _require_range(quantity)
    plan_id = plan.id
    with company_lock(company_id) as turn:
        item = _line_of(company_id, plan_id)
        if not is_first(turn, once):
            return item
        _require_sellable(db.session.get_one(Plan, plan_id), turn.company)
        before = item.quantity if item else 0
        _require_room(before + quantity)
        if item is None:
            item = CartItem(
                company_id=company_id,
                plan_id=plan_id,
                quantity=quantity,
                added_by_id=by.user_id,
                added_as=by.kind,
            )
            db.session.add(item)
        else:
            item.quantity = before + quantity
        _record(turn, item, before, by)
        return item


def change_quantity(item: CartItem, quantity: int, by: Actor, *, seen: int | None) -> None:
    """Set the number of licences on a line.

    Args:
        seen: The number on the page on which it was changed.

    Raises:
        Refused: `bad_quantity`, `line_gone` when another administrator has removed the line, or `changed_meanwhile`.
    """
    _require_range(quantity)
    item_id, company_id = item.id, item.company_id
    with company_lock(company_id) as turn:
        item = _present(item_id, seen)
        before, item.quantity = item.quantity, quantity
        if before != quantity:
            _record(turn, item, before, by)


def remove(item: CartItem, by: Actor, *, seen: int | None) -> None:
    """Take a line out of the cart.

    Raises:
        Refused: `line_gone` when another administrator has removed it, or `changed_meanwhile`, as `change_quantity`.
    """
    item_id, company_id = item.id, item.company_id
    with company_lock(company_id) as turn:
        item = _present(item_id, seen)
        _record(turn, item, item.quantity, by, removed=True)
        db.session.delete(item)


def _line_of(company_id: int, plan_id: int) -> CartItem | None:
    return db.session.scalar(
        sa.select(CartItem).where(
            CartItem.company_id == company_id,
            CartItem.kind == LineKind.NEW,
            CartItem.plan_id == plan_id,
        )
    )


def _present(item_id: int, seen: int | None) -> CartItem:
    item = db.session.get(CartItem, item_id)
    if item is None:
        raise Refused(Code.LINE_GONE, _("Another administrator has just removed this line from the cart."))
    if item.quantity != seen:
        raise Refused(
            Code.CHANGED_MEANWHILE,
            ngettext(
                "Another administrator has changed this line: it holds %(num)s license now. "
                "Your change was not made: look again.",
                "Another administrator has changed this line: it holds %(num)s licenses now. "
                "Your change was not made: look again.",
                item.quantity,
            ),
            fields=("quantity",),
        )
    return item


def _require_sellable(plan: Plan, company: Company) -> None:
    if not plan.on_sale or plan.price_on(vendors.current().today, company.currency) is None:
        raise Refused(
            Code.PLAN_WITHDRAWN,
            _(
                "The plan %(plan)s is no longer sold. Your cart was not changed.",
                plan=plan.name(current_language()),
            ),
        )


def _require_range(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(
            Code.BAD_QUANTITY,
            _(
                "The number of licenses must be a whole number from 1 to %(most)s. Your cart was not changed.",
                most=number(MAX_QUANTITY, current_language()),
            ),
        )


def _require_room(quantity: int) -> None:
    if quantity > MAX_QUANTITY:
        raise Refused(
            Code.BAD_QUANTITY,
            ngettext(
                "A cart line holds at most %(num)s license. Your cart was not changed.",
                "A cart line holds at most %(num)s licenses. Your cart was not changed.",
                MAX_QUANTITY,
            ),
        )


def _record(turn: CompanyTurn, item: CartItem, before: int, by: Actor, removed: bool = False) -> None:
    journal.record(
        turn,
        JournalVerb.CART_CHANGED,
        by=by,
        subject=item,
        related={"plan": item.plan_id},
        before={"quantity": before},
        after={"quantity": 0 if removed else item.quantity},
    )
