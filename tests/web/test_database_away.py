"""With the database away, everybody reads a page of ours, and the log gets a line: signed-in people and error pages too."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort, g
from flask_limiter import RateLimitExceeded
from flask_limiter._limits import RuntimeLimit
from flask_wtf.csrf import CSRFError
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import HTTPException, InternalServerError

from models import db
from services.foundation.errors import Code, Refused
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast, MakeApp
from tests.web.pages import heading
from tests.web.test_errors import TITLES
from web.guards import OtherSite
from web.limits import by_machine

pytestmark = pytest.mark.one_database
# By the kind that `web/errors.py` answers: what raises it, and the answer's status.
FAILURES: dict[type[Exception], list[tuple[Any, int]]] = {
    HTTPException: [(code, code) for code in (400, 403, 404, 405, 413, 418, 502)],
    CSRFError: [(CSRFError("stale"), 503)],
    OtherSite: [(OtherSite(), 400)],
    RateLimitExceeded: [(RateLimitExceeded(RuntimeLimit(RateLimitItemPerMinute(1), by_machine, None)), 429)],
    Refused: [(Refused(Code.LINE_GONE, "gone"), 409)],
    sa.exc.OperationalError: [(sa.exc.OperationalError("SELECT 1", {}, Exception("gone")), 503)],
    sa.exc.InterfaceError: [(sa.exc.InterfaceError("SELECT 1", {}, Exception("gone")), 503)],
    sa.exc.TimeoutError: [(sa.exc.TimeoutError("pool"), 503)],
    sa.exc.DataError: [(sa.exc.DataError("SELECT 1", {}, Exception("gone")), 400)],
    InternalServerError: [(RuntimeError("a bug"), 500)],
}


def _away(folder: Path) -> str:
    return f"sqlite:///{folder}/gone/away.sqlite"


class Plug:
    """Of an application's database: `pull` it in the middle of a request, then put it `back`."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._engines = db._app_engines[app]  # noqa: SLF001 - it has no public form
        self._before, self._dead = dict(self._engines), sa.create_engine(_away(folder))

    def pull(self) -> None:
        db.session.remove()
        for name in ("_login_user", "language", "vendor"):
            g.pop(name, None)
        self._engines[None] = self._dead

    def back(self) -> None:
        self._engines.update(self._before)


@pytest.fixture
def plug(app: Flask, tmp_path: Path) -> Iterator[Plug]:
    pages, plug = dict(app.view_functions), Plug(app, tmp_path)
    yield plug
    plug.back()
    app.view_functions.update(pages)


def test_every_kind_of_error_page_is_tried_with_the_database_away(app: Flask) -> None:
    answered = {kind for kinds in app.error_handler_spec[None].values() for kind in kinds}
    assert answered == set(FAILURES)


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("who", [None, "alice", "sam"])
def test_an_error_page_needs_no_database(
    app: Flask,
    cast: Cast,
    plug: Plug,
    caplog: pytest.LogCaptureFixture,
    kind: type[Exception],
    who: str | None,
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for failure, code in FAILURES[kind]:
        browser = make_client(app)
        if who:
            sign_in(browser, getattr(cast, who))

        def fail(failure: Any = failure) -> None:
            plug.pull()
            if isinstance(failure, int):
                abort(failure)
            raise failure

        app.view_functions["web.home"] = fail  # type: ignore[assignment]
        caplog.clear()
        # A form whose session has ended would be kept: that takes the database.
        answer = browser.get("/")
        plug.back()
        if kind is CSRFError and who is None:
            # Nobody's session has ended: the sign-in page says what it can.
            assert answer.location.startswith("/sign-in")
            continue
        assert answer.status_code == code
        assert heading(answer)
        assert "sqlite" not in answer.text
        complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(complaints) <= 2
        assert sum(len(record.getMessage()) for record in complaints) < 300
        assert all(record.exc_info is None for record in complaints) or kind is InternalServerError


@pytest.mark.parametrize("url", [_away(Path("{}")), "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"])
def test_every_page_is_a_503_in_ones_language_and_one_line_of_log(
    make_app: MakeApp,
    client: Client,
    cast: Cast,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    away = make_app(url.format(tmp_path), PROPAGATE_EXCEPTIONS=False)
    cookie = sign_in(client, cast.alice).get_cookie(away.config["SESSION_COOKIE_NAME"])
    assert cookie
    for signed_in in (True, False):
        browser = make_client(away)
        if signed_in:
            browser.set_cookie(cookie.key, cookie.value)
        for path in (
            "/portal/",
            "/profile",
            "/sign-in",
            "/nowhere",
            "/l/unknown",
            "/vendor.css",
            "/stripe/webhook",
        ):
            for number, language in enumerate(("fr", "en")):
                caplog.clear()
                answer = browser.get(path, headers={"Accept-Language": language})
                assert answer.status_code in {302, 404, 405, 503}, path
                if signed_in and path in {"/portal/", "/profile"}:
                    assert answer.status_code == 503
                    assert int(answer.headers["Retry-After"]) > 0
                if answer.status_code == 503 and answer.mimetype == "text/html":
                    assert heading(answer) == TITLES[503][number]
                assert not re.search("sqlite|psycopg|OperationalError|secret", answer.text)
                assert len(caplog.records) <= 1, caplog.text
                assert len(caplog.text) < 300
