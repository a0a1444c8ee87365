"""The demonstration desk is complete, consistent, and one would believe it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from demo.fill import PASSWORD, fill
from models import (
    Assignment,
    Company,
    IssueKind,
    JournalEntry,
    JournalVerb,
    Language,
    License,
    LicenseState,
    MailKind,
    MailState,
    MailTrouble,
    Operation,
    Order,
    OrderIssue,
    OrderState,
    OutgoingMail,
    Plan,
    Role,
    TaxRate,
    User,
    db,
    utcnow,
)
from scripts import ledger
from services.catalogue import vendor
from services.foundation import operations
from services.mail.rendering import render_preview
from services.mail.still_true import check_wanted
from services.people import oneself
from services.reports import company as reports
from services.reports import desk as desk_reports
from services.seats import history
from services.seats.seat_counts import summary
from tests.torture import invariants

SIGN_INS = [
    *("admin@acme.example", "admin2@acme.example", "user@acme.example"),
    *("admin@globex.example", "support@trousseau.example"),
]
TORONTO = ZoneInfo("America/Toronto")
DAY = dt.timedelta(days=1)


def company(name):
    return db.session.scalars(sa.select(Company).where(Company.name == name)).one()


def person(email):
    return db.session.scalars(sa.select(User).where(User.email == email)).one()


def every(*conditions):
    return db.session.scalars(sa.select(conditions[0]).where(*conditions[1:])).all()


@pytest.fixture
def demo(scope):
    assert fill(everybody=False)


# --- Acme and Globex, which other tests stand on -------------------------------------------------------------------------


def test_it_is_complete_and_made_once(demo):
    for email in SIGN_INS:
        assert oneself.authenticate(email, PASSWORD).email == email
    assert db.session.scalar(sa.select(sa.func.count(TaxRate.place.distinct()))) == 13
    addresses = list(db.session.scalars(sa.select(User.email)))
    assert len(set(addresses)) == len(addresses) == 49

    entries = sa.select(sa.func.count(JournalEntry.id))
    before = db.session.scalar(entries)
    assert not fill()
    assert db.session.scalar(entries) == before


def test_a_desk_that_has_customers_is_left_alone(cast):
    with pytest.raises(RuntimeError, match="has customers already"):
        fill()
    assert len(every(Company)) == 2


def test_acme_has_forty_people_and_licenses_in_every_common_state(demo):
    acme, now = company("Acme"), utcnow()
    assert len(acme.users) == 40
    assert {user.email for user in acme.users if user.role == Role.ADMIN} == set(SIGN_INS[:2])
    states = Counter(license.state() for license in every(License, License.company_id == acme.id))
    assert states == {
        LicenseState.EXPIRED: 2,
        LicenseState.ACTIVATED: 15,
        LicenseState.ASSIGNED: 5,
        LicenseState.AVAILABLE: 5,
    }
    seats = {one.plan.code: (one.assigned, one.purchased) for one in summary(acme.id, now)}
    assert seats == {"eco": (2, 5), "avance": (15, 17), "pro": (3, 3)}
    figures = reports.figures(acme.id, now)
    assert (figures.expiring, figures.held_by_inactive, figures.people_expired) == (5, 1, 1)
    # Twenty hold nothing; one of the twenty others is deactivated.
    assert figures.people_without == 20
    assert (figures.first_expiry - now.astimezone(TORONTO).date()).days == 24
    license = every(License, License.user_id == person("user@acme.example").id)[0]
    assert license.state() == LicenseState.ASSIGNED
    assert every(License, License.user_id == person("sophie.paquette@acme.example").id) == []


@pytest.mark.parametrize(
    "now",
    [
        "2026-12-01 05:00:20Z",  # a minute into the month in Québec, where the year has not ended in UTC
        "2027-01-01 03:30Z",
        "2028-02-29 15:10Z",
        "2028-03-01 14:59Z",
        "2027-03-14 07:00Z",  # clocks go forward
        "2026-11-01 05:30Z",  # and back
    ],
)
@pytest.mark.one_database
def test_any_day_and_hour_is_a_day_to_try_it(scope, time_machine, now):
    time_machine.move_to(now, tick=False)
    assert fill()
    invariants.check_money()
    invariants.check_rows()
    today = vendor.current().today
    assert paid_this_month() >= 2
    assert abs((reports.figures(1, utcnow()).first_expiry - today).days - 24) <= (today.month == 2)
    assert every(JournalEntry, JournalEntry.at > utcnow()) == []


# --- Everything, as `make run` shows it ---------------------------------------------------------------------------------


@pytest.fixture
def whole(scope):
    assert fill()


def test_the_whole_desk_is_one_that_people_would_believe(whole):
    believable_customers()
    believable_year()
    what_waits()
    assert paid_this_month() >= 3
    figures = desk_reports.count_today()
    assert sum(sum(sold[-1] for sold in plans.values()) for plans in figures.sales.values()) > 0
    months = Counter(
        f"{at.astimezone(TORONTO):%Y-%m}" for at in db.session.scalars(sa.select(Order.placed_at))
    )
    assert len(months) >= 13


def paid_this_month():
    """Orders that were paid since the first of the month, by the vendor's days."""
    begun, _end = desk_reports.month_bounds(desk_reports.last_months()[-1])
    paid = sa.select(sa.func.count()).select_from(Order).where(Order.paid_at >= begun)
    return db.session.scalar(paid)


