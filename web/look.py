"""The vendor's look: its colour as a style sheet, made readable in both themes, and its logo."""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import sqlalchemy as sa
from flask import Response, abort, request
from sqlalchemy.orm import undefer

from models import Vendor, db
from web.blueprint import bp
from web.filters import current_vendor
from web.statics import FOREVER

# WCAG 2.2, success criterion 1.4.3: normal text against what is behind it.
TEXT_CONTRAST = 4.5
WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
LOGO_TYPES = {"image/png", "image/jpeg", "image/webp"}

Color = tuple[float, float, float]


class Theme(NamedTuple):
    """What accents stand on.

    Attributes:
        surface: The card's colour, `--surface` of `static/css/tokens.css`.
        second: The one nearest to the theme's text, `--surface-2`.
        tint: How much of the accent there is in `--accent-soft`, from 0 to 1.
    """

    surface: Color
    second: Color
    tint: float


@bp.get("/vendor.css")
def vendor_css() -> Response:
    """The vendor's colour as custom properties: see `_variables`."""
    vendor = current_vendor()
    light, dark = (_variables(parse(vendor.color), theme) for theme in (LIGHT, DARK))
    css = (
        f":root, [data-bs-theme=light] {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-bs-theme=light]) {{ {dark} }} }}\n"
        f"[data-bs-theme=dark] {{ {dark} }}\n"
    )
    response = Response(css, mimetype="text/css")
    response.headers["Cache-Control"] = _cache_for(vendor)
    return response


@bp.get("/vendor/logo")
def vendor_logo() -> Response:
    """The vendor's logo as it was uploaded, under a type that was checked then and in a sandbox."""
    vendor = db.session.scalar(sa.select(Vendor).options(undefer(Vendor.logo)))
    if vendor is None or not vendor.logo or vendor.logo_type not in LOGO_TYPES:
        abort(404)
    response = Response(vendor.logo, mimetype=vendor.logo_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = _cache_for(vendor)
    return response


def _cache_for(vendor: Vendor) -> str:
    """Long under the vendor's present revision alone; the page that names the next one asks again."""
    return FOREVER if request.args.get("v") == str(vendor.revision) else "no-cache"


def _variables(accent: Color, theme: Theme) -> str:
    soft = mix(accent, theme.surface, theme.tint)
    white_on_it = contrast(WHITE, accent) >= contrast(BLACK, accent)
    colors = {
        "accent": accent,
        "on-accent": WHITE if white_on_it else BLACK,
        # A pressed button moves away from its text.
        "accent-away": BLACK if white_on_it else WHITE,
        "accent-soft": soft,
        "accent-strong": readable(accent, [theme.surface, theme.second, soft]),
    }
    return " ".join(f"--{name}: {as_hex(color)};" for name, color in colors.items())


def readable(color: Color, surfaces: list[Color]) -> Color:
    """The nearest shade of `color` that can be read as text on every one of `surfaces`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*color)
    step = -0.01 if luminance(surfaces[0]) > 0.18 else 0.01
    shade = color
    # Ends at white or black at the latest, which the surfaces of a theme allow.
    while min(contrast(shade, surface) for surface in surfaces) < TEXT_CONTRAST:
        lightness = min(max(lightness + step, 0), 1)
        # What is sent has 8 bits per part: measure that.
        shade = parse(as_hex(colorsys.hls_to_rgb(hue, lightness, saturation)))
    return shade


def mix(color: Color, into: Color, share: float) -> Color:
    """`share` of `color` (0 to 1) in `into`, as it is sent."""
    red, green, blue = (part * share + other * (1 - share) for part, other in zip(color, into, strict=True))
    return parse(as_hex((red, green, blue)))


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: Color) -> float:
    """The relative luminance of WCAG 2.2, from 0 (black) to 1 (white)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def parse(color: str) -> Color:
    """`#1f5fbf` as three parts from 0 to 1."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def as_hex(color: Color) -> str:
    """The inverse of `parse`."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in color)


LIGHT = Theme(surface=parse("#ffffff"), second=parse("#f3f4f6"), tint=0.09)
DARK = Theme(surface=parse("#171a20"), second=parse("#1f232b"), tint=0.18)
