"""The few icons we use, cut out of the 1.1 MB sprite of Bootstrap Icons at start-up."""

from __future__ import annotations

import re
from pathlib import Path

import flask_bootstrap

SPRITE = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
NAMES = (
    "arrow-counterclockwise",
    "arrow-down",
    "arrow-right",
    "arrow-up",
    "box-arrow-right",
    "buildings",
    "cart",
    "cart3",
    "chat-left-text",
    "check-circle",
    "check-lg",
    "chevron-down",
    "chevron-expand",
    "chevron-left",
    "chevron-right",
    "chevron-up",
    "circle-half",
    "clock-history",
    "copy",
    "credit-card",
    "dash-lg",
    "download",
    "envelope",
    "exclamation-circle",
    "exclamation-octagon",
    "exclamation-triangle",
    "gear",
    "headset",
    "house",
    "info-circle",
    "key",
    "key-fill",
    "link-45deg",
    "list",
    "moon-stars",
    "pencil",
    "people",
    "person",
    "person-badge",
    "person-check",
    "person-dash",
    "person-plus",
    "person-slash",
    "plus",
    "plus-lg",
    "receipt",
    "search",
    "send",
    "sun",
    "tags",
    "trash3",
    "x",
    "x-circle",
    "x-lg",
)


def cut(names: tuple[str, ...] = NAMES) -> bytes:
    """A sprite of the symbols called `names`. Raises KeyError for one that the package does not have."""
    text = SPRITE.read_text(encoding="utf-8")
    symbols = {
        match[1]: match[0]
        for match in re.finditer(r'<symbol[^>]*\bid="([a-z0-9-]+)".*?</symbol>', text, flags=re.DOTALL)
    }
    chosen = "".join(symbols[name] for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{chosen}</svg>'.encode()
