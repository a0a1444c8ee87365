"""Colours as WCAG 2.2 measures them (luminance, contrast) and as people see them (mixing and shading, in OKLab).

A `Color` is red, green and blue of sRGB, each from 0 to 1. OKLab is https://bottosson.github.io/posts/oklab/, which CSS
Color 4 has taken over: equal steps of its lightness look equal, and a hue stays that hue while it grows lighter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Color = tuple[float, float, float]

# WCAG 2.2, success criteria 1.4.3 (normal text) and 1.4.11 (what is no text), against what is behind it.
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0
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
    red, green, blue = (_linear(part) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(color: Color) -> Color:
    """White or black, whichever reads better on `color`."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, color))


def mix(color: Color, into: Color, share: float) -> Color:
    """`share` of `color` (0 to 1) in `into`, in OKLab, rounded to 8 bits per part."""
    one, other = _oklab(color), _oklab(into)
    light, a, b = (part * share + rest * (1 - share) for part, rest in zip(one, other, strict=True))
    return _srgb((light, a, b))


def readable(color: Color, surfaces: Sequence[Color], least: float = TEXT_CONTRAST) -> Color:
    """The nearest shade of `color` that has a contrast of `least` with every one of `surfaces`.

    It grows darker on light surfaces and lighter on dark ones, and ends at black or white at the latest.
    """
    light, a, b = _oklab(color)
    step = -0.01 if luminance(surfaces[0]) > 0.18 else 0.01
    shade = color
    while min(contrast(shade, surface) for surface in surfaces) < least and 0 < light + step < 1:
        light += step
        # Browsers get 8 bits per part: measure the rounded shade.
        shade = _srgb((light, a, b))
    if min(contrast(shade, surface) for surface in surfaces) < least:
        return BLACK if step < 0 else WHITE
    return shade


def _linear(part: float) -> float:
    """A part of sRGB without its curve, as WCAG 2.2 and CSS Color 4 take it off."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _curved(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _oklab(color: Color) -> Color:
    red, green, blue = (_linear(part) for part in color)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _srgb(lab: Color) -> Color:
    """The inverse of `_oklab`, rounded to 8 bits per part; what sRGB does not have loses colour, not lightness."""
    light, a, b = lab
    for chroma in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0):
        parts = _linear_srgb(light, a * chroma, b * chroma)
        if all(-0.0005 <= part <= 1.0005 for part in parts):
            break
    red, green, blue = (_curved(min(max(part, 0.0), 1.0)) for part in parts)
    return parse(as_hex((red, green, blue)))


def _linear_srgb(light: float, a: float, b: float) -> Color:
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
