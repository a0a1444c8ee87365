"""The life of a licence: given to a person (`assign`), activated by them, taken back.

Every verb takes the company's lock first, so that nobody can take a free seat between finding it and giving it.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, JournalVerb, License, LicenseState, LicenseStatus, Plan, User, db
from services.foundation import journal
from services.foundation.errors import Code, Refused
from services.foundation.formats import current_language
from services.foundation.transaction import CompanyTurn, company_lock
from services.mail import letters


def assign(plan: Plan, user: User, by: Actor) -> License:
    """Give `user` a free licence of `plan`: the one that lasts longest.

    A person who already holds one of this plan keeps it and nothing changes, so calling twice is no error.

    Raises:
        Refused: `no_free_license`, `holds_other`, `suspended` or `inactive_person`.
        LookupError: the person is of no company.
    """
    plan_id, user_id, company_id = plan.id, user.id, _company_of(user)
    with company_lock(company_id) as turn:
        user = _holder(user_id)
        held = _held(user, db.session.get_one(Plan, plan_id).product)
        if held and held.plan_id == plan_id and held.state(turn.now) in _IN_USE:
            return held
        license = _free_license(turn, plan_id)
        make_room(turn, held, user, by)
        return give(turn, license, user, by)


def assign_license(license: License, user: User, by: Actor) -> License:
    """Give `user` this very licence. Giving it to its holder again changes nothing and is no error.

    Raises:
        Refused: `not_assignable` as well as what `assign` refuses.
        LookupError: the person is of another company.
    """
    license_id, user_id, company_id = license.id, user.id, license.company_id
    if _company_of(user) != company_id:
        raise LookupError("the person is of another company")
    with company_lock(company_id) as turn:
        user = _holder(user_id)
        license = _with_plan(license_id)
        if license.user_id == user_id and license.state(turn.now) in _IN_USE:
            return license
        if not license.is_assignable(turn.now):
            raise _not_assignable(license, turn.now)
        make_room(turn, _held(user, license.product), user, by)
        return give(turn, license, user, by)


def release(license: License, by: Actor) -> None:
    """Take the licence back: it is free again, and still paid for. Releasing a free one does nothing.

    Raises:
        Refused: `suspended`, while its payment is disputed.
    """
    license_id, company_id = license.id, license.company_id
    with company_lock(company_id) as turn:
        license = db.session.get_one(License, license_id)
        if license.user_id is None:
            return
        if license.status == LicenseStatus.SUSPENDED:
            raise _suspended()
        assignment = take_back(turn, license, by)
        letters.license_released(turn, license, assignment, by)


def activate(license: License, by: Actor) -> License:
    """Mark the licence as activated by its holder. Activating twice does nothing.

    Raises:
        Refused: `not_assignable` when it has expired, `suspended` while its payment is disputed.
        LookupError: `by` does not hold it (any more).
    """
    license_id, company_id = license.id, license.company_id
    with company_lock(company_id) as turn:
        return begin_use(turn, license_id, by)


# --- Steps: they take the turn of a verb, change rows in it, and never commit ----------------------------------------


def begin_use(turn: CompanyTurn, license_id: int, by: Actor) -> License:
    """The step of `activate`; raises the same."""
    license, holder = _with_plan(license_id), by.user_id
    if holder is None or license.user_id != holder:
        raise LookupError("only the holder activates a license")
    if license.state(turn.now) == LicenseState.ACTIVATED:
        return license
    if license.state(turn.now) != LicenseState.ASSIGNED:
        raise _not_assignable(license, turn.now)
    license.activated_at = turn.now
    _record(turn, JournalVerb.LICENSE_ACTIVATED, license, holder, by, before=holder, after=holder)
    return license


def make_room(turn: CompanyTurn, held: License | None, user: User, by: Actor) -> None:
    """Take back `held`, the person's licence of the product, if it has expired: a person holds one at most.

    Raises:
        Refused: `holds_other` or `suspended`, if it has not expired.
    """
    if held is None:
        return
    state = held.state(turn.now)
    if state == LicenseState.SUSPENDED:
        raise _suspended()
    if state != LicenseState.EXPIRED:
        raise Refused(
            Code.HOLDS_OTHER,
            _(
                "%(name)s already holds a license of the %(plan)s plan. Nothing was changed: release that one first.",
                name=user.name,
                plan=held.plan.name(current_language()),
            ),
        )
    take_back(turn, held, by)


def give(turn: CompanyTurn, license: License, user: User, by: Actor) -> License:
    """Make `user` the holder of a free licence, and mail them. The caller has checked the licence and the person."""
    license.user_id, license.assigned_at = user.id, turn.now
    assignment = Assignment(
        company_id=license.company_id,
        license_id=license.id,
        user_id=user.id,
        started_at=turn.now,
        given_by_id=by.user_id,
    )
    db.session.add(assignment)
    db.session.flush()
    _record(turn, JournalVerb.LICENSE_ASSIGNED, license, user.id, by, after=user.id)
    letters.license_assigned(turn, license, assignment, by)
    return license


def take_back(turn: CompanyTurn, license: License, by: Actor) -> Assignment:
    """End the open assignment of a held licence and free it; returns the assignment. Sends no mail."""
    assignment = db.session.scalars(
        sa.select(Assignment).where(Assignment.license_id == license.id, Assignment.ended_at.is_(None))
    ).one()
    assignment.ended_at, assignment.taken_by_id = turn.now, by.user_id
    license.user_id = license.assigned_at = license.activated_at = None
    # Written before the next licence is given: a unique index allows a person one of each product.
    db.session.flush()
    _record(turn, JournalVerb.LICENSE_RELEASED, license, assignment.user_id, by, before=assignment.user_id)
    return assignment


# --- Helpers: they read, and refuse ---------------------------------------------------------------------------------

_IN_USE = {LicenseState.ASSIGNED, LicenseState.ACTIVATED}


def _company_of(user: User) -> int:
    if user.company_id is None:
        raise LookupError("the vendor's staff hold no licenses")
    return user.company_id


def _holder(user_id: int) -> User:
    user = db.session.get_one(User, user_id)
    if not user.is_active:
        raise Refused(
            Code.INACTIVE_PERSON,
            _(
                "%(name)s has been deactivated and cannot receive a license. Nothing was changed.",
                name=user.name,
            ),
        )
    return user


def _held(user: User, product: str) -> License | None:
    """The person's licence of `product`, expired or not: the table allows one at most, and none that was revoked."""
    return db.session.scalar(
        sa.select(License)
        .where(License.user_id == user.id, License.product == product)
        .options(joinedload(License.plan))
    )