def believable_customers():
    companies = every(Company)
    sizes = sorted(len(one.users) for one in companies)
    assert (len(companies), sizes[0], sizes[-1] > 40) == (30, 3, True)
    assert len({one.province for one in companies}) >= 9
    assert {one.language for one in companies} == set(Language)
    assert len({one.time_zone for one in companies}) >= 6
    users = every(User, User.company_id.is_not(None))
    without = [user for user in users if not user.name.isascii() and user.email.isascii()]
    reverse = [user for user in users if user.name.isascii() and not user.email.isascii()]
    assert len(without) > 50
    assert len(reverse) >= 3
    assert all(unicodedata.is_normalized("NFC", user.name + user.email) for user in users)


def believable_year():
    now = utcnow()
    for order in every(Order):
        assert order.placed_at < now
        assert order.total > 0
    for license in every(License):
        assert license.valid_from < now
        assert license.user_id is None or license.valid_from <= license.assigned_at < now
        assert license.activated_at is None or license.assigned_at < license.activated_at < now
    entries = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id)).all()
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert entries[-1].at < now
    hours = {entry.at.astimezone(TORONTO).hour for entry in entries if now - entry.at > DAY}
    assert hours <= set(range(9, 19))
    bought = list(db.session.scalars(sa.select(Order.placed_at).order_by(Order.id)))
    assert bought == sorted(bought)
    for one in every(Company):
        assert all(one.created_at <= order.placed_at for order in every(Order, Order.company_id == one.id))
    verbs = {entry.verb for entry in entries}
    assert verbs >= {
        *(JournalVerb.COMPANY_ADDED, JournalVerb.PERSON_ADDED, JournalVerb.PERSON_INVITED),
        *(JournalVerb.PERSON_DEACTIVATED, JournalVerb.PERSON_CHANGED, JournalVerb.SIGNED_IN),
        *(JournalVerb.ORDER_PLACED, JournalVerb.ORDER_FULFILLED, JournalVerb.ORDER_EXPIRED),
        *(JournalVerb.LICENSE_ASSIGNED, JournalVerb.LICENSE_ACTIVATED, JournalVerb.LICENSE_RELEASED),
        *(JournalVerb.PAYMENT_FAILED, JournalVerb.CARD_DECLINED, JournalVerb.ISSUE_OPENED),
    }


