"""The numbers of the two home pages: each counts what its name says, and nothing of another company."""

from __future__ import annotations

import datetime as dt

import pytest

import access
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
from services.reports import company, counts, desk, kept
from tests.factories import make_company, make_issue, make_licenses, make_order, make_request, make_user

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
    assert found.unused_since is not None
    # Alice, Dave (whose licence is over) and Erin; not Bob, who holds one, nor who was deactivated.
    assert (found.people_without, found.people_expired, found.held_by_inactive) == (3, 1, 1)


def test_an_empty_company_has_nothing_waiting(cast):
    found = company.figures(cast.globex.id, utcnow())
    assert found == company.Figures(
        0,
        0,
        None,
        people_without=2,
        people_expired=0,
        held_by_inactive=0,
        asking=0,
        last_asked=None,
        unused_since=None,
    )


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
    make_order(cast.carol, cast.pro, state=OrderState.FAILED)
    # Somebody can answer the first, and nobody the second.
    make_request(cast.bob)
    make_request(make_user(make_company("Orphan")))
    assert desk.waiting() == desk.Waiting(issues=2, declined=1, failed_mails=3, events=4, requests=1)
    told = {(found.of, found.code, found.customer) for found in desk.examples()}
    assert told == {
        ("issues", "paid_twice", "Acme"),
        ("issues", "refunded", "Acme"),
        ("declined", "", "Globex"),
        ("failed_mails", "", ""),
    }
    assert desk.today().under_way == {"CAD": (1, 11_498)}


def test_the_staffs_home_counts_how_the_desk_does(cast, time_machine):
    time_machine.move_to("2026-11-15 12:00Z")
    now = utcnow()
    # Four of Acme, one of them held; two of Globex are over, one of which somebody still holds; one is suspended.
    make_licenses(3, cast.alice, cast.pro, holder=cast.bob, starts=now - 40 * DAY, ends=now + 20 * DAY)
    make_licenses(1, cast.alice, cast.eco, starts=now - 20 * DAY, ends=now + 70 * DAY)
    make_licenses(2, cast.carol, cast.pro, holder=cast.carol, starts=now - 400 * DAY, ends=now - DAY)
    make_licenses(1, cast.carol, cast.pro, status=LicenseStatus.SUSPENDED)
    gone = make_licenses(1, cast.alice, cast.eco, status=LicenseStatus.REVOKED, starts=now - 50 * DAY)[0]
    gone.gone_at = now - 10 * DAY
    db.session.execute(
        db.update(License).values(assigned_at=now - 15 * DAY).where(License.user_id.is_not(None))
    )
    db.session.commit()
    found = desk.today()
    assert found.plans == {cast.pro.id: desk.Seats(4, 1), cast.eco.id: desk.Seats(1, 0)}
    assert (found.total, found.total.unheld) == (desk.Seats(5, 1), 4)
    assert found.ending == {30: desk.Seats(3, 1), 60: desk.Seats(3, 1), 90: desk.Seats(4, 1)}
    assert found.unheld == desk.Tally(3, 1, ((cast.acme.id, "Acme", 3),))
    assert found.bought == {cast.acme.id: 4}
    assert found.expired == desk.Tally(1, 1, ((cast.globex.id, "Globex", 1),))
    assert found.unused == desk.Tally(1, 1, ((cast.acme.id, "Acme", 1),))
    # Thirty days ago: three of Acme and the one that is gone, two of Globex; at the end of October one more of Acme; at that of September neither.
    assert found.change == 5 - 6
    assert (len(found.in_force), found.in_force[-3:]) == (12, (3, 7, 5))
    assert found.months == desk.last_months() == (found.months[0], *found.months[1:])
    assert (found.months[0], found.months[-1]) == ("2025-12", "2026-11")


def test_sales_are_before_taxes_by_month_and_plan_and_currency_without_what_was_given_back(
    cast, time_machine
):
    time_machine.move_to("2026-11-15 12:00Z")
    assert desk.today().sales == {}
    night = dt.datetime(2026, 11, 1, 3, 59, tzinfo=dt.UTC)
    first = make_order(cast.alice, cast.pro, 2, paid=True, paid_at=night + dt.timedelta(minutes=1))
    # Still October where the vendor is; eleven months ago, and a month too early.
    make_order(cast.alice, cast.eco, paid=True, paid_at=night)
    make_order(cast.carol, cast.pro, paid=True, paid_at=dt.datetime(2025, 12, 31, tzinfo=dt.UTC))
    make_order(cast.carol, cast.pro, paid=True, paid_at=dt.datetime(2025, 11, 30, tzinfo=dt.UTC))
    # A quarter was given back; all of it was, or is contested; nobody has paid.
    part = make_order(cast.carol, cast.pro, paid=True)
    part.refunded = part.total // 4
    for state in (OrderState.REFUNDED, OrderState.DISPUTED):
        make_order(cast.alice, cast.pro, paid=True, state=state)
    make_order(cast.alice, cast.pro)
    abroad = make_order(cast.alice, cast.pro, paid=True)
    abroad.currency = "USD"
    db.session.commit()
    found, price = desk.today().sales, part.net
    left = price * (part.total - part.refunded) // part.total
    assert found["USD"] == {cast.pro.id: [0] * 11 + [abroad.net]}
    assert found["CAD"] == {
        cast.pro.id: [price] + [0] * 10 + [first.net + left],
        cast.eco.id: [0] * 10 + [make_order(cast.alice, cast.eco).net, 0],
    }


@pytest.mark.one_database
def test_the_desks_numbers_are_a_minute_old_at_most_and_the_staffs_alone(cast, app, time_machine):
    time_machine.move_to("2026-11-15 12:00Z", tick=False)
    app.config[kept.SETTING] = kept.KEPT_FOR
    app.extensions.pop("kept_figures", None)
    assert desk.today().plans == {}
    make_licenses(1, cast.alice, cast.pro)
    time_machine.shift(59)
    assert desk.today().plans == {}
    time_machine.shift(1)
    assert desk.today().plans == {cast.pro.id: desk.Seats(1, 0)}
    # A clock that was put back does not keep them for longer.
    make_licenses(1, cast.alice, cast.pro)
    time_machine.shift(-3600)
    assert desk.today().total.bought == 2
    for scope in (access.scope_of(cast.alice), access.NOTHING):
        with access.scoped(scope), pytest.raises(PermissionError):
            desk.today()


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
