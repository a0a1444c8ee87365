"""What the theme of both sites promises: the chosen appearance, and icons that are there and no others."""

from __future__ import annotations

import re

import pytest

import config
from admin_views import portal, support
from tests.client import Client
from tests.conftest import Cast
from web import icons


@pytest.mark.one_database
def test_a_chosen_theme_is_kept_and_nonsense_is_not(browser: Client, cast: Cast) -> None:
    alice = browser
    alice.sign_in(cast.alice)
    answer = alice.post("/theme", data={"theme": "dark", "url": "/demo/people/"})
    assert answer.location == "/demo/people/"
    assert 'data-theme="dark"' in alice.get("/demo/people/").text
    alice.post("/theme", data={"theme": '"><script>', "url": "https://evil.example/"})
    assert 'data-theme="dark"' in alice.get("/demo/people/").text


@pytest.mark.one_database
def test_the_icons_that_templates_name_are_in_the_sprite(browser: Client) -> None:
    answer = browser.get("/static/icons.svg")
    assert answer.mimetype == "image/svg+xml"
    assert len(answer.data) < 60_000
    templates = " ".join(path.read_text() for path in (config.ROOT / "templates").rglob("*.html"))
    views = " ".join(path.read_text() for path in (config.ROOT / "admin_views").rglob("*.py"))
    acts = {act.icon for view in (*portal.VIEWS, *support.VIEWS) for act in getattr(view, "row_acts", ())}
    named = (
        acts
        | set(re.findall(r'\bicon\("([a-z0-9-]+)"\)', templates))
        | set(re.findall(r'\bicon(?:: [\w\[\]]+)? ?= ?"([a-z0-9-]+)"', views))
    )
    assert {"key-fill", "x-lg", "house"} <= named
    assert [name for name in sorted(named) if f'id="{name}"' not in answer.text] == []
    shown = templates + views
    assert [name for name in icons.NAMES if f'"{name}"' not in shown] == [], "cut out, and shown nowhere"
