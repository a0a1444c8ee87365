"""Which parts of a name the words of a search are: they are marked where the result is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models import plain, sought


def parts(text: str, typed: str) -> list[tuple[str, bool]]:
    """`text` cut where what was typed begins and ends: each piece, and whether it was typed."""
    marked = _marked(text, sought(typed))
    found: list[tuple[str, bool]] = []
    for one, is_marked in zip(text, marked, strict=True):
        if found and found[-1][1] == is_marked:
            found[-1] = found[-1][0] + one, is_marked
        else:
            found.append((one, is_marked))
    return found


def _marked(text: str, words: Sequence[str]) -> list[bool]:
    """For each character of `text`, whether it is of one of `words`, whatever its marks and case."""
    letters, places = "", []
    for place, letter in _letters(text):
        letters += letter
        places += [place] * len(letter)
    marked = [False] * len(text)
    for word in words:
        begin = letters.find(word)
        # Two letters or one are the beginning of a word, wherever else they are.
        while begin >= 0 and len(word) < 3 and begin and letters[begin - 1].isalnum():
            begin = letters.find(word, begin + 1)
        while begin >= 0:
            for at in range(places[begin], places[begin + len(word) - 1] + 1):
                marked[at] = True
            begin = letters.find(word, begin + len(word)) if len(word) > 2 else -1
    return marked


def _letters(text: str) -> Iterator[tuple[int, str]]:
    for place, one in enumerate(text):
        yield place, " " if one.isspace() else plain(one)
