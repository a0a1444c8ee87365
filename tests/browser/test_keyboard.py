"""Without a mouse: everything is reached, what has the focus shows it, windows and menus let go with Escape."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from demo.fill import PASSWORD
from tests.browser import checks
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN, BUYER = "admin@acme.example", "Mélanie Gagnon"
# What Tab should stop at, in the order of the page: a group of radio buttons is one stop, a closed menu hides its own.
STOPS = """
() => {
  const names = new Set();
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((element) => !element.disabled && element.type !== "hidden" && element.tabIndex >= 0
      && element.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})
      && !(element.type === "radio" && (names.has(element.name) || !names.add(element.name))))
    .map((element) => element.outerHTML.slice(0, 90));
}
"""
# Where the focus is, and whether it can be seen: an outline, a shadow, or another look than without it.
FOCUS = """
() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return {
    html: element.outerHTML.slice(0, 90),
    name: element.type === "radio" ? element.name : null,
    shown: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
    inside: element.closest("dialog") !== null,
  };
}
"""


def walk(page: Page) -> tuple[list[str], list[str]]:
    """Press Tab through the page; returns what had the focus, and what had it without showing it."""
    reached: list[str] = []
    hidden: list[str] = []
    for _ in range(len(page.evaluate(STOPS)) + 3):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["html"].startswith("<body"):
            break
        reached.append(focus["html"])
        if not focus["shown"]:
            hidden.append(focus["html"])
    return reached, hidden


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tab_reaches_everything_and_shows_where_it_is(desk: Desk, open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.goto(desk.url)
    wrong = _unreached(page)
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    for address in ("/portal/plans/", "/portal/users/?q=Paquette", "/profile"):
        page.goto(desk.url + address)
        wrong += [f"{address}: {problem}" for problem in _unreached(page)]
    assert not wrong, "\n".join(wrong)


def _unreached(page: Page) -> list[str]:
    page.evaluate("() => document.activeElement.blur()")
    wanted = page.evaluate(STOPS)
    reached, hidden = walk(page)
    return [f"Tab never stops at {stop}" for stop in wanted if stop not in reached] + [
        f"nothing shows the focus on {stop}" for stop in hidden
    ]


def test_the_first_stop_skips_to_the_content(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Aller au contenu")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_confirmation_window_keeps_the_focus_and_escape_closes_it(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page()
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    article.open_purchases()
    article.add("Pro", 2, BUYER)
    window = article.validate()
    for _ in range(12):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        # Between the last and the first stop the browser's own bar has its turn: the page has nothing focused then.
        assert focus["inside"] or focus["html"].startswith("<body"), focus["html"]
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(page.get_by_role("region", name="Panier", exact=True)).to_contain_text("Ajouté par")


def test_an_order_can_be_confirmed_with_keys_alone(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    article = Article(page, desk.url, FRENCH)
    article.sign_in(ADMIN, PASSWORD)
    article.open_purchases()
    quantity = page.get_by_role("article", name="Avancé", exact=True).get_by_label("Nombre de licences")
    quantity.focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Valider mes achats").press("Enter")
    box = page.get_by_role("checkbox", name="Je confirme l’ajout de 4 licences")
    box.press("Space")
    expect(box).to_be_checked()
    page.get_by_role("button", name="Procéder à l’achat").press("Enter")
    expect(page.get_by_label(FRENCH.holder)).to_be_visible()


@pytest.mark.parametrize("size", [checks.DESKTOP, checks.PHONE], ids=["desktop", "phone"])
def test_menus_open_with_enter_and_close_with_escape(
    desk: Desk, open_page: OpenPage, size: dict[str, int]
) -> None:
    page = open_page(viewport=size)
    if size is checks.PHONE:
        _sign_in_on_a_phone(page, desk)
        summary, entry = page.locator(".topbar summary"), page.get_by_role("link", name="Commandes et reçus")
    else:
        Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
        summary, entry = page.locator(".side summary"), page.get_by_role("link", name="Mon profil")
    expect(entry).to_be_hidden()
    summary.press("Enter")
    expect(entry).to_be_visible()
    page.evaluate(checks.AXE_SCRIPT)
    assert not checks.axe(page), "the open menu"
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()


def test_options_is_a_page_of_its_entries_which_stay_in_the_menu(desk: Desk, open_page: OpenPage) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    menu = page.locator(".side").get_by_role("navigation")
    entry = menu.get_by_role("link", name="Commandes et reçus", exact=True)
    expect(entry).to_be_visible()
    menu.get_by_role("link", name="Options", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1, name="Options", exact=True)).to_be_visible()
    expect(entry).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Commandes et reçus").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Commandes et reçus", exact=True)).to_be_visible()


def test_a_slash_goes_to_the_search_when_nothing_has_the_focus_and_can_be_switched_off(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page()
    Article(page, desk.url, FRENCH).sign_in("support@trousseau.example", PASSWORD)
    find = page.get_by_role("dialog").get_by_role("searchbox")
    page.get_by_role("link", name="Clients", exact=True).first.focus()
    page.keyboard.press("/")
    expect(find).to_have_count(0)
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("/")
    expect(find).to_be_focused()
    expect(find).to_have_value("")
    page.keyboard.type("a/b")
    expect(find).to_have_value("a/b")
    page.goto(f"{desk.url}/profile")
    page.get_by_role("button", name="Désactiver les touches").click()
    page.goto(f"{desk.url}/support/")
    page.keyboard.press("/")
    expect(find).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(find).to_be_focused()


def _sign_in_on_a_phone(page: Page, desk: Desk) -> None:
    page.goto(desk.url)
    page.get_by_label(FRENCH.email).fill(ADMIN)
    page.get_by_label(FRENCH.password).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".topbar summary")).to_be_visible()


def test_a_refused_form_says_so_and_is_as_readable_as_any_page(desk: Desk, open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark", viewport=checks.PHONE)
    page.watch.expected.append("status of 422")  # type: ignore[attr-defined]  # forms that are shown again
    page.goto(desk.url)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    wrong = _wrong_form(page)
    page.get_by_label(FRENCH.email).fill("support@trousseau.example")
    page.get_by_label(FRENCH.password).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".topbar summary")).to_be_visible()
    for address in ("/support/customers/new/", "/support/plans/new/", "/support/tax-rates/new/"):
        page.goto(desk.url + address)
        page.get_by_role("button", name="Sauvegarder").first.click()
        wrong += [f"{address}: {problem}" for problem in _wrong_form(page)]
    assert not wrong, "\n".join(wrong)


def _wrong_form(page: Page) -> list[str]:
    field = page.locator("[aria-invalid=true]").first
    expect(field).to_be_visible()
    # What is wrong is read with the field.
    expect(field).to_have_accessible_description(re.compile(r"\w"))
    page.evaluate(checks.AXE_SCRIPT)
    return checks.axe(page)
