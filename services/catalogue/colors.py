"""Colours as WCAG 2.2 measures them: luminance, contrast, and a shade that can be read.

A `Color` is red, green and blue, each from 0 to 1.
"""

from __future__ import annotations

import colorsys

Color = tuple[float, float, float]

# WCAG 2.2, success criterion 1.4.3: normal text against what is behind it.
TEXT_CONTRAST = 4.5
WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


def parse(color: str) -> Color:
    """`#1f5fbf` as three parts from 0 to 1."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def as_hex(color: Color) -> str:
    """The inverse of `parse`, 8 bits per part."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in color)


def luminance(color: Color) -> float:
    """The relative luminance of WCAG 2.2, from 0 (black) to 1 (white)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(color: Color) -> Color:
    """White or black, whichever reads better on `color`."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, color))


def mix(color: Color, into: Color, share: float) -> Color:
    """`share` of `color` (0 to 1) in `into`, rounded to 8 bits per part."""
    red, green, blue = (part * share + other * (1 - share) for part, other in zip(color, into, strict=True))
    return parse(as_hex((red, green, blue)))


def readable(color: Color, surfaces: list[Color]) -> Color:
    """The nearest shade of `color` that can be read as text on every one of `surfaces`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*color)
    step = -0.01 if luminance(surfaces[0]) > 0.18 else 0.01
    shade = color
    # Ends at white or black at the latest: one of them has enough contrast with a theme's surfaces.
    while min(contrast(shade, surface) for surface in surfaces) < TEXT_CONTRAST:
        lightness = min(max(lightness + step, 0), 1)
        # Browsers get 8 bits per part: measure the rounded shade.
        shade = parse(as_hex(colorsys.hls_to_rgb(hue, lightness, saturation)))
    return shade
