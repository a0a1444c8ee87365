"""The audit finds what it is for: every kind of fault is planted in a page once, and the same page without them is let be.

What needs a package of its own (the HTML checker, IBM's engine, Lighthouse) is only asked what it makes of an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, redirect
from playwright.sync_api import Browser, Page

from audit import engines, focus, html, lighthouse, planted, reading, visit, widths
from audit.desk import Site
from audit.findings import Finding, grouped, told
from audit.page import Look, open_page
from tests.servers import WebServer, free_port

BASE = """
* { font: 1rem/1.3 sans-serif; } body { margin: 0; padding: 16px; color: #111; background: #fff; }
a, button, summary { display: inline-block; min-width: 44px; min-height: 28px; } td { padding: 8px; }
:focus-visible { outline: 3px solid #00f; } button { border: 1px solid #111; background: #eee; }
.tall { height: 2000px; } @media print { nav { display: none; } }
"""
# Of each part: a page, and in groups that may stand together, the rules that break it, with what is said of them.
WIDTHS = (
    """
    <header><nav><a id="name" href="/a">Gestion des licences</a></nav></header>
    <details><summary id="menu">Menu</summary><p><a id="entry" href="/b">Entrée</a></p></details>
    <div id="box"><table><tr><th>Nom</th><th id="result">Résultat</th></tr>
      <tr><td>Un</td><td><button id="act">Libérer</button></td></tr></table></div>
    <p id="cut">Une phrase entière.</p><p id="low">Celle du dessous</p><p id="upon">Celle du dessus</p>
    <div id="lid"><p>Le haut</p><a id="deep" href="/c">Plus bas</a></div>
    """,
    [
        {
            "#name { width: 60px }": "#name: the name “Gestion des licences” breaks",
            "#entry { margin-left: -40px }": "#entry: is cut when its menu is open",
            "#box { width: 120px; overflow: auto } #result { min-width: 200px }": "#result: out of reach",
        },
        {
            "#low { width: 2100px }": "the page is",
            "@media (max-width: 800px) { #act { display: none } }": "#act: the act “Libérer” of a wide screen",
        },
        {
            "#box { width: 90px; overflow: hidden }": "#result: cut by",
            "#cut { height: 8px; overflow: hidden }": "#cut: its text is cut",
            "#upon { margin-top: -34px }": "#upon: its text lies upon that of p#low",
            "#lid { height: 12px; overflow: hidden }": "#deep: below the end of div#lid",
            "#menu { position: relative; left: -40px }": "#menu: out of the page by",
        },
        {"#low { width: 12px; overflow-wrap: anywhere }": "#low: its words stand letter below letter"},
    ],
)
FOCUS = (
    """
    <div id="bar"></div><a id="first" href="/a">Premier</a> <button id="second">Deuxième</button>
    <form><button id="third">Troisième</button><br><button id="fourth">Quatrième</button></form>
    <div class="tall"></div><a id="last" href="/z">Dernier</a><div class="tall"></div>
    <p>Une phrase avec <a id="within" href="/w">son lien</a>.</p>
    """,
    [
        {
            "#bar { position: fixed; inset: 0 0 auto; height: 60px; background: #eee }": "#first: has the focus and is under",
            "#second { clip-path: inset(50%) }": "#second: has the focus and is for screen readers only",
            "#third { outline: 0 }": "#third: nothing shows that it has the focus",
            "form { display: flex; flex-direction: column-reverse }": "#fourth: the focus goes back up",
            "#last { min-height: 0; height: 18px }": "#last: “Dernier”",
        },
        {
            "#bar { position: absolute; inset: 0 0 auto; height: 60px; background: #eee }": "#first: has the focus and is under div#bar",
            "#second { opacity: 0 }": "#second: has the focus and is not seen",
            "#third { position: fixed; left: 110vw }": "#third: has the focus and is out of the window",
            "#last { position: fixed; top: -10px; height: 8px; min-height: 0 } #last:focus { top: -100px }": "#last: has the focus and",
        },
    ],
)
READING = (
    """
    <nav><ul><li><a id="here" aria-current="page" href="/a">Ici</a></li><li><a href="/b">Là</a></li></ul></nav>
    <p id="quota"><span id="bar"></span> 5 sur 10</p><button id="buy">Acheter</button>
    <p id="text">Une phrase<br>de deux lignes.</p><p id="foot">Le pied</p><p id="tight">12345678901234567890</p>
    """,
    [
        {
            "#bar { display: inline-block; width: 90px; height: 8px; background: #090 }": "#bar: was told by its colour",
            "#buy { border: 0; background: #06c }": "#buy: was told by its colour",
        },
        {
            "#here { background: #def; text-decoration: none } a { text-decoration: none }": "#here: “Ici” is not told apart",
            "#buy:focus { outline: 0; box-shadow: 0 0 0 3px #00f }": "#buy: nothing shows the focus in forced colours",
            "@media print { nav { display: block } }": "nav: is printed",
            "#foot { position: fixed; bottom: 0 }": "#foot: is printed on each sheet",
            "@media (prefers-color-scheme: dark) { #text { color: #eee } }": "#text: is printed in rgb(238, 238, 238)",
            "#text { height: 46px; overflow: hidden }": "#text: its text is cut by … 1280 text of 200 %",
            "#tight { font-family: monospace; width: 20.5ch; overflow: hidden }": "#tight: its text is cut by … 375 text spacing",
        },
    ],
)
# What a sheet cannot plant: a body, and what is said of it.
BEHAVIOURS = [
    ('<a href="/a">Un</a> <a id="own" href="/b" tabindex="2">Deux</a>', "#own: has a tabindex of its own"),
    (
        '<button>Un</button> <button id="skipped">Deux</button> <button>Trois</button>'
        "<script>const [un, , trois] = document.querySelectorAll('button'); un.onfocus = () => trois.focus();</script>",
        "#skipped: no Tab stops at it … (1280)",
    ),
    (
        '<p id="more"><button>Encore</button></p>'
        "<script>document.addEventListener('focusin', () => more.append(more.firstChild.cloneNode(true)));</script>",
        "Tab does not come to its end",
    ),
]
# What is no fault, though a walk comes to its end otherwise: a field of several stops, a window before the page.
FINE = [
    '<a href="/a">Un</a> <label>Début <input type="date"></label> <input type="time" aria-label="t"> <a href="/b">Deux</a>',
    '<a href="/a">Un</a><dialog><button>Oui</button> <button>Non</button></dialog>'
    "<script>document.querySelector('dialog').showModal();</script>",
]
# What the clean page has beside the base, because the words above are about what takes it away.
MENDED = "#here { font-weight: bold; border-bottom: 2px solid } #within { display: inline; min-height: 0 }"
PLANTED = [
    (part, body, group)
    for part, (body, groups) in ((widths, WIDTHS), (focus, FOCUS), (reading, READING))
    for group in groups
]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(reduced_motion="reduce")
    yield page
    page.close()


def fresh(tab: Page) -> Page:
    """The tab as it was before a part looked with it."""
    tab.unroute_all()
    tab.emulate_media(media="screen", color_scheme="light", forced_colors="none")
    return tab


def looked_at(tab: Page, part: Any, body: str, sheet: str = "") -> Look:
    """What a part says of a page with that sheet."""
    clean = "" if "#here" in sheet else MENDED
    text = f"<!doctype html><html lang=fr><title>t</title><style>{BASE}{clean}{sheet}</style>{body}"
    fresh(tab).route("**/*", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    look = Look(tab, "http://page.test/", "part", "/")
    open_page(look)
    part.look(look)
    return look


def is_said(sentence: str, found: list[str]) -> bool:
    """Whether it was found; between its parts, which " … " separates, stands what does not matter."""
    return any(all(part in one for part in sentence.split(" … ")) for one in found)


def sentences(findings: list[Finding]) -> list[str]:
    return [f"{finding.selector}: {finding.what} ({finding.where})" for finding in findings]


@pytest.mark.parametrize(("part", "body"), [(widths, WIDTHS[0]), (focus, FOCUS[0]), (reading, READING[0])])
def test_a_page_without_faults_is_let_be(tab: Page, part: Any, body: str) -> None:
    look = looked_at(tab, part, body)
    assert look.checks
    assert not sentences(look.findings)


@pytest.mark.parametrize("body", FINE)
def test_what_only_looks_like_a_trap_is_let_be(tab: Page, body: str) -> None:
    look = looked_at(tab, focus, body)
    assert look.checks > len(focus.SIZES)
    assert not sentences(look.findings)


@pytest.mark.parametrize(("part", "body", "group"), PLANTED)
def test_each_planted_fault_is_found(tab: Page, part: Any, body: str, group: dict[str, str]) -> None:
    found = sentences(looked_at(tab, part, body, "\n".join(group)).findings)
    assert not [sentence for sentence in group.values() if not is_said(sentence, found)], "\n".join(found)


@pytest.mark.parametrize(("body", "sentence"), BEHAVIOURS)
def test_what_the_keyboard_meets_is_found(tab: Page, body: str, sentence: str) -> None:
    found = sentences(looked_at(tab, focus, body).findings)
    assert is_said(sentence, found), "\n".join(found)


def test_axe_names_the_element_and_looks_in_the_dark_too(tab: Page) -> None:
    dark = "@media (prefers-color-scheme: dark) { #pale { color: #eee } }"
    look = looked_at(tab, focus, '<h1>t</h1><img id="picture" src="/p.png"><p id="pale">Pâle</p>', dark)
    engines.axe(look)
    found = sentences(look.findings)
    assert is_said("#picture: image-alt … (375 light)", found)
    pale = [f"#pale: color-contrast … ({width} dark)" for width in engines.SIZES]
    assert all(is_said(sentence, found) for sentence in pale)
    assert not is_said("#pale: color-contrast … light", found)


def test_a_page_that_fails_or_leads_elsewhere_is_not_praised_for_what_is_there(tab: Page) -> None:
    app = Flask(__name__)
    app.add_url_rule("/fine", "fine", lambda: "Fine")
    app.add_url_rule("/failed", "failed", lambda: ("Failed", 500))
    app.add_url_rule("/lost", "lost", lambda: redirect("/fine"))
    with WebServer(app, free_port()) as server:
        said = {"/fine": [], "/failed": ["answers 500"], "/lost": [f"leads on to {server.url}/fine"]}
        for path, sentences in said.items():
            look = Look(fresh(tab), server.url + path, "part", path)
            open_page(look)
            assert [finding.what for finding in look.findings] == sentences


def test_an_audit_that_would_see_nothing_is_not_believed(tab: Page) -> None:
    """Each begins with a page of faults; here the parts that need no package look at it."""
    parts = ("axe", "widths", "focus", "reading")

    def see(site: Site) -> list[Finding]:
        looks = [Look(tab, site.measured[0][1], part, "/") for part in parts]
        for look in looks:
            fresh(tab)
            open_page(look)
            visit.PARTS[look.part](look)
        return [finding for look in looks for finding in look.findings]

    assert not planted.missed(see, "", parts)
    everything = {
        f"{part}: {sentence}" for part, all_of_it in planted.EXPECTED.items() for sentence in all_of_it
    }
    assert set(planted.missed(lambda _site: [], "", tuple(planted.EXPECTED))) == everything


def test_a_message_of_the_html_checker_names_its_page_and_language() -> None:
    message = {
        "url": "file:/tmp/x/0001.html",
        "lastLine": 3,
        "message": "Duplicate attribute",
        "extract": "<p\n>",
    }
    assert html.judged([message], {"0001.html": ("member /portal/", "fr")}) == [
        Finding("html", "member /portal/", "fr", "line 3: <p >", "Duplicate attribute")
    ]


def test_a_score_below_what_is_asked_is_a_finding_that_says_why() -> None:
    audits = {"slow": {"title": "Slow", "score": 0.4}, "fine": {"title": "Fine", "score": 1}}
    refs = [{"id": "slow", "weight": 1}, {"id": "fine", "weight": 1}]
    categories = {name: {"score": 0.98, "auditRefs": refs} for name in lighthouse.LEAST}
    categories["performance"]["score"] = 0.94
    measured = lighthouse.judged("/", {"categories": categories, "audits": audits})
    assert measured.scores == {**dict.fromkeys(lighthouse.LEAST, 98), "performance": 94}
    assert [finding.what for finding in measured.findings] == ["performance is 94, less than 95: Slow"]


def test_the_same_fault_of_many_rows_and_pages_is_told_once() -> None:
    rows = [
        Finding("widths", page, "768 light", f"tr:nth-of-type({row}) > td", f"cut by {row} px")
        for page in ("/a", "/b", "/c", "/d")
        for row in range(3)
    ]
    (same,) = grouped(rows)
    assert "12 × cut by" in told(same)
    assert "12 × tr > td" in told(same)
    assert "/a, /b, /c and 1 more" in told(same)
