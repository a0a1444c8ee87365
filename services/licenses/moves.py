"""A seat that changes hands or plan, as one act: nothing is released without being given in the same moment.

Undoing puts both halves back, or neither (`undoing`).
"""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from access import Actor
from models import Assignment, JournalVerb, License, Plan, User, db
from services.foundation import operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import assignments, refusals, releases
from services.mail import letters
from services.text.formats import current_language


def change_plan(
    license: License, plan: Plan, by: Actor, *, held_by: int | None, last_day: dt.date | None = None
) -> License:
    """Give the holder of a licence a free one of another plan of its product instead; one mail tells them both.

    Args:
        held_by: Who held it when the page was made.
        last_day: The end of the batch that was chosen; None gives the one that lasts longest.

    Raises:
        Refused: `holder_changed`; `suspended`; `not_assignable`, when the licence that is held is over or gone; `same_plan`;
            `other_product`; `no_free_license`; `inactive_person`.
    """
    license_id, plan_id, company_id = license.id, plan.id, license.company_id
    with company_lock(company_id) as turn:
        held = _held(turn, license_id, held_by)
        plan = db.session.get_one(Plan, plan_id)
        _check_other_plan(held.license, plan)
        assignments.check_active(held.holder)
        free = assignments.free_license(turn, plan_id, last_day)
        releases.take_back(turn, [held], by)
        assignments.give(turn, assignments.Gift(free, held.holder, instead_of=held.assignment.id), by)
        return free


def transfer(license: License, to: User, by: Actor, *, held_by: int | None) -> None:
    """Take a licence from its holder and give it to another person of the company, in one act. Both are told by mail.

    The person activates it anew: what was activated was the other's.

    Raises:
        Refused: as `change_plan`, of the licence; `same_person`; `holds_other`, `suspended` or `inactive_person`, of whom it is
            to go to.
        LookupError: that person is of another company.
    """
    license_id, to_id, company_id = license.id, to.id, license.company_id
    if to.company_id != company_id:
        raise LookupError("the person is of another company")
    with company_lock(company_id) as turn:
        pass_on(turn, license_id, to_id, by, held_by=held_by)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def pass_on(turn: CompanyTurn, license_id: int, to_id: int, by: Actor, *, held_by: int | None) -> None:
    """The step of `transfer`, to a person of the company; raises the same."""
    held = _held(turn, license_id, held_by)
    to, own = assignments.holder_of(to_id, held.license.product)
    if held.holder.id == to_id:
        raise Refused(
            Code.SAME_PERSON,
            _("%(name)s holds this license already. Nothing was changed.", name=to.name),
        )
    assignments.check_active(to)
    operations.begin(turn, JournalVerb.LICENSE_RELEASED, by, turn.company.id)
    assignments.make_room(turn, own, to, by)
    releases.take_back(turn, [held], by)
    assignments.give(turn, assignments.Gift(held.license, to), by)
    if held.holder.is_active:
        letters.license_released(turn, [(held.license, held.assignment, held.holder)], by)


def to_activate(turn: CompanyTurn, license_id: int, held_by: int | None) -> tuple[License, Assignment]:
    """A licence that its holder has not begun to use, with who holds it.

    Raises:
        Refused: `holder_changed`; `not_assignable` or `suspended`, when it cannot be used; `already_activated`.
    """
    held = _held(turn, license_id, held_by)
    if held.license.activated_at is not None:
        raise Refused(
            Code.ALREADY_ACTIVATED,
            _("%(name)s has activated this license already: no link is needed.", name=held.holder.name),
        )
    return held.license, held.assignment


# --- Helpers: they read, and refuse -----------------------------------------------------------------------------------


def _held(turn: CompanyTurn, license_id: int, held_by: int | None) -> releases.Holding:
    """The licence with its holder, if it may be moved."""
    held = next(iter(releases.holdings(turn.company.id, [license_id])), None)
    if held is None or held.holder.id != held_by:
        raise refusals.holder_changed(held.holder if held else None)
    if not held.license.is_movable(turn.now):
        raise refusals.not_assignable(held.license, turn.now)
    return held


def _check_other_plan(license: License, plan: Plan) -> None:
    name = plan.name(current_language())
    if plan.id == license.plan_id:
        raise Refused(Code.SAME_PLAN, _("This license is of the %(plan)s plan already.", plan=name))
    if plan.product != license.product:
        raise Refused(
            Code.OTHER_PRODUCT,
            _(
                "The %(plan)s plan is of another product: assign it beside this license. Nothing was changed.",
                plan=name,
            ),
        )
