"""The desk that is audited: the demonstration with something of everything, served as in production, and its sandbox."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from flask_admin.contrib.sqla import ModelView
from playwright.sync_api import StorageState, sync_playwright

import access
from access import SYSTEM
from app import create_app
from config_types import ROOT
from demo.fill import PASSWORD
from models import Language, License, LicenseState, User, db, utcnow
from services import licenses
from tests.browser import test_every_page, test_sandbox_pages
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk
from tests.chromium import TIMEOUT, launch
from tests.sandbox_process import SandboxProcess
from tests.servers import free_port

START_SECONDS = 60
SANDBOX = "sandbox"
NOBODY: StorageState = {"cookies": [], "origins": []}


@dataclasses.dataclass(frozen=True)
class Site:
    """What there is to visit.

    Attributes:
        url: The desk's own address.
        pages: Every page, as a whole address, by who is shown it; "sandbox" is the name of the sandbox's visitor.
        signed_in: The cookies of each audience.
        agent: The browser to which the sessions of `signed_in` belong.
        measured: The pages that Lighthouse measures: (audience, whole address).
    """

    url: str
    pages: dict[str, list[str]]
    signed_in: dict[str, StorageState]
    agent: str
    measured: list[tuple[str, str]]

    def name(self, audience: str, url: str) -> str:
        """A page as findings name it: "member /portal/"."""
        return f"{audience} {path_of(url)}"


@contextlib.contextmanager
def serving(part: str = "") -> Iterator[Site]:
    """Start everything on free ports and data of its own; yields what to visit. Ends it all afterwards.

    With `part`, only the pages with that in their address; SystemExit where there are none.
    """
    port, smtp_port, sandbox_port = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="trousseau-audit-") as folder:
        environ = {
            "PATH": os.environ["PATH"],
            "INSTANCE": folder,
            "PORT": str(port),
            "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
            "MAIL_PORT": str(smtp_port),
            "LOG_LEVEL": "ERROR",
            "RATELIMIT_ENABLED": "0",
        }
        with (
            SandboxProcess(Path(folder), port=sandbox_port, smtp_port=smtp_port) as sandbox,
            _served(environ, f"http://127.0.0.1:{port}") as url,
        ):
            app = create_app(environ)
            with app.app_context(), access.everything():
                yield _site(Desk(url, sandbox, app), part)


@contextlib.contextmanager
def _served(environ: dict[str, str], url: str) -> Iterator[str]:
    """The desk behind its own server, on demonstration data."""
    subprocess.run(
        [sys.executable, "-m", "flask", "demo"], cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL
    )
    process = subprocess.Popen([sys.executable, "serve.py"], cwd=ROOT, env=environ)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{url}/healthz"):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"The desk did not start: nothing answers at {url}.")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own
        return True
    return False


def _site(desk: Desk, part: str) -> Site:
    # Before an example is chosen, which somebody must hold.
    _act()
    examples = test_every_page.make_examples()
    pages = {
        audience: [desk.url + address for address in test_every_page.pages_for(desk, examples, audience)]
        for audience in test_every_page.AUDIENCES
    }
    pages[SANDBOX] = [url for urls in test_sandbox_pages.addresses(desk.sandbox).values() for url in urls]
    pages = {audience: [url for url in urls if part in path_of(url)] for audience, urls in pages.items()}
    if not any(pages.values()):
        raise SystemExit(f"No page has “{part}” in its address.")
    measured = [(audience, url) for audience, url in _measured(desk) if part in path_of(url)]
    return Site(desk.url, pages, *_sign_in(desk.url), measured)


def _measured(desk: Desk) -> list[tuple[str, str]]:
    """Sign-in, the homes, people, plans, what is found and every list of support: where people spend their day."""
    views = [view for site in desk.app.extensions["admin"] for view in site._views]
    lists = [
        f"{view.url}/" for view in views if isinstance(view, ModelView) and view.url.startswith("/support/")
    ]
    pages = {
        "visitor": ["/sign-in"],
        "administrator": ["/portal/", "/portal/users/", "/portal/plans/", "/portal/search/?q=tremblay"],
        "support": ["/support/", "/support/search/?q=tremblay", *lists],
    }
    return [(audience, desk.url + path) for audience, paths in pages.items() for path in paths]


def path_of(url: str) -> str:
    """A whole address without its host: "/portal/users/?q=zzz"."""
    return f"/{url.split('/', 3)[3]}"


def _act() -> None:
    """Take a licence back and give it again, now: the demonstration's own moments have whole seconds."""
    company = db.session.scalars(sa.select(User.company_id).where(User.email == "admin@acme.example")).one()
    held = License.where_state(LicenseState.ASSIGNED, utcnow())
    license = db.session.scalars(sa.select(License).where(License.company_id == company, held).limit(1)).one()
    holder, plan, by = license.user, license.plan, SYSTEM
    licenses.release(license, by, held_by=holder.id)
    licenses.assign(plan, holder, by)


def _sign_in(url: str) -> tuple[dict[str, StorageState], str]:
    """Everybody's cookies, and the browser that they were given to."""
    states, agent = {SANDBOX: NOBODY}, ""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for audience, email in test_every_page.AUDIENCES.items():
            context = browser.new_context(locale="fr-CA")
            context.set_default_timeout(TIMEOUT)
            page = context.new_page()
            if email:
                Article(page, url, FRENCH).sign_in(email, PASSWORD)
            states[audience] = context.storage_state()
            agent = page.evaluate("navigator.userAgent")
            context.close()
        browser.close()
    return states, agent


def speak(language: Language) -> None:
    """Let everybody read the desk in that language from now on."""
    db.session.execute(sa.update(User).values(language=language))
    db.session.commit()
