"""Giving a licence to a person (`assign`), and their activating it. `releases` takes it back.

Every verb takes the company's lock first, so that nobody can take a free seat between finding it and giving it.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, JournalVerb, License, LicenseState, Plan, User, db
from services.foundation import journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import refusals, releases, requests
from services.mail import letters
from services.text.formats import current_language


def assign(
    plan: Plan, user: User, by: Actor, *, last_day: dt.date | None = None, asked: int | None = None
) -> License:
    """Give `user` a free licence of `plan`: the one that lasts longest, or one that ends on `last_day`.

    A person who already holds one of this plan keeps it and nothing changes, so calling twice is no error.

    Args:
        asked: The request that the page showed: whoever was answered meanwhile is not given one by mistake.

    Raises:
        Refused: `no_free_license`, `holds_other`, `suspended`, `inactive_person` or `already_answered`.
        LookupError: the person is of no company.
    """
    plan_id, user_id, company_id = plan.id, user.id, _company_of(user)
    with company_lock(company_id) as turn:
        user, own = holder_of(user_id, db.session.get_one(Plan, plan_id).product)
        check_active(user)
        if asked is not None:
            requests.check_to_give(turn, asked, user_id, by)
        if own and own.plan_id == plan_id and own.state(turn.now) in _IN_USE:
            return own
        license = free_license(turn, plan_id, last_day)
        operations.begin(turn, JournalVerb.LICENSE_ASSIGNED, by, company_id)
        make_room(turn, own, user, by)
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
        license = _with_plan(license_id)
        user, own = holder_of(user_id, license.product)
        check_active(user)
        if license.user_id == user_id and license.state(turn.now) in _IN_USE:
            return license
        if not license.is_assignable(turn.now):
            raise refusals.not_assignable(license, turn.now)
        operations.begin(turn, JournalVerb.LICENSE_ASSIGNED, by, company_id)
        make_room(turn, own, user, by)
        return give(turn, license, user, by)


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
    if license.activated_at is not None and license.state(turn.now) in _USES:
        return license
    if license.state(turn.now) != LicenseState.ASSIGNED:
        raise refusals.not_assignable(license, turn.now)
    open_one = sa.select(Assignment).where(Assignment.license_id == license.id, Assignment.ended_at.is_(None))
    license.activated_at = db.session.scalars(open_one).one().activated_at = turn.now
    _record(turn, JournalVerb.LICENSE_ACTIVATED, license, holder, by, before=holder, after=holder)
    return license


def make_room(turn: CompanyTurn, held: License | None, user: User, by: Actor) -> None:
    """Take back `held`, the person's licence of the product, if its last day is over: a person holds one at most.

    Raises:
        Refused: `holds_other` or `suspended`, if it is not.
    """
    if held is None:
        return
    if held.state(turn.now) == LicenseState.SUSPENDED:
        raise refusals.suspended()
    if not held.gives_way(turn.now):
        raise Refused(
            Code.HOLDS_OTHER,
            _(
                "%(name)s already holds a license of the %(plan)s plan. Nothing was changed: release that one first.",
                name=user.name,
                plan=held.plan.name(current_language()),
            ),
        )
    releases.take_back(turn, releases.holdings(held.company_id, [held.id]), by)


def give(
    turn: CompanyTurn,
    license: License,
    user: User,
    by: Actor,
    *,
    restores: Assignment | None = None,
    activated_at: dt.datetime | None = None,
    instead_of: Assignment | None = None,
) -> License:
    """Make `user` the holder of a free licence, and mail them while it is usable. The caller has checked both.

    Args:
        restores: The assignment that this one puts back, activated when that one was. Whoever undoes tells of it.
        instead_of: The assignment of another plan's licence that it takes the place of, as the mail says.
    """
    operations.begin(turn, JournalVerb.LICENSE_ASSIGNED, by, license.company_id)
    # First, so that undoing comes to it last, when it is known what the person holds.
    answered = requests.close_as_given(turn, user.id, by)
    assignment = Assignment(
        company_id=license.company_id,
        license_id=license.id,
        user_id=user.id,
        started_at=turn.now,
        activated_at=activated_at,
        restores_id=restores.id if restores else None,
        given_by_id=by.user_id,
    )
    db.session.add(assignment)
    db.session.flush()
    given = operations.change(
        turn, [license], user_id=user.id, assigned_at=turn.now, activated_at=activated_at
    )
    added = operations.added(turn, assignment, user_id=user.id, started_at=turn.now)
    operations.note(turn, [*answered, *given, *added])
    _record(turn, JournalVerb.LICENSE_ASSIGNED, license, user.id, by, after=user.id)
    if license.is_live(turn.now) and restores is None:
        letters.license_assigned(turn, license, assignment, by, instead_of=instead_of)
    return license


# --- Helpers: they read, and refuse ---------------------------------------------------------------------------------

_IN_USE = {LicenseState.ASSIGNED, LicenseState.ACTIVATED}
_USES = {LicenseState.ACTIVATED, LicenseState.GRACE}


def _company_of(user: User) -> int:
    if user.company_id is None:
        raise LookupError("the vendor's staff hold no licenses")
    return user.company_id


def holder_of(user_id: int, product: str) -> tuple[User, License | None]:
    """The person, and their licence of `product`, expired or not: the table allows one at most, and none that is gone."""
    found = db.session.execute(
        sa.select(User, License)
        .outerjoin(License, (License.user_id == User.id) & (License.product == product))
        .where(User.id == user_id)
        .options(joinedload(License.plan))
    ).one()
    return found.User, found.License


def check_active(user: User) -> None:
    if not user.is_active:
        raise Refused(
            Code.INACTIVE_PERSON,
            _(
                "%(name)s has been deactivated and cannot receive a license. Nothing was changed.",
                name=user.name,
            ),
        )


def _with_plan(license_id: int) -> License:
    return db.session.get_one(License, license_id, options=[joinedload(License.plan)])


def free_license(turn: CompanyTurn, plan_id: int, last_day: dt.date | None = None) -> License:
    """The free licence of the plan that lasts longest, or one that ends on `last_day`. Raises Refused `no_free_license`."""
    free = sa.select(License).where(
        License.company_id == turn.company.id,
        License.plan_id == plan_id,
        License.where_state(LicenseState.AVAILABLE, turn.now),
    )
    if last_day is not None:
        free = free.where(License.last_day == last_day)
    license = db.session.scalar(free.order_by(License.usable_until.desc(), License.id).limit(1))
    if license is None:
        plan = db.session.get_one(Plan, plan_id)
        raise Refused(
            Code.NO_FREE_LICENSE,
            _(
                "No %(plan)s license is available: the last one may just have been assigned by somebody else. "
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
    told = journal.Told(
        subject=license,
        related={"user": holder, "plan": license.plan_id},
        before={"user": before},
        after={"user": after},
    )
    # A plain row: nothing else of the turn needs the entry.
    journal.record_all(turn, verb, [told], by=by)
