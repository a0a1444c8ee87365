"""The headers of a mail that hold a name or a sentence, written so that every reader finds what was meant.

Made here with the part of Python's `email` that has not changed since 3.2: the newer one folds a long name into pieces that
are read with spaces in between (python/cpython gh-121284), and leaves a comma outside its quotes.
"""

from __future__ import annotations

import itertools
import re
from email.charset import Charset
from email.header import Header
from email.utils import quote

_UTF8 = Charset("utf-8")
# SMTP bears lines of 998 bytes; readers like 78 (RFC 5322, 2.1.1). An encoded word has 75 at most (RFC 2047, 2).
_LINE, _WORD = 76, 75
# What may stand in a name as it is (RFC 5322, 3.2.3), unless its reader would take it for an encoded word.
_ATOM = re.compile(r"(?!.*=\?)[\w!#$%&'*+/=?^`{|}~-]+", re.ASCII)


def one_line(text: str) -> str:
    """`text` on one line: a line break would start a new header."""
    return re.sub("[ \x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()


def mailbox(name: str, address: str, header: str) -> str:
    """`name <address>`, one mailbox whatever the name (RFC 5322, 3.4), as the value of the header called `header`.

    Args:
        address: In ASCII.
    """
    words = _phrase(one_line(name))
    return _folded([*words, f"<{address}>"], header) if words else address


def sentence(text: str, header: str) -> str:
    """A text such as a subject, as the value of the header called `header`."""
    text = one_line(text)
    charset = _UTF8 if not text.isascii() or "=?" in text else "us-ascii"
    return Header(text, charset, maxlinelen=_LINE, header_name=header).encode(linesep="\r\n")


def _phrase(name: str) -> list[str]:
    """The name in words with spaces between them: as they are, else in quotes, else encoded.

    A space between two encoded words is none to their reader (RFC 2047, 6.2), but Python's keeps it: so only the words that
    need it are encoded, together, and a name that is too long for one is cut where it has a space.
    """
    if name.isascii() and "=?" not in name:
        return [name] if all(map(_ATOM.fullmatch, name.split(" "))) else [f'"{quote(name)}"'] if name else []
    found: list[str] = []
    for plain, group in itertools.groupby(name.split(" "), lambda word: bool(_ATOM.fullmatch(word))):
        words = list(group)
        found += words if plain else _encoded(words)
    return found


def _encoded(words: list[str]) -> list[str]:
    """The words, with a space after each but the last, in as few encoded words as will hold them."""
    found, text = [], words[0]
    for word in words[1:]:
        if len(_UTF8.header_encode(f"{text} {word} ")) > _WORD:
            found.append(f"{text} ")
            text = word
        else:
            text = f"{text} {word}"
    return [part for text in [*found, text] for part in _cut(text)]


def _cut(text: str) -> list[str]:
    """`text` in encoded words, none of which ends within a character."""
    return Header(text, _UTF8, maxlinelen=_LINE, header_name="").encode(linesep="\n").split("\n ")


def _folded(words: list[str], header: str) -> str:
    """The words with a space between them, or a new line where the line would be too long."""
    lines = [words[0]]
    room = _LINE - len(f"{header}: ")
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= (room if len(lines) == 1 else _LINE - 1):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\r\n ".join(lines)
