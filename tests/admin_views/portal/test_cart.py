"""The plan page: what is typed, the shared cart, the confirmation window."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from models import CartItem, Order, db
from tests.admin_views.portal.pages import field, words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_plan, make_price

BAD = ["0", "-1", "3.5", "1000000000", "１０", "", None, "ten", "1e3"]
SENTENCE = "Le nombre de licences doit être un nombre entier de 1 à 1 000. Votre panier n’a pas changé."


def add(client, plan, quantity):
    data = {"plan": plan.id} | ({} if quantity is None else {"quantity": quantity})
    return client.post("/portal/plans/add/", data=data)


def quantities():
    db.session.rollback()
    return dict(db.session.execute(sa.select(CartItem.plan_id, CartItem.quantity)).all())


@pytest.mark.one_database
def test_a_link_to_a_plan_complains_of_no_number(cast, alice):
    for query in (f"plan={cast.pro.id}", "quantity=abc", f"plan={cast.pro.id}&quantity=3"):
        assert 'aria-invalid="true"' not in alice.get(f"/portal/plans/?{query}").text, query


@pytest.mark.parametrize("typed", BAD)
@pytest.mark.one_database
def test_a_senseless_number_is_refused_beside_its_field_and_the_cart_is_kept(cast, alice, typed):
    add(alice, cast.pro, "2")
    refused = add(alice, cast.avance, typed)
    page = alice.get(refused.location)
    assert page.status_code == 200
    card = page.text.split(f'id="plan-{cast.avance.id}"', 1)[1].split("</article>", 1)[0]
    assert SENTENCE in words(card)
    assert quantities() == {cast.pro.id: 2}


@pytest.mark.parametrize("typed", BAD)
@pytest.mark.one_database
def test_a_senseless_number_on_a_line_leaves_the_line_as_it_was(cast, alice, typed):
    add(alice, cast.pro, "2")
    data = {"plan": cast.pro.id} | ({} if typed is None else {"quantity": typed})
    refused = alice.post("/portal/plans/cart/change/", data=data)
    page = alice.get(refused.location)
    assert 'aria-invalid="true"' in page.text
    assert SENTENCE in words(page)
    assert quantities() == {cast.pro.id: 2}


def test_quantities_add_up_change_in_place_and_lines_go(cast, alice):
    add(alice, cast.pro, "2")
    add(alice, cast.pro, "3")
    assert quantities() == {cast.pro.id: 5}
    alice.post("/portal/plans/cart/change/", data={"plan": cast.pro.id, "quantity": "7", "seen": "5"})
    assert quantities() == {cast.pro.id: 7}
    alice.post("/portal/plans/cart/remove/", data={"plan": cast.pro.id, "seen": "7"})
    assert quantities() == {}
    assert "Votre panier est vide. Choisissez un forfait" in words(alice.get("/portal/plans/"))


@pytest.mark.one_database
def test_each_change_of_the_cart_is_said_and_what_was_removed_can_be_put_back(cast, alice):
    def said():
        page = alice.get("/portal/plans/").text
        return page.split("data-toast>", 1)[1].split("</form>", 1)[0] if "data-toast>" in page else ""

    add(alice, cast.pro, "2")
    add(alice, cast.pro, "3")
    assert "Le panier contient maintenant 5 licences Pro." in words(said())
    assert said() == "", "it is said once"
    alice.post("/portal/plans/cart/change/", data={"plan": cast.pro.id, "quantity": "1", "seen": "5"})
    assert "Le panier contient maintenant 1 licence Pro." in words(said())
    alice.post("/portal/plans/cart/remove/", data={"plan": cast.pro.id, "seen": "1"})
    form = said()
    assert "Retiré du panier : Pro." in words(form)
    assert 'aria-label="Annuler : remettre Pro dans le panier"' in form.replace("\N{NO-BREAK SPACE}", " ")
    url, fields = (
        re.search(r'action="([^"]+)"', form)[1],
        dict(re.findall(r'name="(\w+)" value="(\w+)"', form)),
    )
    alice.post(url, data={"plan": fields["plan"], "quantity": fields["quantity"]})
    assert quantities() == {cast.pro.id: 1}


@pytest.mark.one_database
def test_what_is_counted_names_its_buttons_and_what_was_refused_is_marked(cast, alice):
    add(alice, cast.pro, "2")
    page = alice.get(f"/portal/plans/?line={cast.pro.id}&quantity=x").text.replace("\N{NO-BREAK SPACE}", " ")
    for name in (
        "Une de moins : Pro",
        "Une de plus : Pro",
        "Ajouter au panier : Pro",
        "Retirer du panier : Pro",
    ):
        assert f'aria-label="{name}"' in page
    assert 'Nombre de licences<span class="vh"> : Pro</span>' in page
    refused = alice.get(f"/portal/plans/?plan={cast.pro.id}&quantity=x").text
    assert f'aria-describedby="quantity-{cast.pro.id}-error"' in refused
    assert f'id="quantity-{cast.pro.id}-error"' in refused


@pytest.mark.one_database
def test_an_unknown_plan_is_not_found_and_a_withdrawn_one_is_refused(cast, alice):
    for nonsense in ("999999", "abc", "", "9" * 30):
        assert alice.post("/portal/plans/add/", data={"plan": nonsense, "quantity": "1"}).status_code == 404
    cast.eco.on_sale = False
    db.session.commit()
    refused = add(alice, cast.eco, "1")
    page = words(alice.get(refused.location))
    assert "Ce forfait n’est plus vendu. Votre panier n’a pas changé" in page
    assert "Éco" not in page
    assert quantities() == {}


def test_of_a_plan_that_is_not_for_sale_a_customer_never_learns(cast, alice):
    secret = make_plan("secret", on_sale=False, name_fr="Forfait secret", name_en="Secret plan")
    make_licenses(1, cast.alice, cast.eco)
    answers = [
        add(alice, secret, "1"),
        *map(alice.get, ("/portal/plans/", "/portal/users/", "/portal/licenses/")),
    ]
    answers += [alice.get(answers[0].location), alice.get(f"/portal/plans/?plan={secret.id}&quantity=x")]
    answers += [alice.get(f"/portal/{page}/?plan={secret.id}") for page in ("users", "licenses")]
    for answer in answers:
        assert "secret" not in answer.text.lower()
    make_licenses(1, cast.alice, secret)
    assert "Forfait secret" in alice.get("/portal/users/").text, "what one owns one knows"


def test_the_same_add_sent_twice_counts_once_and_the_next_page_adds(cast, alice):
    def token():
        return re.search(r'name="once" value="([^"]+)"', alice.get("/portal/plans/").text)[1]

    form = {"plan": cast.eco.id, "quantity": "2", "once": token()}
    for _ in range(2):
        assert alice.post("/portal/plans/add/", data=form).status_code == 303
    assert quantities() == {cast.eco.id: 2}
    alice.post("/portal/plans/add/", data=form | {"once": token()})
    assert quantities() == {cast.eco.id: 4}


def test_a_plan_withdrawn_meanwhile_is_flagged_and_cannot_be_bought(cast, alice):
    add(alice, cast.eco, "1")
    add(alice, cast.pro, "1")
    cast.eco.on_sale = False
    db.session.commit()
    page = words(alice.get("/portal/plans/"))
    assert "Ce forfait n’est plus vendu : retirez cette ligne pour continuer." in page
    refused = alice.get("/portal/plans/confirm")
    assert refused.status_code == 302
    assert "Ce forfait n’est plus vendu : Éco." in words(alice.get(refused.location))
    assert quantities() == {cast.eco.id: 1, cast.pro.id: 1}


def test_two_administrators_share_the_cart_and_read_who_added_what(cast, app, alice):
    erin = sign_in(make_client(app), cast.erin)
    add(alice, cast.pro, "2")
    add(erin, cast.avance, "1")
    page = words(erin.get("/portal/plans/"))
    assert "Added by Alice Tremblay" in page
    assert "Added by Erin Tremblay" in page
    alice.post("/portal/plans/cart/remove/", data={"plan": cast.pro.id, "seen": "2"})
    late = erin.post("/portal/plans/cart/change/", data={"plan": cast.pro.id, "quantity": "9"})
    assert "This line is not in the cart any more. Nothing was changed." in words(erin.get(late.location))
    assert quantities() == {cast.avance.id: 1}


@pytest.mark.one_database
@pytest.mark.parametrize("seen", ["2", "", "x", None])
def test_a_line_that_a_colleague_has_changed_is_not_changed_by_who_saw_it_before(cast, alice, seen):
    add(alice, cast.pro, "5")
    data = {"plan": cast.pro.id, "quantity": "3"} | ({} if seen is None else {"seen": seen})
    for act in ("change", "remove"):
        answer = alice.post(f"/portal/plans/cart/{act}/", data=data)
        assert "elle contient maintenant 5 licences" in words(alice.get(answer.location))
    assert quantities() == {cast.pro.id: 5}


def test_another_companys_cart_is_out_of_reach(cast, app, alice):
    add(alice, cast.pro, "2")
    carol = sign_in(make_client(app), cast.carol)
    assert "Your cart is empty." not in words(carol.get("/portal/plans/"))
    assert "Votre panier est vide." in words(carol.get("/portal/plans/"))
    carol.post("/portal/plans/cart/change/", data={"plan": cast.pro.id, "quantity": "9"})
    carol.post("/portal/plans/cart/remove/", data={"plan": cast.pro.id})
    assert quantities() == {cast.pro.id: 2}


@pytest.mark.one_database
def test_nothing_changes_without_a_token_of_our_own_page(cast, alice):
    add(alice, cast.pro, "2")
    for url, data in [
        ("add/", {"plan": cast.pro.id, "quantity": "1"}),
        ("cart/change/", {"plan": cast.pro.id, "quantity": "1"}),
        ("cart/remove/", {"plan": cast.pro.id}),
        ("confirm", {"accepted": "yes"}),
    ]:
        assert alice.post(f"/portal/plans/{url}", data=data, csrf=False).status_code == 400
    assert quantities() == {cast.pro.id: 2}


# --- The confirmation window --------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_an_empty_cart_has_nothing_to_confirm(cast, alice):
    refused = alice.get("/portal/plans/confirm")
    assert "Votre panier est vide. Choisissez d’abord un forfait" in words(alice.get(refused.location))


def test_an_unticked_box_keeps_the_window_open_and_orders_nothing(cast, alice):
    add(alice, cast.pro, "1")
    window = alice.get("/portal/plans/confirm")
    answer = alice.post("/portal/plans/confirm", data={"fingerprint": field(window, "fingerprint")})
    assert answer.status_code == 422
    assert "<dialog" in answer.text
    assert 'aria-describedby="accepted-error"' in answer.text
    assert "Cochez la case pour confirmer." in words(answer)
    assert db.session.scalar(sa.select(sa.func.count(Order.id))) == 0


def test_a_price_that_changed_since_is_read_again_before_anything_is_ordered(cast, alice):
    add(alice, cast.pro, "1")
    window = alice.get("/portal/plans/confirm")
    make_price(cast.pro, 20_000, starts_on=cast.vendor.today)
    data = {"fingerprint": field(window, "fingerprint"), "accepted": "yes"}
    answer = alice.post("/portal/plans/confirm", data=data)
    assert answer.status_code == 422
    assert "a changé depuis que vous avez lu la confirmation" in words(answer)
    assert "229,95 $" in words(answer)
    assert db.session.scalar(sa.select(sa.func.count(Order.id))) == 0


def test_a_waiting_order_is_shown_with_its_two_ways_out(cast, alice, sandbox):
    add(alice, cast.pro, "1")
    window = alice.get("/portal/plans/confirm")
    data = {"fingerprint": field(window, "fingerprint"), "accepted": "yes"}
    url = alice.post("/portal/plans/confirm", data=data).location
    again = alice.post("/portal/plans/confirm", data=data).location
    assert again == url
    order = db.session.scalars(sa.select(Order)).one()
    page = words(alice.get("/portal/plans/"))
    assert f"La commande {order.reference} attend votre paiement (206,96 $)." in page
    cancelled = alice.post(f"/portal/orders/{order.reference}/cancel")
    assert "est annulée. Rien n’a été facturé." in words(alice.get(cancelled.location))
    assert quantities() == {cast.pro.id: 1}


def test_a_payment_service_that_is_down_keeps_order_and_cart(cast, alice, sandbox):
    add(alice, cast.pro, "1")
    window = alice.get("/portal/plans/confirm")
    sandbox.settings(fail_next=20)
    answer = alice.post(
        "/portal/plans/confirm", data={"fingerprint": field(window, "fingerprint"), "accepted": "yes"}
    )
    assert answer.status_code == 303
    page = words(alice.get(answer.location))
    assert "Le service de paiement ne répond pas en ce moment." in page
    assert "attend votre paiement" in page
    assert quantities() == {cast.pro.id: 1}
