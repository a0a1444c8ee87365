"""Seats that a company gives up: none by surprise, none by half, and for ten minutes not for good."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    License,
    LicenseState,
    LicenseStatus,
    Operation,
    OutgoingMail,
    Renewal,
    SuspensionReason,
    Vendor,
    db,
    utcnow,
)
from services import licenses
from services.foundation import operations
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.licenses import releases, removals, suspensions
from services.people import deactivation
from services.seats import history, seat_counts
from tests.asked import latest
from tests.counts import wrong_counts
from tests.factories import make_licenses, make_user, make_vendor
from tests.together import lock_off, meet

DAY = dt.timedelta(days=1)


def told():
    return sorted((mail.template, mail.user_id) for mail in db.session.scalars(sa.select(OutgoingMail)))


def states(*seats):
    db.session.rollback()
    return [db.session.get_one(License, seat.id).state() for seat in seats]


def test_a_free_seat_is_gone_at_once_and_counted_no_more(cast, alice):
    free, other = make_licenses(2, cast.alice, cast.pro)
    assert licenses.remove(cast.acme.id, {free.id: None}, alice) == 1
    assert states(free, other) == ["removed", "available"]
    (counted,) = seat_counts.summary(cast.acme.id, utcnow())
    assert (counted.purchased, counted.available, wrong_counts()) == (1, 1, [])
    with pytest.raises(Refused, match="not_assignable"):
        licenses.assign_license(free, cast.bob, alice)


def test_whoever_loses_a_seat_that_is_removed_is_told_once(cast, alice):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.remove(cast.acme.id, {held.id: cast.bob.id}, alice)
    assert (states(held), held.user_id) == (["removed"], None)
    assert told() == [("license_released", cast.bob.id)]
    assert {entry.verb for entry in db.session.scalars(sa.select(Operation))} == {"license_removed"}


def test_a_removal_is_put_back_to_whom_it_was_and_what_it_was_meanwhile_is_still_told(
    cast, alice, time_machine
):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    free = make_licenses(1, cast.alice, cast.pro)[0]
    activated_at, start = held.activated_at, utcnow()
    time_machine.move_to(start + DAY, tick=False)
    licenses.remove(cast.acme.id, {held.id: cast.bob.id, free.id: None}, alice)
    time_machine.shift(dt.timedelta(minutes=9, seconds=59))
    assert operations.undo(latest(), alice) == []
    assert states(held, free) == ["activated", "available"]
    assert (held.user_id, held.activated_at, held.gone_at) == (cast.bob.id, activated_at, None)
    assert told() == [("license_assigned", cast.bob.id), ("license_released", cast.bob.id)]
    between = history.as_of(cast.acme.id, start + DAY + dt.timedelta(minutes=5))
    assert {one.state for one in between.values()} == {LicenseState.REMOVED}
    assert history.as_of(cast.acme.id, utcnow())[held.id].user_id == cast.bob.id
    assert wrong_counts() == []


def test_after_ten_minutes_what_was_removed_is_gone_for_good(cast, alice, time_machine):
    (free,) = make_licenses(1, cast.alice, cast.pro)
    time_machine.move_to(utcnow(), tick=False)
    licenses.remove(cast.acme.id, {free.id: None}, alice)
    done = latest()
    time_machine.shift(dt.timedelta(minutes=10, seconds=1))
    with pytest.raises(Refused, match="too_late_to_undo"):
        operations.undo(done, alice)
    assert states(free) == ["removed"]


def test_a_seat_comes_back_free_where_its_holder_has_another_one_by_now(cast, alice):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (other,) = make_licenses(1, cast.alice, cast.pro)
    licenses.remove(cast.acme.id, {held.id: cast.bob.id}, alice)
    removed = latest()
    licenses.assign(cast.pro, cast.bob, alice)
    (left,) = operations.undo(removed, alice)
    assert cast.bob.name in left
    assert states(held, other) == ["available", "assigned"]


@pytest.mark.parametrize(
    "why", ["holder_changed", "suspended", "not_assignable", "nothing_chosen", "too_many"]
)
def test_a_removal_of_which_one_seat_cannot_go_removes_none(cast, alice, why):
    free, other = make_licenses(2, cast.alice, cast.pro)
    chosen = {free.id: None, other.id: None}
    if why == "holder_changed":
        licenses.assign_license(other, cast.bob, alice)
    elif why in {"suspended", "not_assignable"}:
        gone = {"gone_at": utcnow(), "gone_why": "revoked"} if why == "not_assignable" else {}
        for name, value in gone.items():
            setattr(other, name, value)
        other.status = LicenseStatus.REVOKED if gone else LicenseStatus.SUSPENDED
        db.session.commit()
    elif why == "nothing_chosen":
        chosen = {}
    else:
        chosen = dict.fromkeys(range(removals.MOST + 1))
    before = states(free, other)
    with pytest.raises(Refused, match=why):
        licenses.remove(cast.acme.id, chosen, alice)
    assert states(free, other) == before


def test_nobody_removes_a_seat_of_another_company(cast):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    with pytest.raises(LookupError):
        licenses.remove(cast.globex.id, {seat.id: None}, Actor.of(cast.carol))
    assert states(seat) == ["available"]


def test_what_is_missed_least_is_proposed_first(cast, alice):
    def one(ends=365, **options):
        return make_licenses(1, cast.alice, cast.pro, ends=utcnow() + ends * DAY, **options)[0]

    new = one(holder=make_user(cast.acme), activated=True)
    old = one(holder=make_user(cast.acme), activated=True)
    old.activated_at -= 90 * DAY
    never = one(holder=make_user(cast.acme))
    left = make_user(cast.acme)
    of_left = one(holder=left, activated=True)
    late, soon = one(300), one(100)
    db.session.commit()
    deactivation.deactivate(left, deactivation.Seats.KEEP, by=alice)
    found = removals.proposed(cast.acme.id, cast.pro.id, held=True)
    assert [seat.id for seat in found] == [seat.id for seat in (soon, late, of_left, never, old, new)]
    assert [seat.id for seat in removals.proposed(cast.acme.id, cast.pro.id, held=False)] == [
        soon.id,
        late.id,
    ]


def _twenty_remove_one(cast, alice, together, monkeypatch):
    """Twenty remove Bob's seat; whoever has seen that it is his waits for the others."""
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    seen, acme = {seat.id: cast.bob.id}, cast.acme.id
    db.session.rollback()
    meet(monkeypatch, releases, "take_back_and_tell", 20)
    outcomes = together(20, lambda _: licenses.remove(acme, seen, alice))
    db.session.rollback()
    return [getattr(outcome.error, "code", "error") for outcome in outcomes if outcome.error]


