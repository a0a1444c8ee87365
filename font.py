"""The desk's font: Inter, from its pinned package, cut once to what the names of Europe need, and kept beside Python.

`serve.py` makes it before the first worker starts, so that no two of them ever do; where it is missing (a folder that
may not be written, a package left out) the system's own fonts serve. `docs/decisions/0010-our-own-sheet.md` says why.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path

PACKAGE = "fontpkg-inter"
# A new recipe makes a new file: raise it with what is changed below.
RECIPE = 1
# Latin with all its accents (Vietnamese too), punctuation, currency signs, arrows, signs of mathematics, check marks.
CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    *range(0x2B0, 0x370),
    *range(0x1E00, 0x1F00),
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20C1),
    *(0x2113, 0x2116, 0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2215, 0x2260, 0x2264, 0x2265, 0x2713),
]
# Accents and their places, kerning, fractions, tabular figures, the slashed zero of keys.
FEATURES = ["ccmp", "locl", "mark", "mkmk", "kern", "calt", "frac", "tnum", "zero"]
WEIGHTS = (400, 620)


def path() -> Path | None:
    """Where the font is kept, or None without its package."""
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None
    return Path(sys.prefix, "share", "trousseau", f"inter-{version}-{RECIPE}.woff2")


def make() -> bool:
    """Make the font unless it is there; whether it is there now. It takes some seconds, once."""
    kept = path()
    if kept is None or kept.is_file():
        return kept is not None
    made = _cut()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as unfinished:
            unfinished.write(made)
        os.chmod(unfinished.name, 0o644)
        # Whoever looks sees the whole file or none.
        os.replace(unfinished.name, kept)
    except OSError:
        return False
    return True


def _cut() -> bytes:
    """Inter's own variable font, with fewer characters, weights and features; the same bytes on every machine."""
    import io  # noqa: PLC0415

    import fontpkg_inter  # noqa: PLC0415 - what only the making needs
    from fontTools import subset, ttLib  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    source = next((fontpkg_inter.ROOT / "files").glob("Inter[[]*.ttf"))
    font = ttLib.TTFont(source, recalcTimestamp=False)
    options = subset.Options(layout_features=FEATURES, hinting=False, notdef_outline=True, flavor="woff2")
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    instancer.instantiateVariableFont(font, {"opsz": 14, "wght": WEIGHTS}, inplace=True)
    _leave_punctuation_alone(font)
    font.flavor = "woff2"
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def _leave_punctuation_alone(font: object) -> None:
    """Take all but the ten figures out of `tnum`, which sets the hyphens of 2026-11-25 as wide as its figures."""
    table = font["GSUB"].table  # type: ignore[index]
    tabular = [record.Feature for record in table.FeatureList.FeatureRecord if record.FeatureTag == "tnum"]
    figures = {name for code, name in font.getBestCmap().items() if 0x30 <= code <= 0x39}  # type: ignore[attr-defined]
    for lookup in {index for feature in tabular for index in feature.LookupListIndex}:
        for part in table.LookupList.Lookup[lookup].SubTable:
            inner = getattr(part, "ExtSubTable", part)
            inner.mapping = {name: other for name, other in inner.mapping.items() if name in figures}


if __name__ == "__main__":
    sys.exit(0 if make() else 1)
