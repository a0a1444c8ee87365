"""Staff see every licence and order, and change them through the verbs alone."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, License, LicenseStatus, Order, OrderState, db
from services.buying import cart, quotes
from services.payments import checkout
from tests import factories
from tests.admin_views.asked import begin, confirm, do_to_many, prepare
from tests.admin_views.portal.pages import words
from tests.admin_views.support.forms import send
from tests.client import sign_in


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def holders() -> dict[int, int | None]:
    return {row.id: row.user_id for row in db.session.execute(sa.select(License.id, License.user_id))}


# --- Licences -------------------------------------------------------------------------------------------------------


def test_many_licenses_of_several_customers_are_released_after_asking(staff, cast):
    (first,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (second,) = factories.make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)
    (kept,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    ids = [first.id, second.id]
    page = begin(staff, "/support/licenses/", "release", *ids)
    prepare(staff, page)
    asked = words(staff.get(page))
    assert "Acme" in asked
    assert "Globex" in asked
    assert "Libérer 2 licences" in asked
    assert set(holders().values()) == {cast.bob.id, cast.charlie.id, cast.dave.id}
    confirm(staff, page)
    assert "2 licences ont été libérées." in words(staff.get(page))
    assert holders() == {first.id: None, second.id: None, kept.id: cast.dave.id}


def test_what_cannot_be_released_is_named_and_the_rest_is_done(staff, cast):
    (blocked,) = factories.make_licenses(
        1, cast.alice, cast.pro, holder=cast.bob, status=LicenseStatus.SUSPENDED
    )
    (free,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    ids = [blocked.id, free.id]
    page = do_to_many(staff, "/support/licenses/", "release", *ids)
    left = words(staff.get(f"{page}?show=left"))
    assert "Bob Tremblay" in left
    assert "Cette licence est suspendue" in left
    assert "Dave Tremblay" not in left
    assert holders() == {ids[0]: cast.bob.id, ids[1]: None}


def test_nothing_chosen_is_said_and_changes_nothing(staff, cast):
    for data in ({}, {"action": "release"}, {"action": "release", "rowid": "abc"}):
        assert staff.post("/support/licenses/action/", data=data).status_code in {302, 404}
    assert staff.post("/support/licenses/release/", data={"rowid": "999"}).status_code == 404


def test_a_license_is_given_to_a_person_of_its_own_company_only(staff, cast):
    factories.make_licenses(1, cast.carol, cast.pro)
    (license,) = factories.make_licenses(1, cast.alice, cast.pro)
    gaston = factories.make_user(cast.acme, "Gaston", active=False).id
    license_id = license.id
    url = f"/support/licenses/assign/?id={license_id}"
    lookup = f"/support/licenses/ajax/lookup/?name=holder&id={license_id}&query="
    assert [pair[0] for pair in staff.get(lookup + "tremblay").json] == [
        cast.alice.id,
        cast.bob.id,
        cast.dave.id,
        cast.erin.id,
    ]
    for holder in (cast.charlie.id, gaston, "999", "abc"):
        assert send(staff, url, holder=str(holder)).status_code == 422
    assert holders()[license_id] is None
    assert send(staff, url, **{"holder": "", "holder-text": "bob@acme.example"}).status_code == 302
    assert holders()[license_id] == cast.bob.id
    entry = db.session.scalar(sa.select(JournalEntry).where(JournalEntry.verb == "license_assigned"))
    assert entry.on_behalf_of_id == cast.acme.id


def test_a_license_that_was_taken_meanwhile_is_refused_with_a_sentence(staff, cast):
    (license,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    license_id = license.id
    url = f"/support/licenses/assign/?id={license_id}"
    answer = send(staff, url, **{"holder": "", "holder-text": "bob@acme.example"})
    assert answer.status_code == 302
    assert holders() == {license_id: cast.dave.id}


def test_licenses_are_found_by_key_whatever_the_case_and_by_their_holder(staff, cast):
    (held, other) = factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    for asked in (held.key, held.key.lower(), held.key[:9], "BOB@acme.example"):
        page = staff.get("/support/licenses/", query_string={"q": asked}).text
        assert held.key in page
        assert other.key not in page


def test_a_state_filter_shows_what_it_says(staff, cast):
    (held, free) = factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    for state, shown, hidden in (("assigned", held, free), ("available", free, held)):
        page = staff.get(f"/support/licenses/?state={state}").text
        assert shown.key in page
        assert hidden.key not in page


def test_no_form_edits_a_license_or_an_order(staff, cast):
    factories.make_licenses(1, cast.alice, cast.pro)
    for kind in ("licenses", "orders", "journal", "mail", "stripe-events"):
        assert staff.get(f"/support/{kind}/edit/?id=1").status_code == 404
        assert staff.post(f"/support/{kind}/edit/?id=1", data={"status": "revoked"}).status_code == 404
        assert staff.get(f"/support/{kind}/new/").status_code == 404
        assert staff.post(f"/support/{kind}/delete/", data={"id": 1}).status_code == 404


def test_the_export_of_licenses_holds_what_the_list_shows(staff, cast):
    factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    factories.make_licenses(1, cast.carol, cast.eco)
    assert len(staff.get("/support/licenses/export/csv/", buffered=True).text.splitlines()) == 4
    narrowed = staff.get(f"/support/licenses/export/csv/?company={cast.globex.id}", buffered=True).text
    assert "Globex" in narrowed
    assert "Acme" not in narrowed


# --- Orders ---------------------------------------------------------------------------------------------------------


def state_of(order_id: int) -> OrderState:
    return db.session.get(Order, order_id).state


def test_an_order_is_cancelled_after_asking(staff, cast):
    order = factories.make_order(cast.alice, cast.pro)
    order_id = order.id
    assert staff.get(f"/support/orders/cancel/?id={order_id}").status_code == 200
    assert state_of(order_id) == OrderState.PENDING
    assert staff.post("/support/orders/cancel-many/", data={"rowid": order_id}).status_code == 302
    assert state_of(order_id) == OrderState.CANCELLED
    entry = db.session.scalar(sa.select(JournalEntry).where(JournalEntry.verb == "order_cancelled"))
    assert (entry.actor_id, entry.on_behalf_of_id) == (cast.sam.id, cast.acme.id)


def test_a_paid_order_is_not_cancelled_and_the_others_are(staff, cast):
    paid = factories.make_order(cast.alice, cast.pro, paid=True)
    waiting = factories.make_order(cast.carol, cast.pro)
    reference, ids = paid.reference, [paid.id, waiting.id]
    answer = staff.post("/support/orders/cancel-many/", data={"rowid": ids}, follow_redirects=True)
    assert reference in answer.text
    assert [state_of(order_id) for order_id in ids] == [OrderState.PAID, OrderState.CANCELLED]


def test_an_order_without_a_payment_page_has_nothing_to_ask_stripe(staff, cast):
    order_id = factories.make_order(cast.alice, cast.pro).id
    answer = staff.post("/support/orders/check-many/", data={"rowid": order_id}, follow_redirects=True)
    assert "il n’y a rien à demander" in answer.text


def test_too_many_orders_at_once_are_refused(staff, cast):
    ids = [factories.make_order(cast.alice, cast.pro).id for _ in range(21)]
    for url in ("/support/orders/check-many/", "/support/orders/cancel-many/"):
        assert staff.post(url, data={"rowid": ids}).status_code == 302
    assert {state_of(order_id) for order_id in ids} == {OrderState.PENDING}


def test_what_to_look_at_of_an_order_is_said_in_words(staff, cast):
    order = factories.make_order(cast.alice, cast.pro, issue="wrong_amount")
    plain = factories.make_order(cast.alice, cast.pro)
    page = staff.get(f"/support/orders/details/?id={order.id}").text
    assert "Un autre montant a été payé" in page
    listed = staff.get("/support/orders/?attention=yes").text
    assert ("Un autre montant a été payé" in listed, plain.reference in listed) == (True, False)


def test_orders_are_found_by_reference_month_and_customer(staff, cast):
    mine = factories.make_order(cast.alice, cast.pro)
    other = factories.make_order(cast.carol, cast.pro)
    for query in (f"q={mine.reference.lower()}", f"q={mine.reference[:6]}", f"company={cast.acme.id}"):
        page = staff.get(f"/support/orders/?{query}").text
        assert mine.reference in page
        assert other.reference not in page
    month = f"{cast.vendor.today:%Y-%m}"
    assert mine.reference in staff.get(f"/support/orders/?month={month}").text
    assert mine.reference in staff.get("/support/orders/?month=1850-01").text


# --- Stripe, for real -----------------------------------------------------------------------------------------------


def test_an_order_whose_events_were_lost_is_delivered_when_stripe_is_asked(staff, cast, sandbox):
    by = Actor.of(cast.alice)
    cart.add(cast.acme.id, cast.pro, 2, by)
    quote = quotes.quote(cast.acme)
    url = checkout.check_out(cast.acme.id, fingerprint=quote.fingerprint, accepted=True, language="fr", by=by)
    sandbox.pay(url, "4242424242424242")
    order_id = db.session.scalar(sa.select(Order.id))
    assert state_of(order_id) == OrderState.PENDING
    answer = staff.post("/support/orders/check-many/", data={"rowid": order_id}, follow_redirects=True)
    assert "Payée et livrée." in answer.text
    assert state_of(order_id) == OrderState.PAID
    assert db.session.scalar(sa.select(sa.func.count()).select_from(License)) == 2
    again = staff.post("/support/orders/check-many/", data={"rowid": order_id}, follow_redirects=True)
    assert "Rien de nouveau" in again.text
    # What one order brought is said, not that it was one.
    assert "commande vérifiée" not in answer.text + again.text
    assert re.search(r"note ok[^§]*?Payée et livrée", answer.text)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(License)) == 2


def test_a_stripe_that_does_not_answer_is_said_and_changes_nothing(staff, cast, app):
    app.config["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    order_id = factories.make_order(cast.alice, cast.pro, stripe_session_id="cs_test_gone").id
    answer = staff.post("/support/orders/check-many/", data={"rowid": order_id}, follow_redirects=True)
    assert answer.status_code == 200
    assert state_of(order_id) == OrderState.PENDING


def test_two_orders_checked_at_once_are_counted(staff, cast, sandbox):
    ids = []
    for company, buyer in ((cast.acme, cast.alice), (cast.globex, cast.carol)):
        by = Actor.of(buyer)
        cart.add(company.id, cast.pro, 1, by)
        fingerprint = quotes.quote(company).fingerprint
        checkout.check_out(company.id, fingerprint=fingerprint, accepted=True, language="fr", by=by)
        ids.append(db.session.scalar(sa.select(Order.id).filter_by(company_id=company.id)))
    answer = staff.post("/support/orders/check-many/", data={"rowid": ids}, follow_redirects=True)
    assert "2\u00a0commandes vérifiées" in answer.text