def test_a_seat_that_twenty_remove_at_once_is_removed_and_told_once(cast, alice, together, monkeypatch):
    assert _twenty_remove_one(cast, alice, together, monkeypatch) == ["not_assignable"] * 19
    assert told() == [("license_released", cast.bob.id)]


def test_without_the_lock_a_seat_is_removed_more_than_once(cast, alice, together, monkeypatch):
    lock_off(monkeypatch)
    errors = _twenty_remove_one(cast, alice, together, monkeypatch)
    assert errors != ["not_assignable"] * 19, "the race test would not notice a missing lock"


def test_of_one_who_removes_and_one_who_assigns_the_same_seat_one_is_refused(cast, alice, together):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    seat_id, acme, bob = seat.id, cast.acme.id, cast.bob.id
    db.session.rollback()

    def act(number: int) -> None:
        if number:
            licenses.remove(acme, {seat_id: None}, alice)
        else:
            license = db.session.get_one(License, seat_id)
            licenses.assign_license(license, db.session.get_one(type(cast.bob), bob), alice)

    codes = [getattr(outcome.error, "code", "") for outcome in together(2, act)]
    assert codes in (["", "holder_changed"], ["not_assignable", ""])
    assert (states(seat)[0] == "removed") == (codes[1] == "")


def test_what_is_not_renewed_works_until_its_end_and_can_be_decided_again(cast, alice):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    assert licenses.decide_renewal(cast.acme.id, [held.id], Renewal.DECLINED, alice) == 1
    assert (states(held), held.renewal, told()) == (["assigned"], Renewal.DECLINED, [])
    assert licenses.decide_renewal(cast.acme.id, [held.id], Renewal.DECLINED, alice) == 0
    assert operations.undo(latest(), alice) == []
    db.session.rollback()
    assert db.session.get_one(License, held.id).renewal == Renewal.UNDECIDED


