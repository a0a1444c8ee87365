"""How a text is found and in which order it stands, whoever typed it and whichever database holds it.

What is stored and what is typed go through the same function, so that neither database has to know of letters with marks.
"""

from __future__ import annotations

import itertools
import unicodedata

from tables.addresses import readable_address

# Letters that Unicode does not take apart, and what is typed for them.
_SPELLED = str.maketrans(
    {
        **{
            "œ": "oe",
            "æ": "ae",
            "ø": "o",
            "ł": "l",
            "đ": "d",
            "ð": "d",
            "þ": "th",
            "ħ": "h",
            "ı": "i",
            "ŋ": "n",
        },
        **dict.fromkeys("’‘ʼʹ′´`＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
    }
)
# Second level of the order: none at all, then as the default table of Unicode has them (UTS 10, section 8).
_NO_MARK = "."
_MARKS = {
    "\u0301": "a",  # acute
    "\u0300": "b",  # grave
    "\u0306": "c",  # breve
    "\u0302": "d",  # circumflex
    "\u030c": "e",  # caron
    "\u030a": "f",  # ring
    "\u0308": "g",  # diaeresis
    "\u0303": "h",  # tilde
    "\u0307": "i",  # dot
    "\u0328": "j",  # ogonek
    "\u0327": "k",  # cedilla
}
_OTHER_MARK = "z"
# Before every letter and figure.
_LEVEL = "!"
# Of a key, in bytes: what an index of either database takes beside other columns, and a cursor carries.
MOST_OF_A_KEY = 500


def plain(text: str) -> str:
    """`text` without marks and case, in one spelling of apostrophes, hyphens and spaces: « L’Œuvre  d’Éric » is `l'oeuvre d'eric`."""
    if text.isascii() and text.isprintable():
        # Most are: nothing is to be taken apart, and character by character takes ten times as long.
        return " ".join(text.lower().translate(_SPELLED).split())
    apart = unicodedata.normalize("NFKD", text).casefold().translate(_SPELLED)
    kept = "".join(
        one for one in apart if unicodedata.category(one) not in {"Mn", "Cf", "Cc"} or one.isspace()
    )
    return " ".join(kept.split())


def sort_key(*parts: str) -> str:
    """What `parts`, a family name and a first name or one name alone, are put in order by, compared as bytes.

    As French of Canada sorts (CAN/CSA Z243.4.1): letters and figures alone decide first, part by part; then marks, from the end;
    then case, small letters first. cote, côte, coté, côté. Spaces, hyphens and apostrophes inside a part count for nothing:
    « de Lima » stands with « Delima ».
    """
    letters = " ".join(_letters(part) for part in parts)
    whole = " ".join(parts)
    key = _LEVEL.join((letters, _marks(whole), _case(whole)))
    return key.encode()[:MOST_OF_A_KEY].decode(errors="ignore")


def _letters(part: str) -> str:
    return "".join(one for one in plain(part) if one.isalnum())


def _marks(text: str) -> str:
    """The marks of each letter, from the last one on, as far as the first letter with one."""
    found: list[str] = []
    for one in unicodedata.normalize("NFD", text):
        if unicodedata.combining(one):
            if found:
                found[-1] = _MARKS.get(one, _OTHER_MARK)
        elif one.isalnum():
            found.append(_NO_MARK)
    return "".join(reversed(list(itertools.dropwhile(lambda mark: mark == _NO_MARK, found))))


def _case(text: str) -> str:
    """`1` for each capital, `0` for each other letter, as far as the last capital."""
    return "".join("1" if one.isupper() else "0" for one in text if one.isalnum()).rstrip("0")


# --- Found ------------------------------------------------------------------------------------------------------------

# So many words are looked for; what is typed beyond them narrows nothing.
MAX_WORDS = 8
# Nobody mistypes a longer one by a letter.
MOST_OF_A_WORD = 40
# Names of more words nobody writes as one.
MOST_AS_ONE = 3
# What stands around a word that was copied from a sentence or a list.
_AROUND = '.,;:!?()[]{}<>"«»“”„/\\|*'


def search_text(*parts: str) -> str:
    """What `parts`, names and addresses, are found by: a space, then their words, as `plain` has them.

    A space stands before each word, so that the beginning of one can be looked for. Names with an apostrophe or a hyphen are
    there once more without, and those of two or three words as one: `obrien` finds « O’Brien », `delima` « de Lima ».
    """
    apart = [plain(part).split() for part in parts]
    words = [word for part in apart for word in part]
    joined = [_joined(word) for word in words if "@" not in word and _joined(word) != word]
    joined += [_joined("".join(part)) for part in apart if 1 < len(part) <= MOST_AS_ONE]
    return " " + " ".join([*words, *joined])


def sought(text: str) -> list[str]:
    """The words of what was typed, as `search_text` has them, each once; those without a letter or a figure are none.

    A single letter counts where nothing else was typed.
    """
    typed = (plain(readable_address(word.strip(_AROUND))) for word in plain(text).split())
    words = list(dict.fromkeys(word for word in typed if any(one.isalnum() for one in word)))
    if len(words) > 1:
        words = [word for word in words if len(word) > 1] or words[:1]
    return words[:MAX_WORDS]


def name_words(*names: str) -> set[str]:
    """The words of names that somebody may mistype: of four letters or more, without figures."""
    words = (
        word.strip(_AROUND) for word in plain(" ".join(names)).replace("-", " ").replace("'", " ").split()
    )
    return {word for word in words if 4 <= len(word) <= MOST_OF_A_WORD and word.isalpha()}


def bare(code: str) -> str:
    """A key or a reference as it is looked for, whole or its beginning: in capitals, without hyphens and spaces."""
    return plain(code).upper().replace("-", "").replace(" ", "")


def _joined(word: str) -> str:
    return word.replace("'", "").replace("-", "")
