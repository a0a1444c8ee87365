"""A list in a real browser: it follows what one types and chooses, counts what is chosen, and the act of a row is done beside it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, ViewportSize, expect

from access.actors import SYSTEM
from admin_views import portal, support
from admin_views.base import DeskModelView
from demo.fill import PASSWORD
from models import License, Plan, User, db
from services import licenses
from tests.browser.article import FRENCH, NBSP, Article
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN, STAFF = "admin@acme.example", "support@trousseau.example"
OFFLINE = (
    f"Vous êtes hors ligne{NBSP}: rien n’a été envoyé, et ce que vous avez saisi est conservé. "
    "Réessayez dans un instant."
)
WIDTHS = (320, 375, 576, 768, 992, 1024, 1280, 1440, 1920)
# Cells that stand, or hold something that stands, beyond their column's edge or the window's. Three pixels are a space's.
# A box is left out: what a finger may touch of it reaches beyond it.
CUT = """
() => [...document.querySelectorAll("#list tr > *")]
  .filter((cell) => cell.checkVisibility() && cell.getBoundingClientRect().width > 1)
  .filter((cell) => {
    const edge = Math.min(cell.getBoundingClientRect().right, innerWidth) + 3;
    const inside = [...cell.querySelectorAll("*:not(input)")].filter((one) => one.checkVisibility() && !one.closest(".vh"));
    return [cell, ...inside].some((one) => one.getBoundingClientRect().right > edge || one.scrollWidth > one.clientWidth + 3 && one.clientWidth > 1);
  })
  .map((cell) => `${cell.tagName}.${cell.className} ${cell.innerText.slice(0, 30)}`)
  .slice(0, 3)
