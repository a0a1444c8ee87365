"""The checks that every page goes through find what they are there for."""

from __future__ import annotations

import pytest

from tests.browser import checks
from tests.browser.conftest import OpenPage

GOOD = """<!doctype html><html lang="fr"><meta name="viewport" content="width=device-width"><title>Accueil – Boréal</title>
<main><h1>Accueil</h1>%s</main>"""
SLOW_BOX = """<p id="late"></p><div style="height:300px">Texte</div>
<script>setTimeout(() => { document.getElementById("late").style.height = "400px"; }, 50)</script>"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<h1>Encore</h1>", "2 h1"),
        ("<p id=a>a</p><p id=a>b</p>", "an id is there twice"),
        ("<p style='width:900px'>Texte</p>", "900"),
        ("<p style='color:#ccc;background:#fff'>Texte</p>", "color-contrast"),
        ("<input>", "label"),
        (SLOW_BOX, "it jumps by"),
        ("<label>Texte <input name=a style='font-size:15px'></label>", "zooms in on its fields ['a']"),
        (
            "<label>Choix <select name=b style='font-size:15px'></select></label>",
            "zooms in on its fields ['b']",
        ),
        (
            "<form><label>Mot de passe <input type=password autocomplete=new-password style='font-size:16px'></label></form>",
            "whose new password",
        ),
    ],
)
def test_a_defect_is_found(open_page: OpenPage, wrong: str, said: str) -> None:
    assert any(said in problem for problem in _found(open_page, GOOD % wrong))


def test_a_wrong_title_or_language_is_found(open_page: OpenPage) -> None:
    page = GOOD.replace("Accueil – Boréal", "Clients – Boréal").replace('lang="fr"', 'lang="en"') % ""
    found = _found(open_page, page)
    assert any("its title is" in problem for problem in found)
    assert any("its language is" in problem for problem in found)


def test_nothing_is_found_in_a_good_page(open_page: OpenPage) -> None:
    assert _found(open_page, GOOD % "<p>Texte</p>") == []


def test_an_error_in_the_console_and_a_refused_script_are_noticed(open_page: OpenPage) -> None:
    page = open_page()
    page.goto(
        "data:text/html,<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script>"
    )
    page.wait_for_timeout(100)
    noticed = page.watch.problems  # type: ignore[attr-defined]
    assert any("script" in problem for problem in noticed)
    noticed.clear()


def _found(open_page: OpenPage, html: str) -> list[str]:
    page = open_page()
    page.context.add_init_script(checks.COUNT_SHIFTS)
    page.route(
        "http://page.test/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
    )
    page.route("**/favicon.ico", lambda route: route.fulfill(body=""))
    return checks.problems_of(page, "http://page.test/")
