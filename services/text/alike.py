"""What two words are when nobody looks at how they are typed."""

from __future__ import annotations

import unicodedata

_JOINED = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o"})


def bare(text: str) -> str:
    """Letters and figures alone, without case, accents, spaces or punctuation: « Prénom : » and `prenom` are one."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_JOINED))
    return "".join(character for character in plain if character.isalnum())