"""
# An hour that its cell breaks in two, where the column is just as wide as the longest word it holds.
BROKEN = """
() => {
  const table = document.querySelector("#list table");
  if (!table) return [];
  table.style.width = "1px";
  const broken = [...table.querySelectorAll("a:has(time)")].filter((link) => link.checkVisibility() && link.scrollHeight > 40);
  const words = broken.map((link) => link.innerText).slice(0, 3);
  table.style.width = "";
  return words;
}
"""
TABLET: ViewportSize = {"width": 800, "height": 900}


def list_page(desk: Desk, open_page: OpenPage, address: str, **options: object) -> Page:
    page = open_page(**options)
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.goto(desk.url + address)
    return page


def test_a_list_follows_what_is_typed_and_loses_none_of_it(desk: Desk, open_page: OpenPage) -> None:
    page = list_page(desk, open_page, "/portal/users/")
    page.watch.expected.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    rows, field = page.locator("#list tbody tr"), page.locator("#q")
    everybody = rows.count()
    # The answer to the first letter comes after that to the whole word, and is dropped.
    late: list[Route] = []
    page.route(re.compile(r"[?&]q=b(&|$)"), lambda route: late.append(route))  # noqa: PLW0108 - Playwright marks it
    with page.expect_request(re.compile(r"[?&]q=b(&|$)")):
        field.type("b")
    field.type("enali")
    expect(rows).to_have_count(1)
    for route in late:
        route.fulfill(body='<div id="list" data-list data-here="/portal/users/?q=b">late</div>')
    page.unroute_all()
    expect(field).to_be_focused()
    expect(page).to_have_url(f"{desk.url}/portal/users/?q=benali")
    expect(rows).to_have_count(1)
    # A search is one step back; a filter is another, and the focus stays in its chip.
    page.locator("summary").filter(has_text="Compte").click()
    page.locator(".drop-panel").get_by_role("link", name="Actif", exact=True).press("Enter")
    expect(page.locator(".chip.on a")).to_be_focused()
    page.go_back()
    expect(page.locator(".chip.on")).to_have_count(0)
    page.go_back()
    expect(rows).to_have_count(everybody)
    expect(field).to_have_value("")
    # In a tunnel: it is said, the list and what was typed stay; the answer comes with the network.
    page.context.set_offline(True)
    field.type("Fernández")
    expect(page.get_by_text("Vous êtes hors ligne").first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="hors ligne")).to_have_count(1)
    expect(rows).to_have_count(everybody)
    page.context.set_offline(False)
    expect(rows).to_have_count(1)
    expect(field).to_have_value("Fernández")
    expect(page.get_by_text("Vous êtes hors ligne").first).to_be_hidden()


def letter_of(page: Page, act: str) -> str:
    """By which the rows that take an act say so."""
    return page.locator(f"[data-act={act}]").first.get_attribute("data-counted") or ""


def test_what_is_chosen_is_counted_and_acts_on_no_row_that_left(desk: Desk, open_page: OpenPage) -> None:
    page = list_page(desk, open_page, "/portal/licenses/")
    boxes, bar, head = page.locator(".list .pick"), page.locator(".selbar"), page.locator("[data-all]")
    expect(bar).to_be_hidden()
    boxes.nth(0).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar).to_contain_text("5 sélectionnées")
    assert head.evaluate("(box) => box.indeterminate && !box.checked")
    takes = page.locator(f".pick:checked[data-can*={letter_of(page, 'release')}]").count()
    assert 0 < takes < 5
    act = bar.get_by_role("button", name=f"Libérer ({takes})")
    expect(act).to_be_enabled()
    chosen = set(page.locator(".pick:checked").evaluate_all("(all) => all.map((box) => box.value)"))
    # Another question: what is still shown stays chosen, what is not is out of the choice.
    with page.expect_response(re.compile("part=list")):
        page.locator(".tabs a").nth(1).click()
    expect(page).to_have_url(f"{desk.url}/portal/licenses/?tab=available")
    shown = set(boxes.evaluate_all("(all) => all.map((box) => box.value)"))
    still = set(page.locator(".pick:checked").evaluate_all("(all) => all.map((box) => box.value)"))
    assert still == chosen & shown != chosen
    expect(page.locator(".tabs a").nth(1)).to_be_focused()
    # Its file is of what is shown by now.
    page.locator(".head .files summary").click()
    with page.expect_download() as file:
        page.locator("a[data-file]").first.click()
    assert file.value.url.endswith("?tab=available")
    head.check()
    assert boxes.count() == page.locator(".pick:checked").count()
    # Nobody holds what is available: there is nothing to release.
    expect(bar.get_by_role("button", name=re.compile("^Libérer"))).to_be_disabled()
    bar.get_by_role("button", name="Ne rien choisir").click()
    expect(bar).to_be_hidden()


def test_all_that_match_are_acted_on_and_not_the_page_alone(desk: Desk, open_page: OpenPage) -> None:
    page = list_page(desk, open_page, "/portal/licenses/?size=20")
    boxes, every = page.locator(".list .pick"), page.locator("input[data-every]")
    assert boxes.count() == 20
    boxes.first.check()
    page.locator(".selbar .every").click()
    expect(page.locator("[data-chosen]")).to_have_text("Tout ce qui correspond est choisi")
    assert page.locator(".pick:checked").count() == 20
    # Whoever leaves one row out has chosen rows again.
    boxes.nth(3).uncheck()
    expect(every).not_to_be_checked()
    expect(page.locator("[data-chosen]")).to_contain_text("19")
    every.check()
    on_page = page.locator(f".pick:checked[data-can*={letter_of(page, 'release')}]").count()
    page.locator(".selbar").get_by_role("button", name=re.compile("^Libérer")).click()
    acme = sa.select(User.company_id).where(User.email == ADMIN).scalar_subquery()
    own = sa.select(License).where(License.company_id == acme)
    held = sum(license.is_releasable for license in db.session.scalars(own))
    assert held > on_page
    page.get_by_role("button", name="Préparer").click()
    expect(page.get_by_role("button", name=f"Libérer {held}{NBSP}licences")).to_be_visible()


def test_an_act_is_done_beside_the_list_and_leads_on_to_the_next_row(desk: Desk, open_page: OpenPage) -> None:
    page = list_page(desk, open_page, "/portal/users/?tab=without")
    page.watch.expected += ["status of 422", "ERR_INTERNET_DISCONNECTED"]  # type: ignore[attr-defined]
    panel, rows = page.locator(".panel"), page.locator("#list tbody tr")
    acts, before = page.locator("#list [data-panel]"), rows.count()
    names = [name.partition(f"{NBSP}: ")[2] for name in _names(page)]
    acts.first.click()
    title = panel.get_by_role("heading", name=f"Gestion de licence{NBSP}: {names[0]}", exact=True)
    expect(title).to_be_focused()
    # Refused: the sentence stands in the panel, the focus on what is to be mended.
    panel.get_by_role("button", name="Sauvegarder", exact=True).click()
    expect(panel.get_by_text("Choisissez un forfait")).to_be_visible()
    expect(panel.get_by_role("radio").first).to_be_focused()
    panel.get_by_role("radio", name="Éco").check()
    # Nothing is lost without a network either.
    page.context.set_offline(True)
    go_on = panel.get_by_role("button", name=f"Sauvegarder, puis {names[1]}", exact=True)
    go_on.click()
    expect(panel.locator("[data-note]")).to_have_text(OFFLINE)
    page.context.set_offline(False)
    expect(panel.get_by_role("radio", name="Éco")).to_be_checked()
    go_on.click()
    expect(
        panel.get_by_role("heading", name=f"Gestion de licence{NBSP}: {names[1]}", exact=True)
    ).to_be_focused()
    expect(page.locator(".note-toast")).to_contain_text(names[0])
    expect(rows).to_have_count(before - 1)
    # What is not saved asks before it goes; Escape gives the focus back.
    panel.get_by_role("radio", name="Éco").check()
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.keyboard.press("Escape")
    expect(panel).to_be_visible()
    assert "pas sauvegardé" in asked[0]
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(acts.first).to_be_focused()
    # A panel left open over what somebody else does meanwhile: the desk says so, and the list follows.
    acts.first.click()
    panel.get_by_role("radio", name="Éco").check()
    person = db.session.scalars(sa.select(User).where(User.email == _email(page))).one()
    plan = db.session.scalars(sa.select(Plan).where(Plan.name_fr == "Avancé")).one()
    licenses.assign(plan, person, SYSTEM)
    panel.get_by_role("button", name="Sauvegarder", exact=True).click()
    expect(panel.get_by_role("alert")).to_be_focused()
    expect(rows).to_have_count(before - 2)
    page.keyboard.press("Escape")
    # Where there is no room for it, the act is a page, and leads back to the list as it was.
    page.set_viewport_size(TABLET)
    acts.first.click()
    expect(page.get_by_role("heading", level=1, name=re.compile("^Gestion de licence"))).to_be_visible()
    page.locator(".crumb").click()
    expect(page).to_have_url(f"{desk.url}/portal/users/?tab=without")


def test_the_way_back_from_a_row_ends_where_one_was(desk: Desk, open_page: OpenPage) -> None:
    page = list_page(desk, open_page, "/portal/users/?sort=-name")
    last = page.locator("#list tbody tr").last.locator("a[href]").first
    last.scroll_into_view_if_needed()
    top = page.evaluate("() => window.scrollY")
    assert top > 0
    last.click()
    page.locator(".crumb").click()
    expect(page).to_have_url(f"{desk.url}/portal/users/?sort=-name")
    expect(page.locator("#list tbody tr").last.locator("a[href]").first).to_be_focused()
    assert abs(page.evaluate("() => window.scrollY") - top) < 2


def test_a_list_needs_no_script(desk: Desk, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(desk.url)
    page.get_by_label("Courriel").fill(ADMIN)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.goto(f"{desk.url}/portal/licenses/")
    page.locator("#q").fill("Cloutier")
    page.locator(".tools").get_by_role("button", name="Afficher").last.click()
    expect(page).to_have_url(re.compile(r"q=Cloutier"))
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Libérer")).click()
    expect(page.get_by_role("heading", level=1, name="Libérer la licence")).to_be_visible()
    page.locator(".crumb").click()
    expect(page).to_have_url(re.compile(r"q=Cloutier"))
    page.locator(".list .pick").check()
    page.locator(".selbar").get_by_role("button", name="Libérer", exact=True).click()
    page.get_by_role("button", name="Préparer").click()
    page.get_by_role("button", name=f"Libérer 1{NBSP}licence").click()
    expect(page.locator(".note.ok").first).to_contain_text("1 licence")


def _names(page: Page) -> list[str]:
    return list(page.locator("#list [data-panel]").evaluate_all("(all) => all.map((one) => one.ariaLabel)"))


def _email(page: Page) -> str:
    return page.locator(".panel header p").inner_text()


@pytest.mark.parametrize(
    ("site", "views", "email"), [("portal", portal.VIEWS, ADMIN), ("support", support.VIEWS, STAFF)]
)
def test_no_list_scrolls_sideways_or_cuts_a_column_at_any_width(
    desk: Desk, open_page: OpenPage, site: str, views: tuple[type, ...], email: str
) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(email, PASSWORD)
    wrong = []
    for view in views:
        if not issubclass(view, DeskModelView) or view.list_template != DeskModelView.list_template:
            continue
        page.goto(f"{desk.url}/{site}/{view.slug}/")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 740})
            cut = page.evaluate(CUT) + (page.evaluate(BROKEN) if width >= TABLET["width"] else [])
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if cut or wide:
                wrong.append((view.slug, width, wide, cut))
    assert not wrong
