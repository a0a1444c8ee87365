"""Orders: coming back from the payment page, what an order says of itself, receipts."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models import License, Order, OrderState, db, utcnow
from tests.admin_views.portal.pages import field, path_of, words
from tests.client import make_client, sign_in
from tests.factories import make_order
from tests.sandbox_process import DEBIT_FAILS, DECLINED


def buy(client, plan, quantity="2"):
    """The address of the payment page of a new order."""
    client.post("/portal/plans/add/", data={"plan": plan.id, "quantity": quantity})
    fingerprint = field(client.get("/portal/plans/confirm"), "fingerprint")
    answer = client.post("/portal/plans/confirm", data={"fingerprint": fingerprint, "accepted": "yes"})
    return answer.location


def the_order():
    db.session.rollback()
    return db.session.scalars(sa.select(Order)).one()


def licenses():
    return db.session.scalar(sa.select(sa.func.count(License.id)))


# --- Coming back --------------------------------------------------------------------------------------------------


def test_coming_back_twice_delivers_once(cast, alice, sandbox):
    back = path_of(sandbox.pay(buy(alice, cast.pro)))
    results = [alice.get(back).location for _ in range(3)]
    assert results == [f"/portal/orders/{the_order().reference}/result"] * 3
    assert licenses() == 2
    page = words(alice.get(results[0]))
    assert "2 licences ajoutées à votre compte" in page
    assert "Valide jusqu’au" in page


def test_who_comes_back_from_paying_is_led_to_that_purchase_and_to_no_other(cast, alice, sandbox):
    first = path_of(sandbox.pay(buy(alice, cast.pro)))
    reference = the_order().reference
    alice.get(first)
    second = path_of(sandbox.pay(buy(alice, cast.eco)))
    other = db.session.scalar(sa.select(Order.reference).where(Order.reference != reference))
    assert alice.get(second).location == f"/portal/orders/{other}/result"
    assert alice.get(first).location == f"/portal/orders/{reference}/result"


def test_fault_16_another_companys_session_is_not_found_and_delivers_nothing(cast, app, alice, sandbox):
    back = path_of(sandbox.pay(buy(alice, cast.pro)))
    carol = sign_in(make_client(app), cast.carol)
    assert carol.get(back).status_code == 404
    assert licenses() == 0
    assert the_order().state == OrderState.PENDING


@pytest.mark.one_database
@pytest.mark.parametrize(
    "session_id", ["", "cs_test_unknown", "abc", "cs_../../v1/customers", "cs_" + "x" * 900]
)
def test_a_session_that_is_not_there_is_not_found(cast, alice, sandbox, session_id):
    answer = alice.get("/portal/orders/done", query_string={"session_id": session_id})
    assert answer.status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize("session_id", ["", "abc", "cs_../../v1/customers", "cs_" + "x" * 251])
def test_stripe_is_not_asked_about_what_cannot_be_a_session(cast, app, alice, session_id):
    app.config["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    answer = alice.get("/portal/orders/done", query_string={"session_id": session_id})
    assert answer.status_code == 404, "Stripe was asked, and did not answer"


def test_a_payment_service_that_is_down_is_asked_again_later(cast, alice, sandbox):
    back = path_of(sandbox.pay(buy(alice, cast.pro)))
    sandbox.settings(fail_next=20)
    page = alice.get(back)
    assert page.status_code == 200
    assert "Votre paiement est en cours de confirmation" in words(page)
    assert "Vérifier de nouveau" in words(page)
    sandbox.settings(fail_next=0)
    assert "2 licences ajoutées" in words(alice.get(alice.get(back).location))


def test_a_bank_debit_says_that_nothing_is_delivered_yet(cast, alice, sandbox):
    back = path_of(sandbox.pay_by_debit(buy(alice, cast.pro)))
    page = words(alice.get(alice.get(back).location))
    assert "Votre paiement est en cours" in page
    assert "Rien n’est encore livré" in page
    assert licenses() == 0
    sandbox.settle()
    assert "2 licences ajoutées" in words(alice.get(alice.get(back).location))
    assert licenses() == 2


def test_a_bank_debit_that_failed_can_be_paid_again(cast, alice, sandbox):
    back = path_of(sandbox.pay_by_debit(buy(alice, cast.pro), DEBIT_FAILS))
    alice.get(back)
    sandbox.settle()
    page = words(alice.get(alice.get(back).location))
    assert "Paiement refusé" in page
    assert "Votre institution financière a refusé le paiement." in page
    again = alice.post(f"/portal/orders/{the_order().reference}/pay")
    assert "2 licences ajoutées" in words(alice.get(alice.get(path_of(sandbox.pay(again.location))).location))


def test_a_declined_card_leaves_the_same_page_to_pay_on(cast, alice, sandbox):
    page = buy(alice, cast.pro)
    assert sandbox.pay(page, DECLINED) is None
    order = the_order()
    shown = words(alice.get(f"/portal/orders/{order.reference}"))
    assert "En attente de paiement" in shown
    assert alice.post(f"/portal/orders/{order.reference}/pay").location == page
    assert licenses() == 0


def test_an_older_page_of_an_order_that_is_paid_by_now_speaks_of_no_second_payment(cast, alice, sandbox):
    first = path_of(sandbox.pay_by_debit(buy(alice, cast.pro), DEBIT_FAILS))
    alice.get(first)
    sandbox.settle()
    alice.get(first)
    url = f"/portal/orders/{the_order().reference}"
    alice.get(path_of(sandbox.pay(alice.post(f"{url}/pay").location)))
    assert the_order().state == OrderState.PAID
    answer = alice.get(first)
    assert answer.location == "/portal/orders/"
    page = words(alice.get(answer.location))
    assert "déjà payée" not in page
    assert "remboursera" not in page


def test_who_walks_away_comes_back_to_an_order_that_waits(cast, alice, sandbox):
    page = buy(alice, cast.pro)
    session_id = page.rpartition("/")[2].partition("?")[0].partition("#")[0]
    back = alice.get(path_of(sandbox.walk_away(session_id)))
    assert back.status_code == 200
    done = alice.get(f"/portal/orders/done?session_id={session_id}")
    assert (done.status_code, done.location) == (303, f"/portal/orders/{the_order().reference}")
    assert "Cette commande attend votre paiement. Rien n’a été facturé" in words(back)


# --- An order's page ----------------------------------------------------------------------------------------------


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("state", "word", "sentence"),
    [
        (OrderState.PENDING, "En attente de paiement", "attend votre paiement"),
        (OrderState.PROCESSING, "Paiement en cours", "Rien n’est encore livré"),
        (OrderState.PAID, "Payée", "Cette commande est payée"),
        (OrderState.FAILED, "Paiement refusé", "a refusé le paiement"),
        (OrderState.EXPIRED, "Paiement abandonné", "votre panier est conservé"),
        (OrderState.CANCELLED, "Annulée", "Cette commande a été annulée"),
        (OrderState.REFUNDED, "Remboursée", "licences sont révoquées"),
        (OrderState.DISPUTED, "Paiement contesté", "licences sont suspendues"),
    ],
)
def test_every_state_has_its_word_and_its_sentence(cast, alice, state, word, sentence):
    paid = state in {OrderState.PAID, OrderState.REFUNDED, OrderState.DISPUTED}
    order = make_order(cast.alice, cast.pro, 2, paid=paid, state=state)
    page = words(alice.get(f"/portal/orders/{order.reference}"))
    assert word in page
    assert sentence in page
    assert word in words(alice.get("/portal/orders/"))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("state", "told"),
    [(OrderState.PENDING, True), (OrderState.CANCELLED, False), (OrderState.EXPIRED, False)],
)
def test_a_declined_card_is_told_for_as_long_as_another_can_be_tried(cast, alice, state, told):
    order = make_order(cast.alice, cast.pro, state=state, declined_at=utcnow())
    assert (
        "La dernière carte a été refusée" in words(alice.get(f"/portal/orders/{order.reference}"))
    ) == told


@pytest.mark.one_database
def test_an_order_whose_payment_is_looked_at_is_not_offered_for_payment(cast, alice):
    order = make_order(cast.alice, cast.pro, issue="wrong_amount")
    page = alice.get(f"/portal/orders/{order.reference}")
    for shown in (page, alice.get("/portal/"), alice.get("/portal/plans/")):
        assert "ne payez pas de nouveau" in words(shown)
        assert f"/portal/orders/{order.reference}/pay" not in shown.text
    for verb in ("pay", "cancel"):
        answer = alice.post(f"/portal/orders/{order.reference}/{verb}")
        assert "ne payez pas de nouveau" in words(alice.get(answer.location))


@pytest.mark.one_database
def test_another_companys_order_is_not_found_by_any_path(cast, alice):
    order = make_order(cast.carol, cast.pro, 2, paid=True)
    for path in ("", "/receipt", "/result"):
        assert alice.get(f"/portal/orders/{order.reference}{path}").status_code == 404
        assert alice.get(f"/portal/orders/XXXXX-XXXXX{path}").status_code == 404
    waiting = make_order(cast.carol, cast.pro)
    for verb in ("pay", "cancel"):
        assert alice.post(f"/portal/orders/{waiting.reference}/{verb}").status_code == 404
    assert waiting.reference not in alice.get("/portal/orders/").text


@pytest.mark.one_database
def test_paying_or_cancelling_an_order_that_is_over_changes_nothing(cast, alice, sandbox):
    paid = make_order(cast.alice, cast.pro, paid=True)
    abandoned = make_order(cast.alice, cast.pro, state=OrderState.EXPIRED)
    for order in (paid, abandoned):
        for verb in ("pay", "cancel"):
            answer = alice.post(f"/portal/orders/{order.reference}/{verb}")
            page = words(alice.get(answer.location))
            assert f"La commande {order.reference} n’attend plus de paiement." in page
    db.session.rollback()
    states = {order.id: order.state for order in db.session.scalars(db.select(Order))}
    assert states == {paid.id: OrderState.PAID, abandoned.id: OrderState.EXPIRED}


# --- Receipts -----------------------------------------------------------------------------------------------------


def test_a_receipt_has_all_that_an_accountant_asks_for(cast, alice, sandbox):
    alice.get(path_of(sandbox.pay(buy(alice, cast.avance, "5"))))
    order = the_order()
    page = words(alice.get(f"/portal/orders/{order.reference}/receipt"))
    for said in [
        f"Reçu {order.reference}",
        "Logiciels Boréal inc.",
        "1, rue du Test",
        "Acme",
        "123, rue Saint-Jean",
        "Numéro de TPS 123456789 RT0001",
        "Numéro de TVQ 1234567890 TQ0001",
        "100,00 $",
        "500,00 $",
        "TPS 5 % 25,00 $",
        "TVQ 9,975 % 49,88 $",
        "Total (CAD) 574,88 $",
        "Mode de paiement Visa se terminant par 4242",
        "Payé le",
    ]:
        assert said in page, said


def test_a_tax_for_which_the_vendor_has_no_number_is_neither_charged_nor_printed(cast, alice, sandbox):
    cast.vendor.qst_number = ""
    db.session.commit()
    alice.get(path_of(sandbox.pay(buy(alice, cast.avance, "5"))))
    page = words(alice.get(f"/portal/orders/{the_order().reference}/receipt"))
    assert "TPS 5 % 25,00 $" in page
    assert "TVQ" not in page
    assert "Total (CAD) 525,00 $" in page


@pytest.mark.one_database
def test_a_receipt_keeps_what_was_true_when_it_was_paid(cast, alice):
    order = make_order(cast.alice, cast.pro, 2, paid=True)
    before = words(alice.get(f"/portal/orders/{order.reference}/receipt"))
    cast.vendor.address, cast.acme.street, cast.pro.name_fr = "Ailleurs", "Déménagée", "Renommé"
    db.session.commit()
    assert words(alice.get(f"/portal/orders/{order.reference}/receipt")) == before


@pytest.mark.one_database
def test_an_order_that_is_not_paid_has_no_receipt(cast, alice):
    order = make_order(cast.alice, cast.pro)
    assert alice.get(f"/portal/orders/{order.reference}/receipt").status_code == 404
