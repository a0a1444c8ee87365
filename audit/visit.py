"""The visit of a page by the parts that need a browser. They run in as many processes as there are cores."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from playwright.sync_api import Error, StorageState, sync_playwright

from audit import engines, focus, reading, widths
from audit.desk import Site
from audit.findings import Finding
from audit.page import Look, open_page
from tests.chromium import launch

Part = Callable[[Look], None]
# In this order: walking with Tab leaves a page as it was; reading it otherwise may not.
PARTS: dict[str, Part] = {
    "axe": engines.axe,
    "ibm": engines.ibm,
    "widths": widths.look,
    "focus": focus.look,
    "reading": reading.look,
}
AT_ONCE = 6  # pages for each start of a browser


@dataclasses.dataclass(frozen=True)
class Visit:
    """Some pages of one audience: (name, address) of each, the cookies to go with, the parts to look with."""

    pages: list[tuple[str, str]]
    signed_in: StorageState
    parts: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a visit found, and how many checks of each part it made."""

    findings: list[Finding]
    checks: dict[str, int]


def all_pages(site: Site, parts: tuple[str, ...], tell: Callable[[str], None]) -> Iterator[Seen]:
    """Visit every page with these parts of `PARTS`; yields what was seen as it comes."""
    visits = [
        Visit(
            [(site.name(audience, url), url) for url in urls[start : start + AT_ONCE]],
            site.signed_in[audience],
            parts,
        )
        for audience, urls in site.pages.items()
        for start in range(0, len(urls), AT_ONCE)
    ]
    total, done = sum(len(visit.pages) for visit in visits), 0
    # `spawn`: a process that was forked would share the first one's browser.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as workers:
        under_way = {workers.submit(make, visit): visit for visit in visits}
        for future in as_completed(under_way):
            done += len(under_way[future].pages)
            tell(f"{done} of {total} pages visited")
            yield future.result()


def make(visit: Visit) -> Seen:
    """Visit its pages, one after the other, each in a tab of its own."""
    findings: list[Finding] = []
    checks = dict.fromkeys(visit.parts, 0)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(locale="fr-CA", reduced_motion="reduce", storage_state=visit.signed_in)
        for name, url in visit.pages:
            for part in visit.parts:
                page = context.new_page()
                look = Look(page, url, part, name)
                _try(part, look)
                findings += look.findings
                checks[part] += look.checks
                page.close()
        browser.close()
    return Seen(findings, checks)


def _try(part: str, look: Look) -> None:
    try:
        open_page(look)
        PARTS[part](look)
    except Error as error:
        # A page that cannot be looked at is a fault, and no reason to leave out the others.
        look.note("", "html", f"could not be looked at: {error.message.splitlines()[0]}")
