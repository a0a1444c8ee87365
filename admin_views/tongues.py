"""Text of one language in a page of the other: a screen reader and a hyphenator are told which it is (WCAG 3.1.2).

Whatever the vendor writes twice has two names that end alike: `name_fr` and `name_en`, in rows, forms and the journal.
"""

from __future__ import annotations

from markupsafe import Markup

from services.text.formats import current_language


def tongue_of(name: str) -> str | None:
    """`fr` for `name_fr`, `en` for `name_en`, None for what has no language of its own."""
    stem, _, ending = name.rpartition("_")
    return ending if stem and ending in ("fr", "en") else None


def other_tongue(name: str) -> str | None:
    """`tongue_of(name)`, where the page around it is in another language."""
    tongue = tongue_of(name)
    return tongue if tongue != current_language() else None


def in_tongue(text: object, tongue: str | None) -> object:
    """`text` as HTML that says its language, where that is not the page's."""
    if not text or tongue is None or tongue == current_language():
        return text
    return Markup('<span lang="{}">{}</span>').format(tongue, text)


def called(row: object) -> str:
    """What the page around it calls a row: a plan by its name in the page's language, anything else as it is."""
    say = getattr(row, "called", None)
    return str(say(current_language()) if say else row)
