"""Giving a licence to a person (`assign`), and their activating it. `releases` takes it back.

Every verb takes the company's lock first, so that nobody can take a free seat between finding it and giving it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from access import Actor
from models import Assignment, JournalVerb, License, LicenseState, Plan, User, db, in_parts, insert_rows
from services.foundation import journal, operations
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import refusals, releases, requests
from services.mail import letters


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
        return give(turn, Gift(license, user), by)


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
        return give(turn, Gift(license, user), by)


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
    told = _told(license, holder, before=holder, after=holder)
    journal.record_all(turn, JournalVerb.LICENSE_ACTIVATED, [told], by=by)
    return license


def make_room(turn: CompanyTurn, held: License | None, user: User, by: Actor) -> None:
    """Take back `held`, the person's licence of the product, if its last day is over: a person holds one at most.

    Raises:
        Refused: `holds_other` or `suspended`, if it is not.
    """
    if (why := refusals.in_the_way(user, held, turn.now)) is not None:
        raise why
    if held is not None:
        releases.take_back(turn, releases.holdings(held.company_id, [held.id]), by)


@dataclasses.dataclass(frozen=True)
class Gift:
    """A free licence and whom it is given to; both are checked.

    Attributes:
        restores: The number of the assignment that this one puts back, activated when that one was.
        instead_of: The number of the assignment of another plan's licence that it takes the place of, as the mail says.
    """

    license: License
    user: User
    restores: int | None = None
    activated_at: dt.datetime | None = None
    instead_of: int | None = None


def give(turn: CompanyTurn, gift: Gift, by: Actor) -> License:
    """As `give_all`, of one."""
    give_all(turn, [gift], by)
    return gift.license


def give_all(turn: CompanyTurn, gifts: Sequence[Gift], by: Actor) -> None:
    """Make each person the holder of their licence, and mail them while it is usable; whoever undoes tells of that. A step.

    A dozen statements, however many there are.
    """
    if not gifts:
        return
    company_id = turn.company.id
    operations.begin(turn, JournalVerb.LICENSE_ASSIGNED, by, company_id)
    # First, so that undoing comes to it last, when it is known what the person holds.
    answered = requests.close_as_given(turn, [one.user.id for one in gifts], by)
    ids = _add_assignments(turn, gifts, by)
    given = operations.change_each(
        turn,
        [one.license for one in gifts],
        [
            {"user_id": one.user.id, "assigned_at": turn.now, "activated_at": one.activated_at}
            for one in gifts
        ],
    )
    held = {ids[one.license.id]: {"user_id": one.user.id, "started_at": turn.now} for one in gifts}
    operations.note(turn, [*answered, *given, *operations.added(turn, Assignment, held, company_id)])
    told = [_told(one.license, one.user.id, after=one.user.id) for one in gifts]
    journal.record_all(turn, JournalVerb.LICENSE_ASSIGNED, told, by=by)
    news = [one for one in gifts if one.restores is None and one.license.is_live(turn.now)]
    letters.license_assigned(
        turn,
        [letters.Given(one.license, one.user, ids[one.license.id], one.instead_of) for one in news],
        by,
    )


def _add_assignments(turn: CompanyTurn, gifts: Sequence[Gift], by: Actor) -> dict[int, int]:
    """Begin an assignment of each licence; returns their numbers by the licence's."""
    common = {"company_id": turn.company.id, "started_at": turn.now, "given_by_id": by.user_id}
    rows = [
        common
        | {
            "license_id": one.license.id,
            "user_id": one.user.id,
            "activated_at": one.activated_at,
            "restores_id": one.restores,
        }
        for one in gifts
    ]
    insert_rows(Assignment, rows)
    # SQLite would add them one by one if it were asked for the number of each.
    numbers: dict[int, int] = {}
    for part in in_parts(one.license.id for one in gifts):
        begun = sa.select(Assignment.license_id, Assignment.id)
        found = begun.where(Assignment.license_id.in_(part), Assignment.ended_at.is_(None))
        numbers |= dict(db.session.execute(found).all())
    return numbers


# --- Helpers: they read, and refuse ---------------------------------------------------------------------------------

_IN_USE = {LicenseState.ASSIGNED, LicenseState.ACTIVATED}
_USES = {LicenseState.ACTIVATED, LicenseState.GRACE}


def _company_of(user: User) -> int:
    if user.company_id is None:
        raise LookupError("the vendor's staff hold no licenses")
    return user.company_id


def holder_of(user_id: int, product: str) -> tuple[User, License | None]:
    """The person, and their licence of `product`, expired or not: the table allows one at most, and none that is gone."""
    return holders_of([user_id], product)[user_id]


def holders_of(user_ids: Iterable[int | None], product: str) -> dict[int, tuple[User, License | None]]:
    """As `holder_of`, of many, by their number."""
    found: dict[int, tuple[User, License | None]] = {}
    for part in in_parts(user_ids):
        read = (
            sa.select(User, License)
            .outerjoin(License, (License.user_id == User.id) & (License.product == product))
            .where(User.id.in_(part))
            .options(joinedload(License.plan))
        )
        found |= {user.id: (user, own) for user, own in db.session.execute(read)}
    return found


def check_active(user: User) -> None:
    if not user.is_active:
        raise refusals.inactive(user)


def _with_plan(license_id: int) -> License:
    return db.session.get_one(License, license_id, options=[joinedload(License.plan)])


def free_license(turn: CompanyTurn, plan_id: int, last_day: dt.date | None = None) -> License:
    """The free licence of the plan that lasts longest, or one that ends on `last_day`. Raises Refused `no_free_license`."""
    free = sa.select(License).where(*where_free(turn.company.id, plan_id, turn.now, last_day))
    license = db.session.scalar(free.order_by(*LONGEST_FIRST).limit(1))
    if license is None:
        raise refusals.no_free_license(db.session.get_one(Plan, plan_id))
    return license


# The one that is given first.
LONGEST_FIRST = (License.usable_until.desc(), License.id)


def where_free(
    company_id: int, plan_id: int, now: dt.datetime, last_day: dt.date | None = None
) -> list[sa.ColumnElement[bool]]:
    """The licences of a plan that a company can give, all of them or those that end on `last_day`, as SQL."""
    mine = [License.company_id == company_id, License.plan_id == plan_id]
    ends = [] if last_day is None else [License.last_day == last_day]
    return [*mine, License.where_state(LicenseState.AVAILABLE, now), *ends]


def _told(
    license: License, holder: int, *, before: int | None = None, after: int | None = None
) -> journal.Told:
    """Whom it concerns, and the holder before and after, by their ids."""
    return journal.Told(
        subject=license,
        related={"user": holder, "plan": license.plan_id},
        before={"user": before},
        after={"user": after},
    )
