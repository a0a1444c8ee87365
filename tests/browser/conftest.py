"""The whole desk behind a real browser: web server, sandbox and mail worker, on the demonstration's data."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

import access
import config
from demo.fill import fill
from tests.chromium import TIMEOUT, Watch
from tests.sandbox_process import SandboxProcess
from tests.servers import WebServer

OpenPage = Callable[..., Page]


@dataclasses.dataclass(frozen=True)
class Desk:
    """A desk that serves: its address, its sandbox, and the application to look at what was stored."""

    url: str
    sandbox: SandboxProcess
    app: Flask


@pytest.fixture
def desk(app: Flask, live_server: WebServer, sandbox: SandboxProcess) -> Iterator[Desk]:
    """The demonstration as `make run` shows it, within an open scope."""
    with app.app_context(), access.everything():
        fill(everybody=False)
        yield Desk(live_server.url, sandbox, app)


@pytest.fixture
def worker(desk: Desk, environ: dict[str, str]) -> Iterator[None]:
    """A real `flask worker`, which sends the mail of the desk to the sandbox while the test runs."""
    variables = environ | {"DATABASE_URL": desk.app.config["SQLALCHEMY_DATABASE_URI"], "FLASK_APP": "app"}
    process = subprocess.Popen([sys.executable, "-m", "flask", "worker"], cwd=config.ROOT, env=variables)
    yield
    process.terminate()
    process.wait(10)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """`open_page(**options of a context)`: a page in a new browser context, in French on a desktop by default.

    The test fails at its end when any page of it had an error, a refusal by its policy or a request that failed;
    `page.watch.expected` holds what is meant to happen.
    """
    watches: list[Watch] = []
    with contextlib.ExitStack() as contexts:

        def make(**options: Any) -> Page:
            context: BrowserContext = browser.new_context(
                **({"locale": "fr-CA", "reduced_motion": "reduce"} | options)
            )
            contexts.callback(context.close)
            context.set_default_timeout(TIMEOUT)
            watches.append(Watch(context))
            page = context.new_page()
            page.watch = watches[-1]  # type: ignore[attr-defined]
            return page

        yield make
    problems = [problem for watch in watches for problem in watch.problems]
    assert not problems, "\n".join(problems)
