"""Thirty people to equip on the second day, in French: each click from home on is counted; the second half goes by keyboard."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from demo.fill import PASSWORD
from models import License, Plan, User, db
from services.batches import applying
from tests import factories
from tests.browser.article import FRENCH, NBSP, Article
from tests.browser.checks import too_wide
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN = "admin@acme.example"
# What home leads to on one page: the demonstration's people without a licence, and thirty newcomers.
NEW = 30


def newcomers() -> list[int]:
    """Thirty people of Acme without a licence, and as many licences of Avancé as everybody without one needs."""
    admin = db.session.scalars(sa.select(User).where(User.email == ADMIN)).one()
    plan = db.session.scalars(sa.select(Plan).where(Plan.code == "avance")).one()
    factories.make_licenses(60, admin, plan)
    return [factories.make_user(admin.company, f"Nouveau{number}").id for number in range(NEW)]


def equipped(people: list[int]) -> int:
    db.session.rollback()
    held = sa.select(sa.func.count()).select_from(License).where(License.user_id.in_(people))
    return int(db.session.scalar(held) or 0)


def at_home(desk: Desk, page: Page) -> Page:
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(f"{desk.url}/portal/")
    return page


def test_thirty_people_are_equipped_in_six_steps_from_home_and_all_of_it_put_back(
    desk: Desk, open_page: OpenPage
) -> None:
    people, page = newcomers(), at_home(desk, open_page())
    page.get_by_role("link", name="Assigner des licences").click()
    page.locator("[data-all]").click()
    page.get_by_role("button", name="Assigner", exact=True).press("Enter")
    page.get_by_role("radio", name="Avancé").first.press("Space")
    page.get_by_role("button", name="Préparer").press("Enter")
    button = page.get_by_role("button", name="Assigner")
    expect(button).to_be_visible()
    assert equipped(people) == 0
    # The sixth.
    button.press("Enter")
    toast = page.locator("[data-toast]")
    expect(toast).to_contain_text("licences ont été assignées.")
    assert equipped(people) == NEW
    expect(page.get_by_role("button", name="Revenir à l’état précédent")).to_be_visible()
    toast.get_by_role("button", name="Annuler").press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("revenu comme avant")
    assert equipped(people) == 0


@pytest.mark.parametrize("width", [1280, 375])
def test_without_a_script_the_same_forms_do_it(desk: Desk, open_page: OpenPage, width: int) -> None:
    people = newcomers()
    page = at_home(
        desk,
        open_page(java_script_enabled=False, color_scheme="dark"),
    )
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{desk.url}/portal/users/?q=nouveau")
    page.locator("input.pick").first.check()
    if width > 1000:
        page.get_by_label("Toutes celles").or_(page.locator("input[data-every]")).first.check()
    page.locator("button[data-act=assign]").first.click()
    page.get_by_role("radio", name="Avancé").first.check()
    page.get_by_role("button", name="Préparer").click()
    count = NEW if width > 1000 else 1
    page.get_by_role("button", name=f"Assigner {count}{NBSP}licence").click()
    expect(page.get_by_role("status").first).to_contain_text("assignée")
    assert equipped(people) == count
    assert too_wide(page) == []


def test_of_many_rows_the_progress_is_shown_until_there_is_something_to_confirm(
    desk: Desk, open_page: OpenPage
) -> None:
    newcomers()
    admin = db.session.scalars(sa.select(User).where(User.email == ADMIN)).one()
    for number in range(200):
        factories.make_user(admin.company, f"Foule{number}")
    page = at_home(desk, open_page())
    page.goto(f"{desk.url}/portal/users/?q=example")
    page.locator("[data-all]").click()
    page.locator("input[data-every]").check()
    page.get_by_role("button", name="Assigner", exact=True).click()
    page.get_by_role("radio", name="Avancé").first.check()
    page.get_by_role("button", name="Préparer").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert applying.do_due() == 1
    # The script finds out by itself.
    expect(page.get_by_role("button", name="Assigner")).to_be_visible()
