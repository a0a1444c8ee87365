"""The department of three hundred that comes as a spreadsheet, five rows of it wrong: invited, equipped, put back and done again, in
French, the second half by keyboard."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from xlsxwriter import Workbook

from demo.fill import PASSWORD
from models import License, MailKind, MailState, OutgoingMail, Plan, User, db
from tests import factories
from tests.browser.article import FRENCH, NBSP, Article
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN = "admin@acme.example"
COMING = 300
WRONG = [
    ["Nadia", "Roy", "", "Utilisateur"],
    ["Hugo", "", "hugo.sansnom@acme.example", "Utilisateur"],
    ["Marie", "Lessard", "marie.lessard@acme", "Utilisateur"],
    ["Lise", "Rancourt", "lise.rancourt@acme.example", "Chef"],
    ["Anne", "Double", "embauche.7@acme.example", "Utilisateur"],
]


def spreadsheet() -> bytes:
    held = io.BytesIO()
    with Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Liste")
        sheet.write_row(0, 0, ["Prénom", "Nom", "Courriel", "Rôle"])
        right = [
            ["Noémie", f"Côté-{number}", f"embauche.{number}@acme.example", "Utilisateur"]
            for number in range(COMING)
        ]
        for number, row in enumerate([*right[:250], *WRONG, *right[250:]], 1):
            sheet.write_row(number, 0, row)
    return held.getvalue()


def come() -> tuple[int, int]:
    """How many of them may come in, and how many of those hold a licence."""
    db.session.rollback()
    there = sa.select(sa.func.count(User.id), sa.func.count(License.id)).select_from(User)
    found = there.outerjoin(License, License.user_id == User.id).where(
        User.email.like("embauche.%"), User.active
    )
    active, equipped = db.session.execute(found).one()
    return active, equipped


def invited(state: MailState) -> int:
    db.session.rollback()
    kinds = (MailKind.INVITATION, MailKind.LICENSE_ASSIGNED)
    waiting = sa.select(sa.func.count()).where(OutgoingMail.template.in_(kinds), OutgoingMail.state == state)
    new = sa.select(User.id).where(User.email.like("embauche.%"))
    return int(db.session.scalar(waiting.where(OutgoingMail.user_id.in_(new))) or 0)


def chosen_file(page: Page) -> None:
    page.get_by_role("link", name="Importer des utilisateurs").first.press("Enter")
    page.locator("input[type=file]").set_input_files(
        {"name": "embauches.xlsx", "mimeType": "application/octet-stream", "buffer": spreadsheet()}
    )


@pytest.mark.usefixtures("worker")
def test_three_hundred_of_a_spreadsheet_come_with_their_seats_go_and_come_again(
    desk: Desk, open_page: OpenPage
) -> None:
    admin = db.session.scalars(sa.select(User).where(User.email == ADMIN)).one()
    plan = db.session.scalars(sa.select(Plan).where(Plan.code == "pro")).one()
    factories.make_licenses(COMING, admin, plan)
    plan_id = plan.id
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/users/")
    chosen_file(page)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Forfait").select_option(str(plan_id))
    page.get_by_role("button", name="Vérifier les lignes").click()
    confirm = page.get_by_role("button", name=f"Importer {COMING}{NBSP}personnes")
    expect(confirm).to_be_visible(timeout=60_000)
    main = page.locator("main")
    for said in ("Chef", "déjà", "Nom"):
        expect(main).to_contain_text(said)
    with page.expect_download() as wrong:
        page.get_by_role("link", name="à corriger").click()
    assert wrong.value.suggested_filename.endswith(".xlsx")
    assert come() == (0, 0)
    # From here on by keyboard.
    confirm.press("Enter")
    back = page.get_by_role("button", name="Revenir à l’état précédent")
    expect(back).to_be_visible(timeout=60_000)
    assert come() == (COMING, COMING)
    assert invited(MailState.QUEUED) == 2 * COMING
    back.press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("revenu comme avant", timeout=60_000)
    assert come() == (0, 0)
    assert (invited(MailState.QUEUED), invited(MailState.DROPPED)) == (0, 2 * COMING)
    page.goto(f"{desk.url}/portal/users/")
    chosen_file(page)
    page.get_by_role("button", name="Continuer").press("Enter")
    page.get_by_label("Forfait").select_option(str(plan_id))
    page.get_by_role("button", name="Vérifier les lignes").press("Enter")
    expect(confirm).to_be_visible(timeout=60_000)
    confirm.press("Enter")
    expect(back).to_be_visible(timeout=60_000)
    assert come() == (COMING, COMING)
    people = sa.select(sa.func.count(User.id)).where(User.email.like("embauche.%"))
    assert db.session.scalar(people) == COMING
