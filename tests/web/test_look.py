"""The vendor's colour and logo."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from models import db
from services.catalogue import colors
from tests.client import Client
from tests.conftest import Cast
from web import look

pytestmark = pytest.mark.one_database
EIGHT = {
    "accent",
    "on-accent",
    "accent-strong",
    "accent-hover",
    "accent-soft",
    "accent-here",
    "accent-mid",
    "chart-1",
}
COLORS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda parts: "#{:02x}{:02x}{:02x}".format(*parts))


def _six(value: str) -> str:
    """`#fff` as `#ffffff`."""
    return value if len(value) == 7 else "#" + "".join(digit * 2 for digit in value[1:])


def _colors(css: str) -> dict[str, colors.Color]:
    return {name: colors.parse(_six(value)) for name, value in re.findall(r"--([\w-]+): (#\w+);", css)}


@given(color=COLORS)
def test_any_colour_of_the_vendor_can_be_read_in_both_themes(color: str) -> None:
    for theme in (look.LIGHT, look.DARK):
        sent = _colors(look.variables(colors.parse(color), theme))
        assert set(sent) == EIGHT
        for behind in ("accent", "accent-hover"):
            assert colors.contrast(sent["on-accent"], sent[behind]) >= 4.5, behind
        for surface in (theme.surface, *theme.others, sent["accent-soft"], sent["accent-here"]):
            assert colors.contrast(sent["accent-strong"], surface) >= 4.5
        for shape in ("accent", "accent-mid", "chart-1"):
            assert colors.contrast(sent[shape], theme.surface) >= 3, shape


@given(color=COLORS)
def test_a_colour_that_can_be_seen_is_the_vendors_own(color: str) -> None:
    for theme in (look.LIGHT, look.DARK):
        if colors.contrast(colors.parse(color), theme.surface) >= 3:
            assert f"--accent: {color};" in look.variables(colors.parse(color), theme)


# What accent text may stand on, in `static/css/tokens.css`.
GROUNDS = ("ground", "raised", "sunken", "hover", "side-hover")


def test_the_surfaces_are_those_of_the_style_sheet() -> None:
    css = (config.ROOT / "static/css/tokens.css").read_text()
    for theme, rule in ((look.LIGHT, '[data-theme="light"] {'), (look.DARK, '\n[data-theme="dark"] {')):
        said = _colors(css.partition(rule)[2].partition("}")[0])
        assert said["surface"] == theme.surface
        assert tuple(said[name] for name in GROUNDS) == theme.others


def test_the_dark_of_the_device_is_the_dark_that_one_chooses() -> None:
    css = (config.ROOT / "static/css/tokens.css").read_text()
    device = css.partition(':root:not([data-theme="light"]) {')[2].partition("}")[0]
    chosen = css.partition('\n[data-theme="dark"] {')[2].partition("}")[0]
    assert _colors(device) == _colors(chosen)
    assert device.split() == chosen.split()


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colors.contrast(look.WHITE, look.BLACK) == pytest.approx(21)
    assert colors.contrast(colors.parse("#767676"), look.WHITE) == pytest.approx(4.54, abs=0.01)


def test_a_readable_colour_is_left_alone() -> None:
    assert colors.readable(colors.parse("#10306b"), [look.WHITE]) == colors.parse("#10306b")


def test_the_style_sheet_follows_the_vendors_colour_and_is_kept_until_it_changes(
    client: Client, cast: Cast
) -> None:
    cast.vendor.color, cast.vendor.revision = "#aa0000", 7
    db.session.commit()
    answer = client.get("/vendor.css?v=7")
    assert answer.mimetype == "text/css"
    assert answer.text.count("--accent: #aa0000") == 1
    assert answer.text.count("--accent: #") == 3
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/vendor.css?v=8").headers["Cache-Control"] == "no-cache"
    assert "/vendor.css?v=7" in client.get("/sign-in").text


def test_the_logo_is_served_as_a_picture_and_nothing_else(client: Client, cast: Cast) -> None:
    assert client.get("/vendor/logo").status_code == 404
    cast.vendor.logo, cast.vendor.logo_type = b"<script>alert(1)</script>", "image/png"
    db.session.commit()
    answer = client.get("/vendor/logo?v=1")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    cast.vendor.logo_type = "image/svg+xml"
    db.session.commit()
    assert client.get("/vendor/logo").status_code == 404


def test_pages_open_before_there_is_a_vendor(client: Client) -> None:
    for path in ("/sign-in", "/vendor.css", "/nowhere"):
        assert client.get(path).status_code in {200, 404}


def test_a_page_reads_the_vendor_once(client: Client, cast: Cast, count_queries: object) -> None:
    with count_queries() as statements:  # type: ignore[operator]
        client.get("/sign-in")
    assert len([statement for statement in statements if "FROM vendor" in statement]) == 1
    assert len(statements) == 1
