"""The vendor's look: its colour as a style sheet, made readable in both themes, and its logo."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from flask import Response, abort, request
from sqlalchemy.orm import undefer

from models import Vendor, db
from services.catalogue import vendor as vendors
from services.catalogue.colors import (
    BLACK,
    SHAPE_CONTRAST,
    TEXT_CONTRAST,
    WHITE,
    Color,
    as_hex,
    contrast,
    mix,
    parse,
    readable,
)
from web.blueprint import bp
from web.statics import FOREVER

LOGO_TYPES = {"image/png", "image/jpeg", "image/webp"}


class Theme(NamedTuple):
    """What the vendor's colour stands on in a theme, and how much of it each mixture takes.

    Attributes:
        surface: `--surface` of `static/css/tokens.css`, on which work is done.
        others: What else accent text stands on: `--ground`, `--raised`, `--sunken`, `--hover`, `--side-hover`.
        text: The least contrast of accent text; in the dark more than WCAG asks, or it glows too little beside the ink.
        soft, here: The share of the accent (0 to 1) in the ground of what is chosen, and of where one is.
        mid: The share of accent text in the second colour of a bar.
        chart: The share of accent text in the first.
    """

    surface: Color
    others: tuple[Color, ...]
    text: float
    soft: float
    here: float
    mid: float
    chart: float


@bp.get("/vendor.css")
def vendor_css() -> Response:
    """The vendor's colour as custom properties: see `variables`."""
    vendor = vendors.current()
    light, dark = (variables(parse(vendor.color), theme) for theme in (LIGHT, DARK))
    css = (
        f":root, [data-theme=light] {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
        f"[data-theme=dark] {{ {dark} }}\n"
    )
    response = Response(css, mimetype="text/css")
    response.headers["Cache-Control"] = _cache_for(vendor)
    return response


@bp.get("/vendor/logo")
def vendor_logo() -> Response:
    """The vendor's logo as it was uploaded, with the media type that was checked then; it can run no script."""
    vendor = db.session.scalar(sa.select(Vendor).options(undefer(Vendor.logo)))
    if vendor is None or not vendor.logo or vendor.logo_type not in LOGO_TYPES:
        abort(404)
    response = Response(vendor.logo, mimetype=vendor.logo_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = _cache_for(vendor)
    return response


def _cache_for(vendor: Vendor) -> str:
    """`FOREVER` for the vendor's current revision; `no-cache` for any other."""
    return FOREVER if request.args.get("v") == str(vendor.revision) else "no-cache"


def variables(color: Color, theme: Theme) -> str:
    """The eight CSS custom properties made of the vendor's colour, such as `--accent-soft: #eef3f4;`.

    Whatever the colour: `accent` has 3:1 with the surface and `on-accent` 4.5:1 with it and with `accent-hover`;
    `accent-strong` has 4.5:1 with all that it is written on; `accent-mid` and `chart-1` have 3:1 with the surface.
    """
    accent = readable(color, [theme.surface], SHAPE_CONTRAST)
    ink = WHITE if contrast(WHITE, accent) >= TEXT_CONTRAST else BLACK
    # Pressed, a button grows darker, where its text allows it.
    hover = next(
        shade
        for shade in (mix(accent, BLACK, 0.85), mix(accent, WHITE, 0.85), accent)
        if contrast(ink, shade) >= TEXT_CONTRAST
    )
    soft, here = mix(accent, theme.surface, theme.soft), mix(accent, theme.surface, theme.here)
    strong = readable(accent, [theme.surface, *theme.others, soft, here], theme.text)
    colors = {
        "accent": accent,
        "on-accent": ink,
        "accent-strong": strong,
        "accent-hover": hover,
        "accent-soft": soft,
        "accent-here": here,
        "accent-mid": readable(mix(strong, theme.surface, theme.mid), [theme.surface], SHAPE_CONTRAST),
        "chart-1": mix(strong, theme.surface, theme.chart),
    }
    return " ".join(f"--{name}: {as_hex(color)};" for name, color in colors.items())


LIGHT = Theme(
    surface=parse("#ffffff"),
    others=tuple(map(parse, ("#f5f6f7", "#ffffff", "#f1f2f4", "#f7f8f9", "#ebedf0"))),
    text=TEXT_CONTRAST,
    soft=0.07,
    here=0.1,
    mid=0.66,
    chart=1,
)
DARK = Theme(
    surface=parse("#14171b"),
    others=tuple(map(parse, ("#0d0f12", "#1b1f25", "#1e2229", "#191d22", "#191d22"))),
    text=6.5,
    soft=0.2,
    here=0.2,
    mid=0.5,
    chart=0.82,
)