def _with_plan(license_id: int) -> License:
    return db.session.get_one(License, license_id, options=[joinedload(License.plan)])


def _free_license(turn: CompanyTurn, plan_id: int) -> License:
    """The free licence of the plan that lasts longest. Raises Refused `no_free_license`."""
    license = db.session.scalar(
        sa.select(License)
        .where(
            License.company_id == turn.company.id,
            License.plan_id == plan_id,
            License.where_state(LicenseState.AVAILABLE, turn.now),
        )
        .order_by(License.valid_until.desc(), License.id)
        .limit(1)
    )
    if license is None:
        plan = db.session.get_one(Plan, plan_id)
        raise Refused(
            Code.NO_FREE_LICENSE,
            _(
                "No %(plan)s license is free: the last one may just have been assigned by somebody else. "
                "Nothing was changed. Release one, or buy more under License management and purchases.",
                plan=plan.name(current_language()),
            ),
        )
    return license


def _record(
    turn: CompanyTurn,
    verb: JournalVerb,
    license: License,
    holder: int,
    by: Actor,
    *,
    before: int | None = None,
    after: int | None = None,
) -> None:
    """Record whom it concerns, and the holder before and after, by their ids."""
    journal.record(
        turn,
        verb,
        by=by,
        subject=license,
        related={"user": holder, "plan": license.plan_id},
        before={"user": before},
        after={"user": after},
    )


def _suspended() -> Refused:
    return Refused(
        Code.SUSPENDED,
        _("This license is suspended while a payment is contested. Nothing was changed: write to support."),
    )


def _not_assignable(license: License, now: dt.datetime) -> Refused:
    state = license.state(now)
    if state == LicenseState.SUSPENDED:
        return _suspended()
    sentences = {
        LicenseState.EXPIRED: _(
            "This license has expired. Nothing was changed: choose another one or buy more."
        ),
        LicenseState.REVOKED: _("This license has been revoked. Nothing was changed: choose another one."),
    }
    taken = _("Somebody else holds this license by now. Nothing was changed: choose another one.")
    return Refused(Code.NOT_ASSIGNABLE, sentences.get(state, taken))
