"""A seat in its first year, in French: given on to a newcomer, changed for another plan, put right. Each click is counted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from demo.fill import PASSWORD
from models import License, LicenseState, Plan, User, db, utcnow
from tests.browser.article import FRENCH, NBSP, Article
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN = "admin@acme.example"


class Counted:
    """A hand whose clicks are counted."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()


def signed_in(desk: Desk, open_page: OpenPage) -> Page:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    return page


def people() -> tuple[User, User]:
    """Somebody of Acme who uses a licence of Avancé, and somebody without any."""
    db.session.rollback()
    acme = sa.select(User.company_id).where(User.email == ADMIN).scalar_subquery()
    held = (
        sa.select(User)
        .join(License, License.user_id == User.id)
        .join(Plan, Plan.id == License.plan_id)
        .where(User.company_id == acme, Plan.code == "avance", User.active, User.email != ADMIN)
        .where(License.where_state(LicenseState.ACTIVATED, utcnow()))
    )
    without = sa.select(User).where(User.company_id == acme, User.active, User.covered_until.is_(None))
    return (
        db.session.scalars(held.order_by(User.id).limit(1)).one(),
        db.session.scalars(without.order_by(User.id).limit(1)).one(),
    )


def test_the_seat_of_somebody_who_leaves_goes_to_a_newcomer_in_four_clicks(
    desk: Desk, open_page: OpenPage
) -> None:
    leaver, newcomer = people()
    page, hand = signed_in(desk, open_page), Counted()
    page.goto(f"{desk.url}/portal/licenses/?q={leaver.email}")
    hand.click(page.locator("tbody a").first)
    hand.click(page.get_by_role("link", name="Transférer la licence"))
    page.get_by_label("Personne", exact=True).fill(newcomer.email)
    hand.click(page.locator(".picker-list [role=option]").first)
    hand.click(page.get_by_role("button", name="Sauvegarder"))
    expect(page.locator("[data-toast]")).to_contain_text(f"est maintenant à {newcomer.name}")
    assert hand.clicks == 4
    # Put back beside the message, as it was used.
    page.locator("[data-toast]").get_by_role("button", name="Annuler").click()
    expect(page.locator("[data-toast]")).to_contain_text("Tout est revenu comme avant")
    db.session.rollback()
    held = db.session.scalars(sa.select(License).where(License.user_id == leaver.id)).one()
    assert held.state() == LicenseState.ACTIVATED


def test_a_plan_is_changed_in_three_steps_by_keyboard_alone(desk: Desk, open_page: OpenPage) -> None:
    person, _newcomer = people()
    page = signed_in(desk, open_page)
    page.goto(f"{desk.url}/portal/users/{person.id}/license")
    page.get_by_role("link", name="Modifier la licence").press("Enter")
    page.get_by_role("radio", name="Éco").first.press("Space")
    page.get_by_role("button", name="Sauvegarder").press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("a maintenant une licence du forfait Éco")
    undo = page.get_by_role("button", name=f"Revenir à l’état précédent (encore 10{NBSP}min)").first
    undo.press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("Tout est revenu comme avant")
    expect(page.get_by_text("Valide jusqu’au").first).to_be_visible()


def test_a_licence_given_to_the_wrong_tremblay_is_put_right_in_five_clicks(
    desk: Desk, open_page: OpenPage
) -> None:
    db.session.rollback()
    acme = sa.select(User.company_id).where(User.email == ADMIN).scalar_subquery()
    without = sa.select(User).where(User.company_id == acme, User.active, User.covered_until.is_(None))
    wrong, right = db.session.scalars(without.order_by(User.id).limit(2)).all()
    page, hand = signed_in(desk, open_page), Counted()
    toast = page.locator("[data-toast]")

    def give(person: User) -> None:
        page.goto(f"{desk.url}/portal/users/{person.id}/license")
        hand.click(page.get_by_role("radio", name="Avancé").first)
        hand.click(page.get_by_role("button", name="Sauvegarder"))
        expect(toast).to_contain_text(f"{person.name} a maintenant une licence")

    give(wrong)
    hand.click(toast.get_by_role("button", name="Annuler"))
    expect(toast).to_contain_text("Tout est revenu comme avant")
    give(right)
    assert hand.clicks == 5
    db.session.rollback()
    held = sa.select(License.user_id).where(License.user_id.in_([wrong.id, right.id]))
    assert db.session.scalars(held).all() == [right.id]
    toast.get_by_role("button", name="Annuler").click()
    expect(toast).to_contain_text("Tout est revenu comme avant")