def test_a_renewal_decided_by_somebody_else_since_is_left(cast, alice):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    licenses.decide_renewal(cast.acme.id, [seat.id], Renewal.DECLINED, alice)
    declined = latest()
    licenses.decide_renewal(cast.acme.id, [seat.id], Renewal.WANTED, Actor.of(cast.erin))
    with pytest.raises(Refused, match="all_moved"):
        operations.undo(declined, alice)


# --- Grace ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def vendor(cast):
    return db.session.get(Vendor, 1) or make_vendor()


def give_grace(days):
    db.session.get_one(Vendor, 1).grace_days = days
    db.session.commit()
    licenses.follow_grace()
    db.session.rollback()


def test_when_the_grace_changes_what_is_alive_follows_and_what_is_over_stays_over(cast, vendor):
    start = utcnow()
    (alive,) = make_licenses(
        1, cast.alice, cast.pro, starts=start - 30 * DAY, ends=start + DAY, holder=cast.bob
    )
    (over,) = make_licenses(1, cast.alice, cast.pro, starts=start - 30 * DAY, ends=start - DAY)
    (foreign,) = make_licenses(1, cast.carol, cast.pro)
    give_grace(10)
    assert [seat.usable_until - seat.valid_until for seat in (alive, over, foreign)] == [
        10 * DAY,
        0 * DAY,
        10 * DAY,
    ]
    give_grace(0)
    assert alive.usable_until == alive.valid_until
    assert db.session.get_one(Vendor, 1).granted_days == 0
    assert wrong_counts() == []


def test_whoever_has_a_seat_in_grace_can_be_given_another_one(cast, alice):
    start = utcnow()
    (old,) = make_licenses(
        1, cast.alice, cast.pro, starts=start - 30 * DAY, ends=start - DAY, holder=cast.bob
    )
    old.usable_until = start + DAY
    db.session.commit()
    assert states(old) == ["grace"]
    (new,) = make_licenses(1, cast.alice, cast.pro)
    assert [one.plan.id for one in seat_counts.offer(cast.bob, utcnow()).plans] == [cast.pro.id]
    licenses.assign(cast.pro, cast.bob, alice)
    assert (states(old, new), old.user_id) == (["grace", "assigned"], None)
    (counted,) = seat_counts.summary(cast.acme.id, utcnow())
    assert (counted.in_grace, counted.available, counted.to_activate) == (1, 0, 1)


def test_a_payment_disputed_while_a_seat_was_removed_suspends_it_once_it_is_back(cast, alice):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    licenses.remove(cast.acme.id, {seat.id: None}, alice)
    removed = latest()
    with company_lock(cast.acme.id) as turn:
        suspensions.suspend(turn, db.session.get_one(License, seat.id), SuspensionReason.DISPUTE, "dp_1")
    assert states(seat) == ["removed"]
    assert operations.undo(removed, alice) == []
    assert states(seat) == ["suspended"]
    with company_lock(cast.acme.id) as turn:
        suspensions.lift(turn, db.session.get_one(License, seat.id), SuspensionReason.DISPUTE, "dp_1")
    assert (states(seat), wrong_counts()) == (["available"], [])


def test_whoever_holds_a_seat_in_grace_is_found_for_another_one_and_who_uses_theirs_is_not(cast, alice):
    start = utcnow()
    (over,) = make_licenses(
        1, cast.alice, cast.pro, starts=start - 30 * DAY, ends=start - DAY, holder=cast.bob
    )
    over.usable_until = start + DAY
    make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    db.session.commit()
    in_the_way = sa.select(License.user_id).where(
        License.user_id.is_not(None), License.where_in_the_way(start)
    )
    assert set(db.session.scalars(in_the_way)) == {cast.dave.id}
    every = db.session.scalars(sa.select(License).where(License.user_id.is_not(None))).all()
    assert {one.user_id for one in every if not one.gives_way(start)} == {cast.dave.id}
