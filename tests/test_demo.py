"""The demonstration desk is complete and consistent."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from demo.fill import PASSWORD, fill
from models import (
    Assignment,
    Company,
    JournalEntry,
    License,
    LicenseState,
    MailState,
    Order,
    OutgoingMail,
    TaxRate,
    User,
    db,
    utcnow,
)
from services.people import oneself

SIGN_INS = ["admin@acme.example", "user@acme.example", "admin@globex.example", "support@trousseau.example"]

DAY = dt.timedelta(days=1)


@pytest.fixture
def demo(scope):
    assert fill()


def test_it_is_complete_and_made_once(demo):
    for email in SIGN_INS:
        assert oneself.authenticate(email, PASSWORD).email == email
    assert db.session.scalar(sa.select(sa.func.count(TaxRate.place.distinct()))) == 13
    addresses = list(db.session.scalars(sa.select(User.email)))
    assert len(set(addresses)) == len(addresses) == 49
    assert all(address.isascii() for address in addresses)

    entries = sa.select(sa.func.count(JournalEntry.id))
    before = db.session.scalar(entries)
    assert not fill()
    assert db.session.scalar(entries) == before


def test_acme_has_forty_people_and_licenses_in_every_common_state(demo):
    acme = db.session.scalars(sa.select(Company).where(Company.name == "Acme")).one()
    assert len(acme.users) == 40
    states = Counter(
        license.state() for license in db.session.scalars(sa.select(License).filter_by(company_id=acme.id))
    )
    assert states == {
        LicenseState.EXPIRED: 2,
        LicenseState.ACTIVATED: 7,
        LicenseState.ASSIGNED: 4,
        LicenseState.AVAILABLE: 4,
    }
    user = oneself.find_all("user@acme.example")[0]
    license = db.session.scalars(sa.select(License).filter_by(user_id=user.id)).one()
    assert license.state() == LicenseState.ASSIGNED


def test_its_past_is_in_the_past_and_in_order(demo):
    now = utcnow()
    for order in db.session.scalars(sa.select(Order)):
        assert order.placed_at == order.paid_at < now
        assert order.tax > 0
    for license in db.session.scalars(sa.select(License)):
        assert license.valid_from < now
        if license.user_id:
            assert license.valid_from < license.assigned_at < now
        if license.activated_at:
            assert license.assigned_at < license.activated_at < now
    assert db.session.scalars(sa.select(JournalEntry).where(JournalEntry.at >= now)).all() == []
    unsent = sa.select(OutgoingMail).where(OutgoingMail.state != MailState.SENT)
    assert db.session.scalars(unsent).all() == []
    held = db.session.execute(sa.select(License.id, License.user_id).where(License.user_id.is_not(None)))
    open_ones = db.session.execute(
        sa.select(Assignment.license_id, Assignment.user_id).where(Assignment.ended_at.is_(None))
    )
    assert sorted(map(tuple, held)) == sorted(map(tuple, open_ones))


def test_its_past_is_in_order_and_happened_in_office_hours(demo):
    moments = list(db.session.scalars(sa.select(JournalEntry.at).order_by(JournalEntry.id)))
    hours = {
        moment.astimezone(ZoneInfo("America/Toronto")).hour for moment in moments if utcnow() - moment > DAY
    }
    assert hours
    assert hours <= set(range(9, 19))
    bought = list(db.session.scalars(sa.select(Order.placed_at).order_by(Order.id)))
    assert bought == sorted(bought)
    first = db.session.scalar(sa.select(sa.func.min(Order.placed_at)))
    assert all(company.created_at <= first for company in db.session.scalars(sa.select(Company)))
