"""French before a name: « de Léa », « d’Élise ».

A vowel that is heard takes the e away (OQLF, Banque de dépannage linguistique, « Élision »). What cannot be known from the spelling is written in
full, which is never wrong to read: digits and codes, letters of another alphabet, an h that may be aspirated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

# « de %(person)s », « qu’on » has none: only these two stand before what a sentence takes up.
_BEFORE_A_NAME = re.compile(r"\b([dD]|[qQ]u)e %\((\w+)\)s")
_TAG = re.compile(r"<[^>]*>")
# Their letters are one here: Œuvre, Ægir, Øystein.
_JOINED = str.maketrans({"œ": "o", "æ": "a", "ø": "o"})
# Names and words whose h is mute, by their beginning; any other h may be aspirated, as those of Hans, Hassan and Honda.
_MUTE_H = (
    "habita",
    "harmon",
    "hector",
    "hel",
    "hema",
    "henr",
    "herm",
    "herv",
    "hilair",
    "hipp",
    "histoir",
    "honor",
    "hop",
    "hort",
    "hotel",
    "hub",
    "hug",
    "hya",
    "hydr",
    "hyp",
)
# A consonant is heard: Oualid, Ouellet, Yasmine; and the words that French does not join.
_NOT_JOINED = re.compile(r"ou[aeiy]|y[aeiouy]|onz|uhl|ulul")


def elides(text: str) -> bool:
    """Whether « de » loses its e before `text`: Élise, Henri, Yvon; not Léa, Hans, Yasmine, 11, Иван."""
    first = re.search(r"\w+", text)
    if first is None or any(character.isdigit() for character in first[0]):
        return False
    plain = unicodedata.normalize("NFD", text[first.start() :].lower().translate(_JOINED))
    word = "".join(character for character in plain if not unicodedata.combining(character))
    if _NOT_JOINED.match(word):
        return False
    return word[0] in "aeiouy" or word.startswith(_MUTE_H)


def elided(message: str, variables: Mapping[str, Any]) -> str:
    """The pattern `message` with each « de » and « que » before a variable as its text wants it. Other languages have neither."""

    def joined(found: re.Match[str]) -> str:
        value = variables.get(found[2])
        if value is None or isinstance(value, (int, float)) or not elides(_TAG.sub("", str(value))):
            return found[0]
        return f"{found[1]}\u2019%({found[2]})s"

    return _BEFORE_A_NAME.sub(joined, message)
