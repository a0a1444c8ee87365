"""Seats that a company gives up: removed now and for good, or not to be renewed at their end. No money moves either way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from access import Actor
from models import (
    REMOVABLE,
    GoneWhy,
    JournalVerb,
    License,
    LicenseStatus,
    Renewal,
    User,
    db,
    utcnow,
)
from services.foundation import journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock
from services.licenses import refusals, releases, suspensions

# Of one act: so many can be looked through on a page.
MOST = 200


def proposed(company_id: int, plan_id: int, *, held: bool) -> list[License]:
    """The plan's seats in the order in which they are missed least, `MOST` at most: the free ones by their end.

    Args:
        held: Those that somebody holds too, after the free ones: of whoever is deactivated, then what was never
            activated, then what was activated longest ago.
    """
    now = utcnow()
    removable = sa.or_(*(License.where_state(state, now) for state in REMOVABLE))
    found = (
        sa.select(License)
        .outerjoin(User, User.id == License.user_id)
        .where(License.company_id == company_id, License.plan_id == plan_id, removable)
        .options(joinedload(License.plan), joinedload(License.user))
        .order_by(
            License.user_id.is_not(None),
            sa.case((User.active, 1), else_=0),
            License.activated_at.is_not(None),
            sa.func.coalesce(License.activated_at, License.assigned_at, License.valid_until),
            License.id,
        )
        .limit(MOST)
    )
    if not held:
        found = found.where(License.user_id.is_(None))
    return list(db.session.scalars(found))


def remove(company_id: int, held_by: Mapping[int, int | None], by: Actor) -> int:
    """Take seats off a company's account, now and for good: what was paid stays paid. Those that somebody holds are released in
    the same act, and their holders told. All of them or none.

    Args:
        held_by: By the id of each licence, who held it when the page was made.

    Returns:
        How many there were.

    Raises:
        Refused: `nothing_chosen`; `too_many`; `holder_changed`; `suspended` or `not_assignable`, when one is suspended, over or
            gone.
        LookupError: one of them is no licence of the company.
    """
    _check_count(held_by)
    with company_lock(company_id) as turn:
        seats = _removable(turn, held_by)
        operations.begin(turn, JournalVerb.LICENSE_REMOVED, by, company_id)
        releases.take_back_and_tell(turn, releases.holdings(company_id, held_by), by)
        _mark(turn, seats, by, status=LicenseStatus.REMOVED, gone_at=turn.now, gone_why=GoneWhy.REMOVED)
        return len(seats)


def decide_renewal(company_id: int, license_ids: Collection[int], renewal: Renewal, by: Actor) -> int:
    """Say whether seats are wanted after their end. Nobody loses anything before.

    Returns:
        How many had been decided otherwise.

    Raises:
        Refused: `nothing_chosen`; `too_many`; `not_assignable`, when one is over or gone.
        LookupError: one of them is no licence of the company.
    """
    _check_count(license_ids)
    with company_lock(company_id) as turn:
        seats = [seat for seat in _seats(turn, license_ids) if seat.renewal != renewal]
        for seat in seats:
            if not seat.is_live(turn.now):
                raise refusals.not_assignable(seat, turn.now)
        if seats:
            operations.begin(turn, JournalVerb.RENEWAL_DECIDED, by, company_id)
            told = [_told(seat, {"renewal": seat.renewal}, {"renewal": renewal}) for seat in seats]
            operations.note(turn, operations.change(turn, seats, renewal=renewal))
            journal.record_all(turn, JournalVerb.RENEWAL_DECIDED, told, by=by)
        return len(seats)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def bring_back(turn: CompanyTurn, license: License, by: Actor) -> None:
    """Make a removed licence again what it was, free; suspended, if a payment was disputed meanwhile. For undoing."""
    status = LicenseStatus.SUSPENDED if suspensions.is_suspended(license) else LicenseStatus.ACTIVE
    operations.note(turn, operations.change(turn, [license], status=status, gone_at=None, gone_why=None))
    told = _told(license, {"status": LicenseStatus.REMOVED}, {"status": status})
    journal.record_all(turn, JournalVerb.LICENSE_BROUGHT_BACK, [told], by=by)


def redecide(turn: CompanyTurn, license: License, renewal: Renewal, by: Actor) -> None:
    """Put back what was decided of its renewal. For undoing."""
    told = _told(license, {"renewal": license.renewal}, {"renewal": renewal})
    operations.note(turn, operations.change(turn, [license], renewal=renewal))
    journal.record_all(turn, JournalVerb.RENEWAL_DECIDED, [told], by=by)


def _mark(turn: CompanyTurn, seats: list[License], by: Actor, **values: object) -> None:
    told = [_told(seat, {"status": seat.status}, {"status": LicenseStatus.REMOVED}) for seat in seats]
    operations.note(turn, operations.change(turn, seats, **values))
    journal.record_all(turn, JournalVerb.LICENSE_REMOVED, told, by=by)


# --- Helpers: they read, and refuse -----------------------------------------------------------------------------------


def _check_count(seats: Collection[int]) -> None:
    if not seats:
        raise Refused(Code.NOTHING_CHOSEN, _("Choose at least one license. Nothing was changed."))
    if len(seats) > MOST:
        sentence = ngettext(
            "Choose at most %(num)s license at once. Nothing was changed.",
            "Choose at most %(num)s licenses at once. Nothing was changed.",
            MOST,
        )
        raise Refused(Code.TOO_MANY, sentence)


def _seats(turn: CompanyTurn, license_ids: Collection[int]) -> list[License]:
    found = sa.select(License).where(License.company_id == turn.company.id, License.id.in_(license_ids))
    seats = list(db.session.scalars(found.options(joinedload(License.user)).order_by(License.id)))
    if len(seats) != len(license_ids):
        raise LookupError("a license of another company, or none")
    return seats


def _removable(turn: CompanyTurn, held_by: Mapping[int, int | None]) -> list[License]:
    """The seats, each as the page has shown it."""
    seats = _seats(turn, held_by)
    for seat in seats:
        if not seat.is_removable(turn.now):
            raise refusals.not_assignable(seat, turn.now)
        if seat.user_id != held_by[seat.id]:
            raise refusals.holder_changed(seat.user)
    return seats


def _told(seat: License, before: dict[str, str], after: dict[str, str]) -> journal.Told:
    return journal.Told(subject=seat, related={"plan": seat.plan_id}, before=before, after=after)
