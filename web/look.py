"""The vendor's look: its colour as a style sheet, made readable in both themes, and its logo."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from flask import Response, abort, request
from sqlalchemy.orm import undefer

from models import Vendor, db
from services.catalogue import vendor as vendors
from services.catalogue.colors import BLACK, WHITE, Color, as_hex, ink_on, mix, parse, readable
from web.blueprint import bp
from web.statics import FOREVER

LOGO_TYPES = {"image/png", "image/jpeg", "image/webp"}


class Theme(NamedTuple):
    """The surfaces on which the accent colour is used.

    Attributes:
        surface: The colour of cards, `--surface` of `static/css/tokens.css`.
        second: `--surface-2`, the surface with the least contrast with the theme's text.
        tint: The share of the accent in `--accent-soft`, from 0 to 1.
    """

    surface: Color
    second: Color
    tint: float


@bp.get("/vendor.css")
def vendor_css() -> Response:
    """The vendor's colour as custom properties: see `variables`."""
    vendor = vendors.current()
    light, dark = (variables(parse(vendor.color), theme) for theme in (LIGHT, DARK))
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


def variables(accent: Color, theme: Theme) -> str:
    """The CSS custom properties made of the accent colour, such as `--accent-soft: #e8eef9;`."""
    soft = mix(accent, theme.surface, theme.tint)
    ink = ink_on(accent)
    colors = {
        "accent": accent,
        "on-accent": ink,
        # A pressed button is mixed with this one: it gains contrast with its text.
        "accent-away": BLACK if ink == WHITE else WHITE,
        "accent-soft": soft,
        "accent-strong": readable(accent, [theme.surface, theme.second, soft]),
    }
    return " ".join(f"--{name}: {as_hex(color)};" for name, color in colors.items())


LIGHT = Theme(surface=parse("#ffffff"), second=parse("#f3f4f6"), tint=0.09)
DARK = Theme(surface=parse("#171a20"), second=parse("#1f232b"), tint=0.18)
