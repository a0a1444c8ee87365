"""On a phone, and with a quick hand: what matters is on the screen, and nothing that was clicked is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from demo.fill import PASSWORD
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN = "admin@acme.example"
PHONE: ViewportSize = {"width": 375, "height": 740}


def test_a_filter_acts_when_it_is_chosen_and_is_taken_away_again_on_a_phone(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.set_viewport_size(PHONE)
    page.goto(f"{desk.url}/portal/users/")
    everybody = page.locator("tbody tr").count()
    page.locator("summary").filter(has_text="Forfait").click()
    page.locator(".drop-panel").get_by_role("link", name="Pro", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Retirer le filtre").click()
    expect(page.locator("tbody tr")).to_have_count(everybody)


def test_a_phone_chooses_the_order_in_a_field_since_it_has_no_heads(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.set_viewport_size(PHONE)
    page.goto(f"{desk.url}/portal/users/")
    first = page.locator("tbody tr").first.inner_text()
    page.get_by_label("Ordre").select_option("-name")
    expect(page).to_have_url(f"{desk.url}/portal/users/?sort=-name")
    expect(page.locator("tbody tr").first).not_to_have_text(first)
    expect(page.get_by_label("Ordre")).to_have_value("-name")


def test_an_unticked_box_is_what_one_sees_on_a_phone(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    page.watch.expected.append("status of 422")  # type: ignore[attr-defined]
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.set_viewport_size(PHONE)
    page.goto(f"{desk.url}/portal/plans/")
    page.get_by_role("button", name="Ajouter").first.click()
    page.get_by_role("link", name="Valider mes achats").click()
    page.get_by_role("button", name="Procéder à l’achat").click()
    expect(page.get_by_text("Cochez la case pour confirmer.")).to_be_in_viewport()
    expect(page.get_by_role("checkbox")).to_be_focused()


def test_three_quick_clicks_in_the_cart_are_three_more(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/plans/")
    page.get_by_role("button", name="Ajouter").first.click()
    cart = page.get_by_role("table", name="Panier")
    more = cart.get_by_role("button", name="Une de plus")
    for _ in range(3):
        more.click()
    bar = page.get_by_role("region", name="Panier en cours")
    expect(bar).to_contain_text("4 licences")
    expect(cart.get_by_role("spinbutton")).to_have_value("4")


def test_a_number_typed_just_before_the_purchase_is_validated_is_not_lost(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/plans/")
    page.get_by_role("button", name="Ajouter").first.click()
    page.get_by_role("table", name="Panier").get_by_role("spinbutton").fill("7")
    page.get_by_role("link", name="Valider mes achats").click()
    expect(page.get_by_role("region", name="Panier en cours")).to_contain_text("7 licences")
    page.get_by_role("link", name="Valider mes achats").click()
    expect(page.get_by_text("Je confirme l’ajout de 7 licences")).to_be_visible()


def test_the_cart_is_changed_where_one_stands_and_every_change_is_said(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/plans/")
    card = page.get_by_role("article", name="Pro", exact=True)
    add = card.get_by_role("button", name="Ajouter au panier")
    add.click()
    said = page.locator("body > [role=status]")
    expect(said).to_have_text("Le panier contient maintenant 1 licence Pro.")
    expect(add).to_be_focused()
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="Retirer du panier").click()
    expect(said).to_have_text("Retiré du panier\N{NO-BREAK SPACE}: Pro.")
    expect(page.get_by_role("heading", name="Panier")).to_be_focused()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_role("region", name="Panier en cours")).to_contain_text("1 licence")
    card.get_by_label("Nombre de licences").fill("0")
    add.click()
    expect(card.get_by_label("Nombre de licences")).to_be_focused()


def test_a_closed_window_leads_back_to_the_button_that_opened_it(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/plans/")
    page.get_by_role("button", name="Ajouter").first.click()
    opener = page.get_by_role("link", name="Valider mes achats")
    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
