"""Pages as a slow network brings them: what is read already must not move when the rest arrives."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from demo.fill import PASSWORD
from tests.browser import checks
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage
from tests.chromium import settled

# Bytes; seconds.
PART, PAUSE = 1_500, 0.03
PAGES = (
    # Its parts stand in another order there.
    ("/portal/", checks.PHONE),
    ("/portal/plans/", checks.PHONE),
    # Columns are as wide as what is in them.
    ("/portal/activity/", checks.DESKTOP),
)


class InParts:
    """An application whose pages arrive in parts, with time to draw each before the next comes."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Compressed, nobody knows where a part ends.
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return _in_parts(b"".join(self._app(environ, start_response)))


def _in_parts(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), PART):
        yield body[start : start + PART]
        time.sleep(PAUSE)


@pytest.mark.one_database
def test_what_is_read_already_stays_where_it_is(
    desk: Desk, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    page.context.add_init_script(checks.COUNT_SHIFTS)
    Article(page, desk.url, FRENCH).sign_in("admin@acme.example", PASSWORD)
    monkeypatch.setattr(desk.app, "wsgi_app", InParts(desk.app.wsgi_app))
    moved = {}
    for path, size in PAGES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(desk.url + path)
        settled(page)
        moved[path] = page.evaluate("window.layoutShift")
    assert max(moved.values()) < 0.01, moved
