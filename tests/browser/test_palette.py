"""The palette in a real browser: opened by a key, followed by keys, closed where one was."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from demo.fill import PASSWORD
from tests.browser.article import FRENCH, Article
from tests.browser.checks import AXE_SCRIPT, axe, too_wide
from tests.browser.conftest import Desk, OpenPage

pytestmark = pytest.mark.one_database

ADMIN, STAFF = "admin@acme.example", "support@trousseau.example"


def opened(desk: Desk, open_page: OpenPage, who: str, address: str, **options: object) -> Page:
    page = open_page(**options)
    Article(page, desk.url, FRENCH).sign_in(who, PASSWORD)
    page.goto(desk.url + address)
    return page


def test_somebody_is_found_and_opened_by_keys_alone(desk: Desk, open_page: OpenPage) -> None:
    page = opened(desk, open_page, STAFF, "/support/licenses/")
    page.get_by_role("link", name="Clients", exact=True).first.focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog", name="Trouver")
    field = box.get_by_role("searchbox")
    expect(field).to_be_focused()
    # Nothing typed: where one can go.
    expect(box.get_by_role("link", name="Conditions de vente")).to_be_visible()
    page.keyboard.type("tremblay OLIV")
    first = box.get_by_role("link").first
    expect(first).to_contain_text("Olivier Tremblay")
    expect(first).to_contain_text("Acme")
    expect(box.get_by_role("status")).to_contain_text("résultats et pages")
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    # A letter goes on where one typed.
    page.keyboard.type("i")
    expect(field).to_be_focused()
    expect(field).to_have_value("tremblay OLIVi")
    expect(first).to_contain_text("Olivier Tremblay")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.get_by_role("link", name="Clients", exact=True).first).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("olivier tremblay")
    expect(first).to_contain_text("Olivier Tremblay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Olivier Tremblay")


def test_enter_opens_what_was_typed_and_never_what_was_found_before(desk: Desk, open_page: OpenPage) -> None:
    """Whoever types fast presses Enter before the answer is there."""
    page = opened(desk, open_page, STAFF, "/support/")
    page.keyboard.press("Control+k")
    page.keyboard.type("globex")
    box = page.get_by_role("dialog")
    expect(box.get_by_role("link").first).to_contain_text("Globex")
    page.keyboard.press("Control+a")
    page.keyboard.type("olivier tremblay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Olivier Tremblay")


def test_shift_is_no_other_key_and_ctrl_enter_is_another_tab(desk: Desk, open_page: OpenPage) -> None:
    """On the keyboards of Québec and of France `/` is typed with Shift."""
    page = opened(desk, open_page, STAFF, "/support/")
    page.evaluate(
        "() => document.dispatchEvent(new KeyboardEvent('keydown', {key: '/', shiftKey: true, bubbles: true}))"
    )
    box = page.get_by_role("dialog")
    expect(box).to_be_visible()
    page.keyboard.type("olivier tremblay")
    expect(box.get_by_role("link").first).to_contain_text("Olivier Tremblay")
    with page.context.expect_page() as other:
        page.keyboard.press("Control+Enter")
    expect(other.value.get_by_role("heading", level=1)).to_contain_text("Olivier Tremblay")
    expect(box).to_be_visible()


def test_an_answer_that_comes_late_takes_the_focus_from_nobody(desk: Desk, open_page: OpenPage) -> None:
    page = opened(desk, open_page, STAFF, "/support/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog")
    page.keyboard.type("globex")
    expect(box.get_by_role("link").first).to_contain_text("Globex")
    late: list[Route] = []
    page.route(re.compile(r"q=globexx?&part"), lambda route: late.append(route))  # noqa: PLW0108 - Playwright marks it
    with page.expect_request(re.compile(r"q=globexx&")):
        page.keyboard.type("x")
    page.keyboard.press("ArrowDown")
    expect(box.get_by_role("link").first).to_be_focused()
    for route in late:
        route.fulfill(body='<div data-hits><a class="hit" href="/support/">Neu</a></div>')
    expect(box.get_by_role("link", name="Neu")).to_be_focused()


def test_the_finder_opens_it_and_a_typing_error_is_said_there(desk: Desk, open_page: OpenPage) -> None:
    page = opened(desk, open_page, ADMIN, "/portal/")
    page.locator(".side").get_by_role("searchbox").click()
    box = page.get_by_role("dialog")
    page.keyboard.type("levesqe")
    expect(box.get_by_role("status")).to_contain_text("Voici les résultats pour")
    expect(box.get_by_role("link").first).to_contain_text("Lévesque")
    page.keyboard.press("Control+a")
    page.keyboard.type("zzzzz")
    expect(box.get_by_role("status")).to_contain_text("Aucun résultat pour")
    # Another company's people are no result.
    page.keyboard.press("Control+a")
    page.keyboard.type("globex")
    expect(box.get_by_role("status")).to_contain_text("Aucun résultat pour")
    page.mouse.click(5, 5)
    expect(box).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_read_by_a_screen_reader_and_fits(
    desk: Desk, open_page: OpenPage, scheme: str, width: int
) -> None:
    page = opened(desk, open_page, STAFF, "/support/search/?q=acme", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    page.keyboard.press("Control+k")
    page.keyboard.type("acme")
    expect(page.get_by_role("dialog").get_by_role("link", name="Acme").first).to_be_visible()
    page.evaluate(AXE_SCRIPT)
    assert axe(page) == []
    assert too_wide(page) == []
    page.keyboard.press("Escape")
    assert axe(page) == []


def test_without_a_network_it_says_so_and_asks_again(desk: Desk, open_page: OpenPage) -> None:
    page = opened(desk, open_page, STAFF, "/support/")
    page.watch.expected.append("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    page.keyboard.press("/")
    box = page.get_by_role("dialog")
    page.context.set_offline(True)
    page.keyboard.type("acme")
    expect(box.get_by_role("status")).to_contain_text("Pas de réponse")
    page.context.set_offline(False)
    page.keyboard.type(" ")
    expect(box.get_by_role("link", name="Acme").first).to_be_visible()


def test_without_a_script_the_finder_is_a_page(desk: Desk, open_page: OpenPage) -> None:
    page = opened(desk, open_page, STAFF, "/support/", java_script_enabled=False)
    field = page.locator(".side").get_by_role("searchbox")
    field.fill("globex")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("globex")
    expect(page.get_by_role("main").get_by_role("link", name="Globex").first).to_be_visible()
