"""The life of a licence: given to a person, activated by them, taken back.

Every verb takes the company's lock first, so that counting the free seats and giving one are a single step.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, License, LicenseState, LicenseStatus, Plan, User, db, utcnow
from services.foundation import journal
from services.foundation.errors import Refused
from services.foundation.formats import current_language
from services.foundation.transaction import company_lock
from services.mail import letters


def assign(plan: Plan, user: User, by: Actor) -> License:
    """Give `user` a free licence of `plan`: the one that lasts longest.

    A person who already holds one of this plan keeps it, and nothing happens: asking twice is no error.

    Raises:
        Refused: `no_free_license`, `holds_other`, `suspended` or `inactive_person`.
        LookupError: the person is of no company.
    """
    plan_id, user_id, company_id = plan.id, user.id, _company_of(user)
    with company_lock(company_id):
        now = utcnow()
        user = _holder(user_id)
        held = _held(user, db.session.get_one(Plan, plan_id).product)
        if held and held.plan_id == plan_id and held.state(now) in _IN_USE:
            return held
        license = _free_license(company_id, plan_id, now)
        _make_room(held, user, by, now)
        return _give(license, user, by, now)


def assign_license(license: License, user: User, by: Actor) -> License:
    """Give `user` this very licence.

    Raises:
        Refused: `not_assignable` as well as what `assign` refuses.
        LookupError: the person is of another company.
    """
    license_id, user_id, company_id = license.id, user.id, license.company_id
    if _company_of(user) != company_id:
        raise LookupError("the person is of another company")
    with company_lock(company_id):
        now = utcnow()
        user = _holder(user_id)
        license = db.session.get_one(License, license_id, options=[joinedload(License.plan)])
        if license.user_id == user_id and license.state(now) in _IN_USE:
            return license
        if not license.is_assignable(now):
            raise _not_assignable(license, now)
        _make_room(_held(user, license.product), user, by, now)
        return _give(license, user, by, now)


def release(license: License, by: Actor) -> None:
    """Take the licence back: it returns to the company's pool, still paid for. Releasing a free one does nothing.

    Raises:
        Refused: `suspended`: a payment dispute has to end first.
    """
    license_id, company_id = license.id, license.company_id
    with company_lock(company_id):
        license = db.session.get_one(License, license_id)
        if license.user_id is None:
            return
        if license.status == LicenseStatus.SUSPENDED:
            raise _suspended()
        _take_back(license, by, utcnow())


def activate(license: License, by: Actor) -> License:
    """The holder starts to use it. Activating twice does nothing.

    Raises:
        Refused: `not_assignable` when it has expired or is suspended.
        LookupError: whoever asks does not hold it (any more).
    """
    license_id, company_id = license.id, license.company_id
    with company_lock(company_id):
        now = utcnow()
        license = db.session.get_one(License, license_id, options=[joinedload(License.plan)])
        if by.user_id is None or license.user_id != by.user_id:
            raise LookupError("only the holder activates a license")
        if license.state(now) == LicenseState.ACTIVATED:
            return license
        if license.state(now) != LicenseState.ASSIGNED:
            raise _not_assignable(license, now)
        license.activated_at = now
        _record("license_activated", license, license.user_id, by)
        return license


# --- What the verbs are made of: nothing below commits -----------------------------------------------------------------

_IN_USE = {LicenseState.ASSIGNED, LicenseState.ACTIVATED}


def _company_of(user: User) -> int:
    if user.company_id is None:
        raise LookupError("the vendor's staff hold no licenses")
    return user.company_id


def _holder(user_id: int) -> User:
    user = db.session.get_one(User, user_id)
    if not user.is_active:
        raise Refused(
            "inactive_person",
            _(
                "%(name)s has been deactivated and cannot receive a license. Nothing was changed.",
                name=user.name,
            ),
        )
    return user


def _held(user: User, product: str) -> License | None:
    """The licence of `product` that blocks the person's place, expired or not; the database allows one."""
    return db.session.scalar(
        sa.select(License)
        .where(
            License.user_id == user.id,
            License.product == product,
            License.status.in_([LicenseStatus.ACTIVE, LicenseStatus.SUSPENDED]),
        )
        .options(joinedload(License.plan))
    )


def _free_license(company_id: int, plan_id: int, now: dt.datetime) -> License:
    license = db.session.scalar(
        sa.select(License)
        .where(
            License.company_id == company_id,
            License.plan_id == plan_id,
            License.where_state(LicenseState.AVAILABLE, now),
        )
        .order_by(License.valid_until.desc(), License.id)
        .limit(1)
    )
    if license is None:
        plan = db.session.get_one(Plan, plan_id)
        raise Refused(
            "no_free_license",
            _(
                "No %(plan)s license is free: the last one may just have been assigned by somebody else. "
                "Nothing was changed. Release one, or buy more under License management and purchases.",
                plan=plan.name(current_language()),
            ),
        )
    return license


def _make_room(held: License | None, user: User, by: Actor, now: dt.datetime) -> None:
    """Free the person's place when an expired licence holds it; refuse when a live one does."""
    if held is None:
        return
    state = held.state(now)
    if state == LicenseState.SUSPENDED:
        raise _suspended()
    if state != LicenseState.EXPIRED:
        raise Refused(
            "holds_other",
            _(
                "%(name)s already holds a license of the %(plan)s plan. Nothing was changed: release that one first.",
                name=user.name,
                plan=held.plan.name(current_language()),
            ),
        )
    _take_back(held, by, now, told=False)


def _give(license: License, user: User, by: Actor, now: dt.datetime) -> License:
    license.user_id, license.assigned_at = user.id, now
    assignment = Assignment(
        company_id=license.company_id,
        license_id=license.id,
        user_id=user.id,
        started_at=now,
        given_by_id=by.user_id,
    )
    db.session.add(assignment)
    db.session.flush()
    _record("license_assigned", license, user.id, by)
    letters.license_assigned(license, assignment, by)
    return license


def _take_back(license: License, by: Actor, now: dt.datetime, told: bool = True) -> None:
    """End the open assignment and free the licence. Flushed, so that another may take the person's place."""
    assignment = db.session.scalars(
        sa.select(Assignment).where(Assignment.license_id == license.id, Assignment.ended_at.is_(None))
    ).one()
    assignment.ended_at, assignment.taken_by_id = now, by.user_id
    license.user_id = license.assigned_at = license.activated_at = None
    db.session.flush()
    _record("license_released", license, assignment.user_id, by)
    if told:
        letters.license_released(license.id, assignment, by)


def _record(verb: str, license: License, user_id: int, by: Actor) -> None:
    holders = {"license_assigned": (None, user_id), "license_released": (user_id, None)}
    before, after = holders.get(verb, (user_id, user_id))
    journal.record(
        verb,
        by=by,
        subject=license,
        company_id=license.company_id,
        related={"user": user_id, "plan": license.plan_id},
        before={"user": before},
        after={"user": after},
    )


def _suspended() -> Refused:
    return Refused(
        "suspended",
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
    return Refused("not_assignable", sentences.get(state, taken))
