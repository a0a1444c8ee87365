"""The initials that stand for a person, and the ground they stand on: one rule for every page."""

from __future__ import annotations

import functools
import unicodedata
import zlib
from typing import NamedTuple

from services.text import characters

# The grounds of `static/css/tokens.css`, --f0 to --f5.
GROUNDS = 6
# For a name without a letter or a figure.
NOTHING = "·"


class Face(NamedTuple):
    """One or two characters, and a ground from 0 to 5 that stays with the name."""

    initials: str
    ground: int


@functools.lru_cache(maxsize=1024)
def face(name: str) -> Face:
    """The first letters of the first and the last word that have one: `Jean-Pierre de la Tour` is `JT`.

    A script without capitals (Arabic, Hebrew, Chinese) gives one letter: two would join, or read as another word. Where
    there is no letter, the first figure; where there is none either (an emoji), a dot.
    """
    plain = characters.without_bidi_controls(unicodedata.normalize("NFC", name))
    words = plain.split()
    letters = [letter for letter in map(_first_letter, words) if letter]
    ground = zlib.crc32(plain.casefold().encode()) % GROUNDS
    if not letters:
        figure = next((character for character in plain if character.isdecimal()), NOTHING)
        return Face(figure, ground)
    first, last = letters[0], letters[-1]
    has_capitals = all(letter.upper() != letter.lower() for letter in (first, last))
    return Face(first + last if len(letters) > 1 and has_capitals else first, ground)


def _first_letter(word: str) -> str:
    """Its first letter as a capital; of a capital that is written with two (ß), the first."""
    return next((character.upper()[0] for character in word if character.isalpha()), "")
