"""The vendor's colour in a mail, which knows no style sheet but its own: plain values, readable in light and dark programs."""

from __future__ import annotations

import re

from models import DEFAULT_COLOR, Vendor
from services.catalogue import colors

# What links stand on, in light and in dark: `.card` of `templates/mail/layout.html`.
_CARD, _DARK_CARD = colors.WHITE, colors.parse("#14171b")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def tints(sender: Vendor) -> dict[str, str]:
    """`color` of the button, `ink` on it, `accent` and `accent_dark` of links, each as `#rrggbb`.

    What is no colour is the default one: nothing that was typed ever ends up in a style.
    """
    color = sender.color if _COLOR.fullmatch(sender.color) else DEFAULT_COLOR
    parsed = colors.parse(color)
    shades = {
        "ink": colors.ink_on(parsed),
        "accent": colors.readable(parsed, [_CARD]),
        "accent_dark": colors.readable(parsed, [_DARK_CARD]),
    }
    return {"color": color} | {name: colors.as_hex(shade) for name, shade in shades.items()}