def what_waits():
    now = utcnow()
    states = Counter(order.state for order in every(Order))
    assert states.keys() == {OrderState.PAID, OrderState.PENDING, OrderState.FAILED, OrderState.EXPIRED}
    waiting = every(Order, Order.state == OrderState.PENDING)
    # Whoever pays it gets a page of its own: none of its old ones is open anywhere.
    assert [(order.declined_at is None, order.stripe_session_id) for order in waiting] == [(False, None)]
    assert {issue.kind for issue in every(OrderIssue)} == {IssueKind.DISPUTED, IssueKind.REFUNDED}
    expired = every(License, License.where_state(LicenseState.EXPIRED, now), License.user_id.is_not(None))
    assert len(expired) >= 3
    assert len({one.company_id for one in every(License, License.where_ending_soon(now))}) >= 3
    held = sa.select(License).join(User, User.id == License.user_id).where(~User.active)
    assert db.session.scalars(held).all()
    mail = Counter(one.state for one in every(OutgoingMail))
    assert mail[MailState.FAILED] == 1
    # They are in the inbox as soon as the worker runs.
    assert mail[MailState.QUEUED] >= 10
    failed = every(OutgoingMail, OutgoingMail.state == MailState.FAILED)[0]
    assert failed.last_error.startswith(MailTrouble.RECIPIENT_REFUSED)
    assert failed.user.email.endswith("@refuse.example")
    queued = every(OutgoingMail, OutgoingMail.state == MailState.QUEUED)
    assert {MailKind(one.template) for one in queued} >= {
        *(MailKind.RECEIPT, MailKind.LICENSE_ASSIGNED, MailKind.LICENSE_RELEASED),
        *(MailKind.INVITATION, MailKind.PAYMENT_FAILED, MailKind.STAFF_ALERT),
    }
    for one in queued:
        check_wanted(one)


def test_its_rows_are_as_sound_as_those_of_the_verbs(whole):
    invariants.check_money()
    invariants.check_states(utcnow())
    invariants.check_rows()
    for one in every(Company):
        seats = history.as_of(one.id, utcnow())
        owned = every(License, License.company_id == one.id)
        assert {license.id: (license.user_id, license.state()) for license in owned} == {
            key: (seat.user_id, seat.state) for key, seat in seats.items()
        }
    overlapping = sa.text(
        "SELECT one.id FROM assignments AS one JOIN assignments AS other ON other.license_id = one.license_id"
        " AND other.id > one.id AND (one.ended_at IS NULL OR one.ended_at > other.started_at)"
    )
    assert db.session.execute(overlapping).all() == []
    assert {entry.operation for entry in every(JournalEntry)} == {one.id for one in every(Operation)}
    kinds = set()
    for mail in every(OutgoingMail):
        if (mail.template, mail.language) not in kinds:
            kinds.add((mail.template, mail.language))
            assert render_preview(mail).subject
    assert len(kinds) >= 10
    with db.engine.connect() as connection:
        # Events are Stripe's: it has sent none.
        assert {name for name, rows in ledger.read(connection).items() if not rows} == {"events"}


def test_the_desk_goes_on_from_there(whole):
    """Numbers go on, the last act can still be taken back, and a seat that is free can be given."""
    from access import Actor  # noqa: PLC0415
    from services import licenses  # noqa: PLC0415

    admin, sophie = person("admin@acme.example"), person("sophie.paquette@acme.example")
    last = db.session.scalars(sa.select(Operation).order_by(Operation.at.desc()).limit(1)).one()
    assert (last.verb, last.company_id) == (JournalVerb.LICENSE_RELEASED, admin.company_id)
    assert operations.undo(last, Actor.of(admin)) == []
    plan = db.session.scalars(sa.select(Plan).where(Plan.code == "avance")).one()
    assert licenses.assign(plan, sophie, Actor.of(admin)).user_id == sophie.id
    added = db.session.scalars(sa.select(Assignment).order_by(Assignment.id.desc()).limit(1)).one()
    assert added.user_id == sophie.id
