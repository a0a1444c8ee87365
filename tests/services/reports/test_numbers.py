"""The numbers of the two home pages: each counts what its name says, and nothing of another company."""

from __future__ import annotations

import datetime as dt

import pytest

from access import Actor
from models import (
    License,
    LicenseStatus,
    MailState,
    OrderState,
    OutgoingMail,
    StripeEvent,
    User,
    day_in,
    db,
    utcnow,
)
from services.buying import cart
from services.reports import company, counts, desk
from tests.factories import make_issue, make_licenses, make_order, make_user

DAY = dt.timedelta(days=1)


def test_a_customers_home_counts_its_own_alone(cast):
    now = utcnow()
    make_licenses(2, cast.alice, cast.pro, holder=cast.bob, ends=now + 10 * DAY)
    make_licenses(1, cast.alice, cast.pro, ends=now + 5 * DAY)
    make_licenses(1, cast.alice, cast.pro, starts=now - 10 * DAY, ends=now - DAY)
    make_licenses(1, cast.alice, cast.pro, status=LicenseStatus.REVOKED, ends=now + 5 * DAY)
    make_licenses(1, cast.alice, cast.pro, holder=cast.dave, starts=now - 10 * DAY, ends=now - DAY)
    make_licenses(1, cast.alice, cast.pro, ends=now + 100 * DAY)
    make_licenses(3, cast.carol, cast.pro, ends=now + 2 * DAY)
    gone = make_user(cast.acme, active=False)
    make_licenses(1, cast.alice, cast.eco, holder=gone, ends=now + 100 * DAY)
    make_licenses(
        1,
        cast.alice,
        cast.eco,
        holder=make_user(cast.acme, active=False),
        starts=now - 9 * DAY,
        ends=now - DAY,
    )
    cart.add(cast.acme.id, cast.pro, 4, Actor.of(cast.alice))
    cart.add(cast.acme.id, cast.eco, 2, Actor.of(cast.alice))
    cart.add(cast.globex.id, cast.pro, 9, Actor.of(cast.carol))
    found = company.figures(cast.acme.id, now)
    assert (found.in_cart, found.expiring) == (6, 3)
    assert found.first_expiry == day_in(cast.acme.zone, now + 5 * DAY)
    # Alice, Dave (whose licence is over) and Erin; not Bob, who holds one, nor who was deactivated.
    assert (found.people_without, found.people_expired, found.held_by_inactive) == (3, 1, 1)


def test_an_empty_company_has_nothing_waiting(cast):
    found = company.figures(cast.globex.id, utcnow())
    assert found == company.Figures(0, 0, None, people_without=2, people_expired=0, held_by_inactive=0)


def test_the_staffs_home_counts_what_waits(cast):
    order = make_order(cast.alice, cast.pro, issue="paid_twice")
    make_issue(order, "refunded")
    make_issue(order, "disputed", closed_at=utcnow(), reason="dealt with")
    make_order(cast.alice, cast.pro)
    make_order(cast.alice, cast.pro, state=OrderState.PROCESSING)
    now = utcnow()
    for number, state in enumerate([MailState.FAILED, MailState.FAILED, MailState.FAILED, MailState.SENT]):
        db.session.add(
            OutgoingMail(
                user_id=cast.bob.id,
                template="receipt",
                language="fr",
                state=state,
                dedupe_key=str(number),
                message_id=str(number),
            )
        )
    for number, handled_at in enumerate([None] * 4 + [now]):
        db.session.add(
            StripeEvent(
                id=str(number), type="t", object_id="o", livemode=False, created_at=now, handled_at=handled_at
            )
        )
    db.session.commit()
    assert desk.waiting() == desk.Waiting(issues=2, failed_mails=3, events=4, processing=1)


def test_the_staffs_home_counts_how_the_desk_does(cast, time_machine):
    time_machine.move_to("2026-11-15 12:00Z")
    now = utcnow()
    make_licenses(3, cast.alice, cast.pro, holder=cast.bob)
    make_licenses(1, cast.carol, cast.pro, starts=now - 10 * DAY, ends=now - DAY)
    make_licenses(1, cast.carol, cast.pro, status=LicenseStatus.SUSPENDED)
    make_order(cast.alice, cast.pro, paid=True, refunded=500)
    make_order(cast.alice, cast.pro, paid=True, paid_at=dt.datetime(2026, 11, 1, 3, 59, tzinfo=dt.UTC))
    found = desk.figures()
    # Four people of Acme, two of Globex; Sam is of the vendor's own.
    assert (found.companies, found.people, found.licenses, found.assigned) == (2, 6, 4, 1)
    paid = [34_493, 11_498, 11_498, 11_498 - 500]
    # The last order was paid on 31 October where the vendor is.
    assert (found.month, found.paid, found.revenue) == ("2026-11", 4, sum(paid))


def test_a_month_without_a_sale_earned_nothing_and_begins_with_its_first_instant(cast, time_machine):
    time_machine.move_to("2026-11-15 12:00Z")
    assert (desk.figures().paid, desk.figures().revenue) == (0, 0)
    order = make_order(cast.alice, cast.pro, paid=True, paid_at=dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC))
    assert (desk.figures().paid, desk.figures().revenue) == (1, order.total)
    # What was given back, or is contested, was not earned.
    for state in (OrderState.REFUNDED, OrderState.DISPUTED):
        make_order(cast.alice, cast.pro, paid=True, state=state)
    assert (desk.figures().paid, desk.figures().revenue) == (1, order.total)


@pytest.mark.parametrize(
    ("month", "start", "end"),
    [
        ("2026-11", "2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00"),
        ("2026-12", "2026-12-01T00:00-05:00", "2027-01-01T00:00-05:00"),
        ("2028-02", "2028-02-01T00:00-05:00", "2028-03-01T00:00-05:00"),
    ],
)
def test_a_month_is_the_vendors_own(cast, month, start, end):
    bounds = (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))
    assert desk.month_bounds(month) == bounds


def test_a_count_stops_at_its_limit_and_says_so(cast, monkeypatch):
    monkeypatch.setattr(counts, "COUNT_LIMIT", 3)
    make_licenses(5, cast.alice, cast.pro)

    everybody, some = db.select(License.id), db.select(User.id).where(User.company_id == cast.globex.id)
    assert counts.counts(everybody, some) == [4, 2]
