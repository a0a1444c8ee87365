"""A page under the eyes of one part: how it is opened, made wider, asked, and what is noted about it."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from audit.findings import Finding
from tests.chromium import TIMEOUT, settled

HERE = Path(__file__).resolve().parent
HEIGHTS = {320: 568, 375: 740, 768: 1024, 1280: 800, 1920: 1080}
SCRIPT = "\n".join((HERE / name).read_text() for name in ("layout.js", "focus.js", "reading.js"))


@dataclasses.dataclass
class Look:
    """One part's look at a page.

    Attributes:
        page: The browser's tab.
        url: The page's address.
        part, name: What the findings are headed by.
        findings: What was found so far.
        checks: How many questions were asked.
    """

    page: Page
    url: str
    part: str
    name: str
    findings: list[Finding] = dataclasses.field(default_factory=list)
    checks: int = 0

    def resize(self, width: int) -> None:
        """Make the window as wide as a known screen."""
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        settled(self.page)

    def ask(self, call: str, where: str) -> None:
        """Call a function of the scripts, such as `layout()`, and note what it finds there."""
        self.checks += 1
        for found in self.page.evaluate(f"() => audit.{call}") or []:
            self.note(where, found["selector"], found["what"])

    def tell(self, call: str) -> Any:
        """Call a function of the scripts that finds nothing."""
        return self.page.evaluate(f"() => audit.{call}")

    def note(self, where: str, selector: str, what: str) -> None:
        """Keep a finding."""
        finding = Finding(self.part, self.name, where, selector, what)
        if finding not in self.findings:
            self.findings.append(finding)


def open_page(look: Look, width: int = 1280) -> None:
    """Go there on a screen of that width, with the scripts at hand."""
    look.page.set_default_timeout(TIMEOUT)
    look.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    answer = look.page.goto(look.url)
    if answer and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        look.note("", "html", f"answers {answer.status}")
    if look.page.url != look.url:
        # Else a session that is lost would have sign-in looked at a hundred times, and praised.
        look.note("", "html", f"leads on to {look.page.url}")
    settled(look.page)
    look.page.evaluate(SCRIPT)
