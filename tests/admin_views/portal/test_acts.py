"""What an administrator reads after each act, and where it leads them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
import stripe
from flask_login import login_user

from access import Actor
from admin_views.portal.orders import terms_of
from admin_views.portal.own import own_company
from models import Assignment, CartItem, License, LicenseStatus, Order, OrderState, Outcome, db, utcnow
from services import licenses
from services.payments import settlement
from tests import factories
from tests.admin_views.asked import do_to_many, to_release
from tests.admin_views.portal.pages import path_of, words
from tests.admin_views.portal.test_orders import buy
from tests.client import make_client, sign_in
from tests.sandbox_process import SandboxProcess


def the_order():
    db.session.rollback()
    return db.session.scalars(sa.select(Order)).one()


# --- Coming back from paying ----------------------------------------------------------------------------------------


def test_a_second_payment_of_an_order_is_said_and_not_shown_as_a_purchase(cast, alice, sandbox):
    url = buy(alice, cast.pro)
    first = the_order()
    first.attempt, first.stripe_session_id = 2, None
    db.session.commit()
    second_url = alice.post(f"/portal/orders/{first.reference}/pay").location
    sandbox.pay(url)
    # In another tab, before the desk has heard of the first and could close this page.
    back = sandbox.pay(second_url)
    assert settlement.fulfil(sandbox.api("checkout/sessions")["data"][1]["id"]) == "fulfilled"
    answer = alice.get(path_of(back))
    assert (answer.status_code, answer.location) == (303, "/portal/orders/")
    assert "déjà payée" in words(alice.get(answer.location))


@pytest.mark.one_database
def test_a_session_that_this_desk_did_not_make_is_not_found(cast, app, alice, sandbox):
    client = stripe.StripeClient(
        SandboxProcess.secret_key, base_addresses={"api": sandbox.url}, http_client=stripe.RequestsClient()
    )
    item = {
        "quantity": 1,
        "price_data": {"currency": "cad", "unit_amount": 500, "product_data": {"name": "other"}},
    }
    session = client.v1.checkout.sessions.create(
        params={"mode": "payment", "line_items": [item], "success_url": "https://other.example/"}
    )
    assert alice.get(f"/portal/orders/done?session_id={session.id}").status_code == 404
    assert settlement.fulfil(session.id) == Outcome.FOREIGN


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("state", "leads_to"),
    [("pending", ""), ("failed", ""), ("processing", None), ("paid", None), ("cancelled", "")],
)
def test_the_page_of_a_purchase_is_for_what_was_bought(cast, alice, state, leads_to):
    paid = {"paid_at": utcnow()} if state == "paid" else {}
    order = factories.make_order(cast.alice, cast.pro, state=state, **paid)
    answer = alice.get(f"/portal/orders/{order.reference}/result")
    if leads_to is None:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.location) == (303, f"/portal/orders/{order.reference}")


@pytest.mark.one_database
def test_an_order_can_be_paid_on_its_page_while_it_waits_and_nobody_looks_at_it(cast, alice):
    for state, issue, payable in (
        ("pending", None, True),
        ("failed", None, True),
        ("pending", "wrong_amount", False),
        ("cancelled", None, False),
    ):
        order = factories.make_order(cast.alice, cast.pro, state=state, issue=issue)
        page = alice.get(f"/portal/orders/{order.reference}").text
        assert (f"/portal/orders/{order.reference}/pay" in page) == payable, (state, issue)


@pytest.mark.one_database
def test_an_order_of_a_colleague_is_cancelled_and_leads_back_to_its_page(cast, alice):
    order = factories.make_order(cast.erin, cast.pro)
    answer = alice.post(f"/portal/orders/{order.reference}/cancel")
    assert (answer.status_code, answer.location) == (303, f"/portal/orders/{order.reference}")
    assert the_order().state == OrderState.CANCELLED
    assert order.reference in words(alice.get(answer.location))
    for other in (order.reference.lower(), order.reference + "0", order.reference[:-1]):
        assert alice.get(f"/portal/orders/{other}").status_code == 404


# --- The cart -------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_the_cart_leads_back_to_itself_after_each_change(cast, alice):
    for act, data in (
        ("add", {"quantity": "2"}),
        ("cart/change", {"quantity": "3", "seen": "2"}),
        ("cart/remove", {"seen": "3"}),
    ):
        answer = alice.post(f"/portal/plans/{act}/", data={"plan": cast.pro.id, **data})
        assert (answer.status_code, answer.location) == (303, "/portal/plans/#panier")
    assert db.session.scalars(sa.select(CartItem)).all() == []


@pytest.mark.one_database
def test_a_refused_number_leads_back_to_its_own_field_with_what_was_typed(cast, alice):
    typed = "9" * 30
    answer = alice.post("/portal/plans/add/", data={"plan": cast.pro.id, "quantity": typed})
    expected = f"/portal/plans/?plan={cast.pro.id}&quantity={'9' * 20}#plan-{cast.pro.id}"
    assert answer.location == expected
    alice.post("/portal/plans/add/", data={"plan": cast.pro.id, "quantity": "2"})
    answer = alice.post("/portal/plans/cart/change/", data={"plan": cast.pro.id, "quantity": "x"})
    assert answer.location == f"/portal/plans/?line={cast.pro.id}&quantity=x#line-{cast.pro.id}"
    page = alice.get(path_of(f"http://x{answer.location}")).text
    assert 'value="x"' in page
    suggested = alice.get(f"/portal/plans/?plan={cast.pro.id}&quantity=7").text
    assert 'value="7"' in suggested
    for nonsense in ("?quantity=7", "?plan=x&quantity=7", "?plan=1"):
        assert 'value="7"' not in alice.get(f"/portal/plans/{nonsense}").text
    # A link that names a plan and no number has nothing wrong in it.
    assert 'class="fault"' in page
    assert 'class="fault"' not in alice.get(f"/portal/plans/?plan={cast.pro.id}").text


# --- Licences -------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_licence_shows_who_held_it_and_nobody_who_held_another(cast, owned, alice):
    other, held = owned.free, owned.held
    licenses.assign_license(other, cast.bob, Actor.of(cast.alice))
    licenses.release(other, Actor.of(cast.sam), held_by=other.user_id)
    licenses.assign_license(other, cast.erin, Actor.of(cast.sam))
    page = alice.get(f"/portal/licenses/details/?id={other.id}")
    text = words(page.text.partition('<ul class="people')[2])
    assert text.index("Erin Tremblay") < text.index("Bob Tremblay")
    assert "Dave" not in text
    assert text.count("Soutien") == 2, "of the vendor's own people a customer reads no name"
    assert other.key in words(page)
    assert held.key[:11] not in page.text


@pytest.mark.one_database
def test_a_list_shows_the_beginning_of_each_key(cast, owned, alice):
    page = alice.get("/portal/licenses/").text
    assert f">{owned.held.key[:11]}…<" in page


@pytest.mark.one_database
def test_released_licences_are_counted_and_those_that_were_not_are_named(cast, owned, alice):
    blocked = [
        factories.make_licenses(1, cast.alice, cast.pro, holder=user, status=LicenseStatus.SUSPENDED)[0].id
        for user in (cast.bob, cast.erin)
    ]
    page = do_to_many(alice, "/portal/licenses/", "release", owned.held.id, *blocked)
    text = words(alice.get(page))
    assert "1 licence a été libérée" in text
    # Each is named: one knows which to ask support about.
    left = words(alice.get(f"{page}?show=left"))
    assert [name in left for name in ("Bob Tremblay", "Erin Tremblay")] == [True, True]
    assert left.count("Cette licence est suspendue") == 1, "once for both"
    answer = alice.post(
        "/portal/licenses/release/", data=to_release(blocked[0]) | {"url": "/portal/users/?q=a"}
    )
    assert answer.location == "/portal/users/?q=a"
    page = words(alice.get("/portal/users/"))
    assert "a été libérée" not in page
    assert "Cette licence est suspendue" in page


@pytest.mark.one_database
def test_a_licence_that_was_given_leads_back_to_its_page(cast, owned, alice):
    answer = alice.post(f"/portal/licenses/details/?id={owned.free.id}", data={"user": cast.bob.id})
    assert (answer.status_code, answer.location) == (303, f"/portal/licenses/details/?id={owned.free.id}")
    assert db.session.get_one(License, owned.free.id).user_id == cast.bob.id
    refused = alice.post(f"/portal/licenses/details/?id={owned.free.id}", data={"user": ""})
    assert refused.status_code == 422
    held = alice.get(f"/portal/licenses/details/?id={owned.free.id}").text
    assert 'name="user-text"' not in held


# --- People and home ------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_saving_a_persons_licence_leads_back_to_the_list_as_it_was(cast, owned, alice):
    url = f"/portal/users/{cast.bob.id}/license?url=/portal/users/?q%3Dbob"
    answer = alice.post(url, data={"plan": cast.avance.id})
    assert (answer.status_code, answer.location) == (303, "/portal/users/?q=bob")
    assert db.session.scalar(sa.select(Assignment.user_id).order_by(Assignment.id.desc())) == cast.bob.id
    other = alice.post(f"/portal/users/{cast.erin.id}/license", data={"plan": cast.avance.id})
    assert other.location == "/portal/users/"
    assert alice.post(f"/portal/users/{cast.erin.id}/license", data={"plan": "x"}).status_code == 422


@pytest.mark.one_database
def test_a_user_arrives_at_their_own_licence_and_an_administrator_at_the_companys(cast, owned, app, alice):
    dave = sign_in(make_client(app), cast.dave)
    assert "Advanced" in words(dave.get("/portal/"))
    assert "/portal/users/" not in dave.get("/portal/").text
    assert dave.get("/portal/my-license/").status_code == 200
    assert "/portal/users/" in alice.get("/portal/").text
    menu = re.findall(r'<a class="[^"]*nav-link[^"]*"[^>]*href="([^"]+)"', dave.get("/portal/").text)
    assert "/portal/" not in menu


@pytest.mark.one_database
def test_activating_leads_back_to_ones_own_page(cast, owned, app):
    dave = sign_in(make_client(app), cast.dave)
    answer = dave.post("/portal/my-license/activate/", data={"id": owned.held.id})
    assert (answer.status_code, answer.location) == (303, "/portal/my-license/")
    assert db.session.get_one(License, owned.held.id).activated_at is not None
    bob = sign_in(make_client(app), cast.bob)
    answer = bob.post("/portal/my-license/activate/", data={"id": owned.held.id}, follow_redirects=True)
    assert "plus" in words(answer)


@pytest.mark.one_database
def test_a_receipt_has_the_period_of_its_own_lines(cast, owned):
    (other,) = factories.make_licenses(1, cast.alice, cast.eco)
    terms = terms_of(other.order_line.order)
    assert set(terms) == {other.order_line_id}
    assert terms_of(factories.make_order(cast.alice, cast.pro)) == {}


@pytest.mark.one_database
def test_the_companys_pages_are_for_people_who_have_one(cast, app):
    with app.test_request_context():
        login_user(cast.sam)
        with pytest.raises(LookupError):
            own_company()
        login_user(cast.alice)
        assert own_company() is cast.acme


@pytest.mark.one_database
def test_what_happened_often_is_told_once_on_the_home_page(cast, alice):
    for _ in range(5):
        (seat,) = factories.make_licenses(1, cast.alice, cast.pro)
        licenses.assign_license(seat, cast.bob, Actor.of(cast.alice))
        licenses.release(seat, Actor.of(cast.sam), held_by=seat.user_id)
    page = words(alice.get("/portal/"))
    assert page.count("Vous avez assigné 5 licences Pro") == 1
    assert page.count("Le soutien a libéré 5 licences Pro, au nom d’Acme") == 1
