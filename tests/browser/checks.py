"""What every page owes everybody: read by a screen reader, small, dark, still, and within its own policy."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

from tests.chromium import settled

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 375, "height": 740}
# What moves after the first drawing, as the browser adds it up; 0 is a page that stands still, 0.1 is "good".
MOST_SHIFT = 0.05
COUNT_SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
FACTS = """
() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const titles = [...document.querySelectorAll("h1")];
  const widest = [...document.querySelectorAll("main *, header *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll-x, .legal, .tabs, .chips, pre"))
    .map((element) => element.outerHTML.slice(0, 80));
  const fields = [...document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")];
  const named = (form) => [...form.querySelectorAll("[autocomplete=username]")].some((field) => field.value.includes("@") && field.type !== "hidden");
  return {
    small: fields.filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16).map((field) => field.name),
    nameless: [...document.querySelectorAll("form:has([autocomplete=new-password])")].filter((form) => !named(form)).length,
    titles: titles.map((element) => element.firstChild ? element.innerText.trim() : ""),
    title: document.title,
    language: document.documentElement.lang,
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    width: document.documentElement.scrollWidth,
    wide: document.documentElement.scrollWidth > innerWidth ? widest.slice(0, 3) : [],
    shift: window.layoutShift,
  };
}
"""
WIDER = """
() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 120)).slice(0, 6)
"""


def problems_of(page: Page, url: str, language: str = "fr") -> list[str]:
    """Open `url` on a phone and look at it on a desktop too; returns what is wrong, as sentences.

    Every page is looked at dark and light, half of them dark on a phone and light on a desktop, half the other way round; with axe
    once, in one of the four in turn: pieces are of many pages, and axe is most of the time of all browser tests. `make audit` looks
    at each page in all four.
    """
    found: list[str] = []
    turn = zlib.crc32(urlsplit(url).path.encode())
    colors = ["dark", "light"] if turn & 1 else ["light", "dark"]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=colors[0])  # type: ignore[arg-type]
    page.goto(url)
    for size, color in zip((PHONE, DESKTOP), colors, strict=True):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=color)  # type: ignore[arg-type]
        settled(page)
        found += _wrong_facts(page.evaluate(FACTS), size["width"], language)
        if size is (PHONE if turn & 2 else DESKTOP):
            page.evaluate(AXE_SCRIPT)
            found += axe(page)
        if size is PHONE:
            found += [f"it is too wide without its font: {element}" for element in too_wide(page)]
    return list(dict.fromkeys(found))


def too_wide(page: Page) -> list[str]:
    """What makes the page wider than its window where the system's font is all there is: ours may come late, or never."""
    page.evaluate("document.documentElement.style.setProperty('--font', '\"DejaVu Sans\", sans-serif')")
    for _again in range(20):
        wide: list[str] = page.evaluate(WIDER)
        if not wide:
            break
        # A page without scripts may still wait for its sheet.
        page.wait_for_timeout(100)
    page.evaluate("document.documentElement.style.removeProperty('--font')")
    return wide


def _wrong_facts(facts: dict[str, Any], width: int, language: str) -> list[str]:
    titles, heading = facts["titles"], " ".join(facts["titles"][0].split()) if facts["titles"] else ""
    wrong = {
        f"{len(titles)} h1: {titles}": len(titles) != 1,
        f"its title is “{facts['title']}”, its h1 “{heading}”": not _says(facts["title"], heading),
        f"its language is {facts['language']!r}": facts["language"] != language,
        f"an id is there twice: {facts['twice']}": bool(facts["twice"]),
        f"it is {facts['width']} px wide on {width}: {facts['wide']}": facts["width"] > width,
        f"an iPhone zooms in on its fields {facts['small']}": width == PHONE["width"]
        and bool(facts["small"]),
        "a password manager cannot tell whose new password it asks for": bool(facts["nameless"]),
        # A window that changes its size moves everything: only the first of the two says something.
        f"it jumps by {facts['shift']:.3f}": width == PHONE["width"] and facts["shift"] > MOST_SHIFT,
    }
    return [sentence for sentence, is_wrong in wrong.items() if is_wrong]


def _says(title: str, heading: str) -> bool:
    """Whether the title holds the heading's words (a badge may stand beside them in the heading)."""
    plain = " ".join(title.split()).partition(" – ")[0]
    return bool(plain) and (plain in heading or heading in title)


def axe(page: Page) -> list[str]:
    """What axe says against the page as it stands, best practices included. `AXE_SCRIPT` must have been run."""
    answer = page.evaluate(
        "(options) => axe.run(document, options)",
        # A mail in its frame runs no script, so axe would wait for an answer in vain.
        {"resultTypes": ["violations"], "preload": False, "iframes": False},
    )
    results = AxeResults(answer)
    return [results.generate_report(violation["id"]) for violation in results.response["violations"]]
