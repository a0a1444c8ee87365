"""One real Chromium for each worker of pytest, and a watch over everything that goes wrong in its pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Frame,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 20_000  # milliseconds; enough for a busy machine
MISSING = (
    "This needs Chromium, which is not on this machine (or the CHROMIUM variable names none).\n"
    "Debian, Ubuntu: apt-get install chromium   Fedora: dnf install chromium   macOS: brew install chromium"
)
# Reports violations of the page's Content-Security-Policy to a function of ours.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  window.reportViolation?.(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""


def find_chromium() -> str | None:
    """Where Chromium is: what `CHROMIUM` says, or the system's own; None when there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *NAMES))), None)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; RuntimeError says how to install it."""
    path = find_chromium()
    if path is None:
        raise RuntimeError(MISSING)
    return playwright.chromium.launch(executable_path=path, args=QUIET)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this worker. There can be one only: Playwright keeps its loop running in the main thread."""
    if find_chromium() is None:
        pytest.fail(MISSING, pytrace=False)
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


class Watch:
    """What goes wrong in the pages of a context: errors in the console, refusals of the policy, failed requests.

    Attributes:
        problems: What was seen, as sentences.
        expected: Parts of sentences that are no problem, such as "status of 404" where a page is one.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.expected: list[str] = []
        context.expose_function("reportViolation", self._note)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self._note(f"{error.error}"))
        context.on("requestfailed", self._failed)

    def _note(self, problem: str) -> None:
        if not any(part in problem for part in self.expected):
            self.problems.append(problem)

    def _failed(self, request: Request) -> None:
        # Leaving a page aborts its requests under way.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"{request.method} {request.url}: {request.failure}")


def settled(page: Page | Frame) -> None:
    """Wait until the page has been drawn twice, so that what its scripts do at the start is done."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
