"""The user's article, followed word for word in a browser, from the sign-in page to the mail and its button."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from demo.fill import PASSWORD
from models import License, LicenseState, User, db
from tests.browser.article import ENGLISH, FRENCH, NBSP, Article
from tests.browser.conftest import Desk, OpenPage
from tests.sandbox_process import DEBIT_SUCCEEDS, DECLINED, SUCCESS

ADMIN, BUYER = "admin@acme.example", "Mélanie Gagnon"


def held_by(email: str) -> License:
    """The licence that a person holds."""
    db.session.rollback()
    return db.session.scalars(
        sa.select(License).join(User, License.user_id == User.id).where(User.email == email)
    ).one()


def buy(article: Article, plan: str, count: int, total: str) -> None:
    """From the menu to the payment page."""
    article.open_purchases()
    article.add(plan, count, BUYER)
    article.proceed(article.validate(), count, total)


@pytest.mark.usefixtures("worker")
def test_an_administrator_follows_the_article_in_french(desk: Desk, open_page: OpenPage) -> None:
    _follow_in_french(desk, open_page)


@pytest.mark.one_database
@pytest.mark.usefixtures("worker")
def test_the_article_can_be_followed_without_javascript(desk: Desk, open_page: OpenPage) -> None:
    _follow_in_french(desk, open_page, java_script_enabled=False)


def _follow_in_french(desk: Desk, open_page: OpenPage, **options: Any) -> None:
    page = open_page(**options)
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    article.open_purchases()
    card = page.get_by_role("article", name="Avancé", exact=True)
    expect(card).to_contain_text(f"100{NBSP}$ par licence, par année, avant taxes")
    expect(page.get_by_text("Rien n’est facturé avant le paiement.")).to_be_visible()
    cart = article.add("Avancé", 5, BUYER)
    for words in (f"TPS 5{NBSP}%", f"25,00{NBSP}$", f"TVQ 9,975{NBSP}%", f"49,88{NBSP}$"):
        expect(cart).to_contain_text(words)
    expect(page.get_by_role("region", name="Panier en cours")).to_contain_text(f"574,88{NBSP}$")
    window = article.validate()
    expect(window.get_by_role("link", name="Fermer sans rien changer").last).to_be_visible()
    article.proceed(window, 5, "574,88")
    article.pay(SUCCESS, "574,88")
    article.see_delivered(5, "5 licences Avancé")
    row = article.find_person("Sophie Paquette")
    article.assign(row, "Sophie Paquette", "Avancé")
    sophie = Article(open_page(**options), desk.url, FRENCH)
    mail = sophie.open_mail(f"{desk.sandbox.url}/inbox", "sophie.paquette@acme.example", "Avancé")
    expect(mail.get_by_role("cell", name=BUYER)).to_be_visible()
    sophie.activate(mail)
    assert held_by("sophie.paquette@acme.example").state() == LicenseState.ACTIVATED
    _support_sees_it_all(open_page(**options), desk)


def _support_sees_it_all(page: Page, desk: Desk) -> None:
    """The order, the licence, the person, the mail and the journal, in the back office."""
    license = held_by("sophie.paquette@acme.example")
    order = license.order_line.order
    support = Article(page, desk.url, FRENCH)
    support.sign_in("support@trousseau.example", PASSWORD)

    page.goto(f"{desk.url}/support/orders/?q={order.reference}")
    page.get_by_role("link", name=order.reference, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.reference)
    expect(page.get_by_role("main")).to_contain_text(f"574,88{NBSP}$")
    expect(page.get_by_role("main")).to_contain_text("Payée")
    page.goto(f"{desk.url}/support/licenses/?q={license.key}")
    row = page.get_by_role("row").filter(has_text="Paquette, Sophie")
    expect(row).to_contain_text("Activée")
    page.goto(f"{desk.url}/support/people/?q=sophie.paquette@acme.example")
    page.get_by_role("link", name="Paquette, Sophie", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(license.key)
    page.get_by_role("link", name="Courriels envoyés à cette personne").click()
    expect(page.get_by_role("row").filter(has_text="Licence assignée")).to_contain_text("Envoyé")
    page.goto(f"{desk.url}/support/journal/?license={license.id}")
    for said in ("a assigné la licence", "Sophie Paquette a activé sa licence"):
        expect(page.get_by_role("row").filter(has_text=said)).to_have_count(1)


@pytest.mark.one_database
@pytest.mark.usefixtures("worker")
def test_an_administrator_follows_the_article_in_english(desk: Desk, open_page: OpenPage) -> None:
    page = open_page(locale="en-CA")
    article = Article(page, desk.url, ENGLISH)
    # Until sign-in the browser says the language, then the person: Mélanie's is French until she says so.
    Article(page, desk.url, ENGLISH).sign_in(ADMIN, PASSWORD)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.get_by_label("Votre menu").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    article.open_purchases()
    card = page.get_by_role("article", name="Advanced", exact=True)
    expect(card).to_contain_text("$100 per license, per year, before taxes")
    expect(page.get_by_text("Nothing is charged before payment.")).to_be_visible()
    article.add("Advanced", 5, BUYER)
    article.proceed(article.validate(), 5, "574.88")
    article.pay(SUCCESS, "574.88")
    article.see_delivered(5, "5 Advanced licenses")
    article.assign(article.find_person("Jonathan Smith"), "Jonathan Smith", "Advanced")
    jonathan = Article(open_page(locale="en-CA"), desk.url, ENGLISH)
    mail = jonathan.open_mail(f"{desk.sandbox.url}/inbox", "jonathan.smith@acme.example", "Advanced")
    jonathan.activate(mail)
    assert held_by("jonathan.smith@acme.example").state() == LicenseState.ACTIVATED


@pytest.mark.one_database
def test_a_declined_card_can_be_followed_by_another(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    buy(article, "Pro", 2, "413,91")
    page.watch.expected.append("status of 402")  # type: ignore[attr-defined]  # as Stripe answers, and browsers log
    article.pay(DECLINED, "413,91")
    expect(page.get_by_role("alert")).to_contain_text("La carte a été refusée. Rien n’a été facturé.")
    article.pay(SUCCESS, "413,91")
    article.see_delivered(2, "2 licences Pro")


@pytest.mark.one_database
def test_who_walks_away_finds_the_order_and_pays_it_later(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    buy(article, "Éco", 3, "172,46")
    page.get_by_role("link", name="Revenir sans payer").click()
    expect(page.get_by_text("Rien n’a été facturé").first).to_be_visible()
    article.choose_in_menu("Commandes et reçus", "Options")
    row = page.get_by_role("row").filter(has_text="En attente de paiement")
    expect(row).to_contain_text(f"172,46{NBSP}$")
    row.get_by_role("link").first.click()
    page.get_by_role("button", name="Payer").click()
    article.pay(SUCCESS, "172,46")
    article.see_delivered(3, "3 licences Éco")
    page.get_by_role("link", name="Reçu", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("123456782 RT0001")


@pytest.mark.one_database
def test_a_bank_debit_is_delivered_when_the_money_comes(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    buy(article, "Pro", 2, "413,91")
    page.get_by_label("Débit préautorisé").check()
    page.get_by_label("Nom du titulaire").fill(BUYER)
    page.get_by_label("Numéro d’institution").fill("000")
    page.get_by_label("Numéro de transit").fill("11000")
    page.get_by_label("Numéro de compte").fill(DEBIT_SUCCEEDS)
    page.get_by_role("button", name=f"Payer 413,91{NBSP}$").click()
    expect(page.get_by_role("heading", level=1, name="Votre paiement est en cours")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Rien n’est encore livré")
    desk.sandbox.settle()
    desk.sandbox.deliver()
    page.reload()
    article.see_delivered(2, "2 licences Pro")
