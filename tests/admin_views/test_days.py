"""The days that people read: the same for everybody, wherever the reader and their clock are."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import Assignment, License, OutgoingMail, Role, db
from services import licenses
from services.buying import delivery
from services.foundation.transaction import company_lock
from services.mail import letters
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_order, make_user

pytestmark = pytest.mark.one_database

# Half past ten in the evening in Vancouver; tomorrow in Québec, in Tokyo and in UTC.
PAID = dt.datetime.fromisoformat("2026-11-24T22:30-08:00")


@pytest.fixture
def bought(cast, time_machine):
    """One licence that Acme, in Vancouver, paid in the evening; Bob, who holds it, lives by Tokyo's clock."""
    cast.acme.time_zone, cast.alice.time_zone, cast.bob.time_zone = "America/Vancouver", None, "Asia/Tokyo"
    time_machine.move_to(PAID)
    order = make_order(cast.alice, cast.pro, paid=True, placed_at=PAID)
    with company_lock(cast.acme.id) as turn:
        delivery.deliver(turn, order)
        letters.receipt(turn, order)
    license = db.session.scalars(sa.select(License)).one()
    licenses.assign(cast.pro, cast.bob, Actor.of(cast.alice))
    return license


def texts(app, person, urls):
    client = sign_in(make_client(app), person)
    for url in urls:
        answer = client.get(url, buffered=True)
        assert answer.status_code == 200, url
        yield url, words(answer)


def test_a_licence_ends_on_one_day_for_everybody(app, cast, bought):
    key, mails = bought.id, db.session.scalars(sa.select(OutgoingMail.id)).all()
    order = bought.order_line.order
    read = [
        *texts(
            app,
            cast.sam,
            [
                "/support/licenses/",
                f"/support/licenses/details/?id={key}",
                "/support/licenses/export/csv/",
                f"/support/people/details/?id={cast.bob.id}",
                f"/support/customers/details/?id={cast.acme.id}",
                f"/support/orders/details/?id={order.id}",
                *(f"/support/mail/preview/?id={mail}" for mail in mails),
            ],
        ),
        *texts(
            app,
            cast.alice,
            [
                "/portal/",
                "/portal/licenses/",
                f"/portal/licenses/details/?id={key}",
                "/portal/licenses/export/csv/",
                "/portal/users/",
                f"/portal/users/{cast.bob.id}/license",
                f"/portal/orders/{order.reference}",
                f"/portal/orders/{order.reference}/result",
            ],
        ),
        *texts(app, cast.bob, ["/portal/my-license/"]),
    ]
    for url, text in read:
        assert "2027-11-24" not in text, url
        assert "24 novembre 2027" not in text, url
    said = {url for url, text in read if "2027-11-23" in text or "23 novembre 2027" in text}
    silent = {url for url, _text in read} - said
    # A receipt's mail tells what was paid, not until when.
    assert all("/mail/preview/" in url for url in silent), silent
    assert len(silent) <= 2


def test_a_receipt_has_the_date_of_the_vendor_for_every_reader(app, cast, bought):
    order = bought.order_line.order
    url = f"/portal/orders/{order.reference}/receipt"
    fern = make_user(cast.acme, "Fern", Role.ADMIN, time_zone="Asia/Tokyo")
    receipts = [dict(texts(app, person, [url]))[url] for person in (cast.alice, fern)]
    for text in receipts:
        # In Québec, where the vendor is, it was the 25th already.
        assert "Payé le 25 novembre 2026" in text
        assert "24 novembre 2026" not in text


def test_a_person_held_a_licence_from_and_to_days_of_their_company(cast, bought, time_machine):
    time_machine.move_to(PAID + dt.timedelta(days=2))
    licenses.release(bought, Actor.of(cast.alice), held_by=bought.user_id)
    held = db.session.scalars(sa.select(Assignment)).one()
    assert (held.first_day.isoformat(), held.last_day.isoformat()) == ("2026-11-24", "2026-11-26")
