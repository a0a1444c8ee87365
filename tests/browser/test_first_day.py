"""An administrator's first day, in French: invited, in, a colleague added, a licence bought and given, all by themselves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from demo.fill import PASSWORD
from models import License, LicenseState, User, db
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage
from tests.sandbox_process import SUCCESS

OWN_PASSWORD = "un mot de passe à moi"
TITLE = "Votre compte chez Atelier Nord au portail Boréal"


@pytest.mark.one_database
@pytest.mark.usefixtures("worker")
def test_an_administrator_and_a_colleague_come_in_and_work_on_the_first_day(
    desk: Desk, open_page: OpenPage
) -> None:
    _support_opens_the_customer(open_page(), desk)
    article = _come_in(
        open_page(),
        desk,
        "ines@nord.example",
        "vous invite au portail Boréal, où Atelier Nord gère ses licences",
    )
    _add_colleague(article)
    _buy(article)
    article.assign(article.find_person("Noé Roy"), "Noé Roy", "Pro")

    colleague = _come_in(open_page(), desk, "noe@nord.example", "Inès Côté vous invite")
    colleague.page.get_by_role("button", name="Activer ma licence").click()
    expect(colleague.page.get_by_role("status")).to_contain_text("Votre licence est activée")
    db.session.rollback()
    held = sa.select(License).join(User, License.user_id == User.id)
    assert (
        db.session.scalars(held.where(User.email == "noe@nord.example")).one().state()
        == LicenseState.ACTIVATED
    )

    article.page.reload()
    article.page.goto(f"{desk.url}/portal/")
    expect(article.page.get_by_role("main")).to_contain_text("Vous avez ajouté Noé Roy")


def _support_opens_the_customer(page: Page, desk: Desk) -> None:
    support = Article(page, desk.url, FRENCH)
    support.sign_in("support@trousseau.example", PASSWORD)
    page.goto(f"{desk.url}/support/customers/new/")
    fields = {
        "Nom": "Atelier Nord",
        "Courriel de facturation": "comptes@nord.example",
        "Courriel de l’administrateur": "ines@nord.example",
        "Prénom de l’administrateur": "Inès",
        "Nom de l’administrateur": "Côté",
    }
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Province").select_option("QC")
    page.get_by_role("button", name="Sauvegarder").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Atelier Nord")


def _come_in(page: Page, desk: Desk, email: str, said: str) -> Article:
    """Open the invitation, read who sent it, choose a password: one is in."""
    article = Article(page, desk.url, FRENCH)
    mail = article.open_letter(f"{desk.sandbox.url}/inbox", email, TITLE)
    expect(mail.locator("body")).to_contain_text(said)
    with page.expect_popup() as popup:
        mail.get_by_role("link", name="Ouvrir mon compte", exact=True).click()
    inside = popup.value
    inside.get_by_label("Nouveau mot de passe", exact=True).fill(OWN_PASSWORD)
    inside.get_by_label("Confirmer le nouveau mot de passe").fill(OWN_PASSWORD)
    inside.get_by_role("button", name="Ouvrir mon compte").click()
    expect(inside.get_by_role("status")).to_contain_text("Bienvenue!")
    return Article(inside, desk.url, FRENCH)


def _add_colleague(article: Article) -> None:
    page = article.page
    article.choose_in_menu(FRENCH.people)
    page.get_by_role("link", name="Ajouter un utilisateur").click()
    for label, value in {"Prénom": "Noé", "Nom": "Roy", "Courriel": "noe@nord.example"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Sauvegarder").click()
    expect(page.get_by_role("status")).to_contain_text("Une invitation lui est envoyée")


def _buy(article: Article) -> None:
    article.open_purchases()
    article.add("Pro", 1, "Inès Côté")
    window = article.validate()
    window.get_by_role("checkbox").check()
    window.get_by_role("button", name=FRENCH.proceed, exact=True).click()
    expect(article.page.get_by_label(FRENCH.holder)).to_be_visible()
    total = (
        article.page.get_by_role("button", name="Payer")
        .inner_text()
        .removeprefix("Payer ")
        .removesuffix("\u00a0$")
    )
    article.pay(SUCCESS, total)
    expect(article.page.get_by_role("heading", level=1)).to_contain_text("1 licence ajoutée à votre compte")
